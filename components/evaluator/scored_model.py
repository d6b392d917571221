"""How TFMA loads and asks the model that it scores; TFX's Evaluator takes `custom_eval_shared_model` from here.

TFMA gives a signature its batch by position. A signature has names only: the
call fails, TensorFlow writes an error that holds the whole batch as text, and
only then tries another way. For windows of 4.5 kB that takes 4 ms a window,
many times what the forecast takes. So the batch is given by its name.
"""

import functools
from typing import Any

import tensorflow as tf
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import config_pb2

from tapeline.forecaster.saved_models import load_once
from tapeline.schemas.served_model import EVALUATE


class ScoredSignature:
    """A signature with one input, called by position.

    Attributes:
        structured_input_signature: As of the signature; TFMA looks for names of features in it.
    """

    def __init__(self, signature: Any) -> None:
        self.structured_input_signature = signature.structured_input_signature
        ((self._argument, _),) = signature.structured_input_signature[1].items()
        self._signature = signature

    def __call__(self, batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the outputs for a batch."""
        outputs: dict[str, tf.Tensor] = self._signature(**{self._argument: batch})
        return outputs


class ScoredModel:
    """A SavedModel with the one signature that is scored.

    Attributes:
        signatures: By name, as of a model that TensorFlow loaded.
    """

    def __init__(self, path: str) -> None:
        # The signature refers to the model weakly.
        self._model = load_once(path)
        self.signatures = {EVALUATE: ScoredSignature(self._model.signatures[EVALUATE])}


def custom_eval_shared_model(
    eval_saved_model_path: str, model_name: str, eval_config: config_pb2.EvalConfig, **_: Any
) -> tfma.types.EvalSharedModel:
    """Returns what TFMA's own function returns, with another way to load the model."""
    loader = tfma.types.ModelLoader(construct_fn=functools.partial(ScoredModel, eval_saved_model_path))
    return tfma.default_eval_shared_model(
        eval_saved_model_path=eval_saved_model_path,
        model_name=model_name,
        eval_config=eval_config,
        custom_model_loader=loader,
    )
