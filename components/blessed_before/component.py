"""Finds the previous model, which a candidate is compared with: the one blessed last before it.

TFX's own `LatestBlessedModelStrategy` may return the candidate itself when a
run is repeated. Then the Evaluator would see a new input, score the model
against itself and push it a second time. Here the candidate is left out, so a
repeated run is answered from the cache.

A model with another target, other inputs or other sizes cannot be scored on
the candidate's windows: only models with the candidate's contract count.
"""

from tfx import types
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import LatestBlessedModelStrategy

from tapeline.schemas.model_contract import CONTRACT


class PreviousModelStrategy(LatestBlessedModelStrategy):
    """Resolves the model blessed last, other than the candidate, with the candidate's contract.

    Give three channels: `candidate` (the Trainer's model), `model` and
    `model_blessing`.
    """

    def resolve_artifacts(
        self, store: object, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]] | None:
        candidates = input_dict["candidate"]
        kept = [model for model in input_dict["model"] if _is_comparable(model, candidates)]
        blessings = input_dict["model_blessing"]
        resolved: dict[str, list[types.Artifact]] = {"model": [], "model_blessing": []}
        if kept and blessings:
            resolved = self._resolve({"model": kept, "model_blessing": blessings}, "model", "model_blessing")
        return {"candidate": candidates, **resolved}


def _is_comparable(model: types.Artifact, candidates: list[types.Artifact]) -> bool:
    return all(
        model.uri != candidate.uri
        and model.get_string_custom_property(CONTRACT) == candidate.get_string_custom_property(CONTRACT)
        for candidate in candidates
    )
