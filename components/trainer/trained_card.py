"""What the card of a served model tells of its selection."""

from typing import Any

from tapeline.components.trainer.training_run import TrainedModel


def describe_selection(trained: TrainedModel) -> dict[str, Any]:
    """Returns what was picked, from what, and who is served something else; a tree for JSON.

    Args:
        trained: Of a training with a selection.

    Raises:
        ValueError: Nothing was selected.
    """
    selected = trained.selected
    if selected is None:
        raise ValueError("trained: holds one network, nothing was selected.")
    weights, histories = selected.choice.weights, {each.candidate.name: each for each in trained.candidates}
    rows = []
    for position, (member, error) in enumerate(zip(selected.members, selected.choice.errors, strict=True)):
        row: dict[str, Any] = {
            "name": member.name,
            "what": member.words,
            "val_mae_scaled": error,
            "weight": weights.get(position, 0.0),
            "least_steps": member.needs,
        }
        if member.name in histories:
            each = histories[member.name]
            best = each.history.best
            row |= {
                "seed": each.candidate.seed,
                "view": each.candidate.config.view.model_dump(mode="json"),
                "dropout": each.candidate.config.dropout,
                "epochs": len(each.history.epochs),
                "best_epoch": None if best is None else best + 1,
                "val_mae_scaled_before_training": each.history.untrained,
            }
        rows.append(row)
    return {
        "members": rows,
        "leading": trained.leading.candidate.name,
        "val_mae_scaled": selected.choice.error,
        "windows": selected.windows,
        "short_series": None
        if selected.late is None
        else {
            "weights": {selected.members[position].name: share for position, share in selected.late.weights.items()},
            "val_mae_scaled": selected.late.error,
            "windows": selected.late.windows,
            "unseen_series": selected.unseen,
        },
        "served_instead": dict(trained.served_instead),
    }
