"""All that the next epoch depends on, taken out of its holders for a checkpoint and put back from one."""

import dataclasses
from collections.abc import Iterator, Sequence

import keras
import numpy as np

from tapeline.components.trainer.callbacks import ResumableCallback
from tapeline.components.trainer.checkpoint import Snapshot
from tapeline.components.trainer.optimizers import VariableGroup


@dataclasses.dataclass(frozen=True)
class TrainingState:
    """The variables of a model and its optimizers, and the memory of callbacks.

    Attributes:
        model: Its variables, not only the trainable ones.
        groups: Their optimizers' variables: moments, step counts, learning rates.
        callbacks: Those that are resumable are asked for their memory.
    """

    model: keras.Model
    groups: Sequence[VariableGroup]
    callbacks: Sequence[keras.callbacks.Callback]

    def _variables(self) -> Iterator[tuple[str, keras.Variable]]:
        # By number: Keras counts up the names of layers within a process, so a path may differ after a restart.
        for number, variable in enumerate(self.model.variables):
            yield f"model/{number}", variable
        for group in self.groups:
            for number, variable in enumerate(group.optimizer.variables):
                yield f"optimizer/{group.name}/{number}", variable

    def _resumable(self) -> dict[str, ResumableCallback]:
        resumable = [callback for callback in self.callbacks if isinstance(callback, ResumableCallback)]
        return {f"{number}/{type(callback).__name__}": callback for number, callback in enumerate(resumable)}

    def snapshot(self, *, epoch: int, history: list[dict[str, float]]) -> Snapshot:
        """Returns a copy of everything.

        Args:
            epoch: Epochs done.
            history: What was logged in each of them.
        """
        return Snapshot(
            epoch=epoch,
            # Copies, since on a CPU NumPy may look into the very memory that the next step changes.
            arrays={name: np.array(variable.numpy()) for name, variable in self._variables()},
            state={
                "callbacks": {name: callback.state_dict() for name, callback in self._resumable().items()},
                "history": history,
                "stopped": bool(self.model.stop_training),
            },
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
        for name, callback in self._resumable().items():
            callback.load_state(snapshot.state["callbacks"][name])
        self.model.stop_training = snapshot.state["stopped"]
        return list(snapshot.state["history"])
