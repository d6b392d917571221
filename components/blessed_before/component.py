"""Finds the previous model, which a candidate is compared with: the one blessed last before it.

TFX's own `LatestBlessedModelStrategy` may return the candidate itself when a
run is repeated. Then the Evaluator would see a new input, score the model
against itself and push it a second time. Here the candidate is left out, so a
repeated run is answered from the cache.

A model with another target, other inputs or other sizes cannot be scored on
the candidate's windows: only models with the candidate's contract count. Nor
can one whose files are gone. A model that the serving gate refused was not
blessed, whatever the Evaluator said.
"""

from tfx import types
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import LatestBlessedModelStrategy
from tfx.dsl.io import fileio
from tfx.utils import path_utils

from tapeline.forecaster.versions import MODEL_FINGERPRINT
from tapeline.schemas.model_contract import CONTRACT


class PreviousModelStrategy(LatestBlessedModelStrategy):
    """Resolves the model blessed last, other than the candidate, with the candidate's contract.

    Give four channels: `candidate` (the Trainer's model), `model`,
    `model_blessing` and `infra_blessing`.
    """

    def resolve_artifacts(
        self, store: object, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]] | None:
        candidates = input_dict["candidate"]
        kept = [model for model in input_dict["model"] if _is_comparable(model, candidates)]
        served = input_dict["infra_blessing"]
        blessings = [blessing for blessing in input_dict["model_blessing"] if not _refused(blessing, served)]
        resolved: dict[str, list[types.Artifact]] = {"model": [], "model_blessing": []}
        if kept and blessings:
            resolved = self._resolve({"model": kept, "model_blessing": blessings}, "model", "model_blessing")
        # The serving gate's blessings only served to choose: they are none of what this node gives.
        return {"candidate": candidates, "infra_blessing": [], **resolved}


def _is_comparable(model: types.Artifact, candidates: list[types.Artifact]) -> bool:
    if not fileio.exists(path_utils.serving_model_path(model.uri)):
        return False
    return all(
        model.uri != candidate.uri
        and model.get_string_custom_property(CONTRACT) == candidate.get_string_custom_property(CONTRACT)
        for candidate in candidates
    )


def _refused(blessing: types.Artifact, served: list[types.Artifact]) -> bool:
    """Whether the serving gate refused the model when it was last examined; both gates write its fingerprint down."""
    fingerprint = blessing.get_string_custom_property(MODEL_FINGERPRINT)
    found = [each for each in served if each.get_string_custom_property(MODEL_FINGERPRINT) == fingerprint]
    return bool(found) and not max(found, key=lambda each: each.id).get_int_custom_property("blessed")
