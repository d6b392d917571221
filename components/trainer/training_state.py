"""All that the next epoch depends on, taken out of its holders and put back.

state = TrainingState(model, groups, callbacks)
store.save(state.snapshot(epoch=4, history=rows), best=True)
state.restore(store.load())
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from tapeline.components.trainer.callbacks import ResumableCallback
from tapeline.components.trainer.checkpoint import Snapshot
from tapeline.components.trainer.gradients import VariableGroup


class TrainingState:
    """The variables of a model and its optimizers, and the memory of callbacks."""

    def __init__(
        self,
        model: keras.Model,
        groups: Sequence[VariableGroup],
        callbacks: Sequence[keras.callbacks.Callback],
    ) -> None:
        """Remembers who holds what.

        Args:
            model: Its variables, not only the trainable ones.
            groups: Their optimizers' variables: moments, step counts, learning rates.
            callbacks: Those that are resumable are asked for their memory.
        """
        self._model = model
        self._groups = groups
        self._callbacks = callbacks

    def _variables(self) -> Iterator[tuple[str, keras.Variable]]:
        # By number: Keras counts up the names of layers within a process, so a path may differ after a restart.
        for number, variable in enumerate(self._model.variables):
            yield f"model/{number}", variable
        for group in self._groups:
            for number, variable in enumerate(group.optimizer.variables):
                yield f"optimizer/{group.name}/{number}", variable

    def _resumable(self) -> Iterator[tuple[str, ResumableCallback]]:
        for number, callback in enumerate(self._callbacks):
            if isinstance(callback, ResumableCallback):
                yield f"callback/{number}/{type(callback).__name__}", callback

    def snapshot(self, *, epoch: int, history: Sequence[Mapping[str, float]]) -> Snapshot:
        """Copies everything.

        Args:
            epoch: Epochs done.
            history: What was logged in each of them.
        """
        # Copies, since on a CPU NumPy may look into the very memory that the next step changes.
        arrays = {name: np.array(variable.numpy()) for name, variable in self._variables()}
        memories: dict[str, Any] = {}
        for name, callback in self._resumable():
            memory = dict(callback.state_dict())
            kept = memory.pop("arrays", [])
            arrays |= {f"{name}/{number}": array for number, array in enumerate(kept)}
            memories[name] = {"values": memory, "arrays": len(kept)}
        stopped = bool(self._model.stop_training)
        return Snapshot(
            epoch=epoch,
            arrays=arrays,
            state={"callbacks": memories, "history": [dict(row) for row in history], "stopped": stopped},
        )

    def restore(self, snapshot: Snapshot) -> list[dict[str, float]]:
        """Puts everything back.

        Args:
            snapshot: From a run with the same configuration.

        Returns:
            What was logged in the epochs that are done.
        """
        for name, variable in self._variables():
            variable.assign(snapshot.arrays[name])
        for name, callback in self._resumable():
            memory = snapshot.state["callbacks"][name]
            arrays = [snapshot.arrays[f"{name}/{number}"] for number in range(memory["arrays"])]
            callback.load_state(memory["values"] | ({"arrays": arrays} if arrays else {"arrays": []}))
        self._model.stop_training = snapshot.state["stopped"]
        return list(snapshot.state["history"])
