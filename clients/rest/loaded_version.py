"""One version of a model, loaded whole and ready to answer.

Loading ends with the model's own warm-up requests, or with one made up where
it has none: the first client waits no longer than those after it. A version
whose warm-up fails is not loaded.
"""

import dataclasses
import json
import os
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import prediction_log_pb2

from tapeline.clients.rest.metadata import signature_defs
from tapeline.clients.rest.predict_requests import InputSpec
from tapeline.clients.rest.request_errors import RequestError, listed, shown
from tapeline.forecaster.refusal_message import refusal_message
from tapeline.forecaster.versions import check_content
from tapeline.schemas.errors import DataError
from tapeline.schemas.served_model import CARD_FILE, GRAPH_FILE, SERVE, WARM_UP_FILE

_MOST_WARM_UPS = 1000


@dataclasses.dataclass(frozen=True)
class Signature:
    """A signature of a loaded model.

    Attributes:
        inputs: What it takes.
        function: The TensorFlow function behind it.
    """

    inputs: Mapping[str, InputSpec]
    function: Callable[..., Mapping[str, tf.Tensor]]

    def call(self, arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """Returns the outputs by name.

        Args:
            arrays: One for each input, with its type; strings as an array of objects.

        Raises:
            RequestError: The graph refuses the values.
        """
        tensors = {
            name: tf.constant(array.tolist(), tf.string, array.shape) if array.dtype == object else tf.constant(array)
            for name, array in arrays.items()
        }
        try:
            return {name: values.numpy() for name, values in self.function(**tensors).items()}
        except tf.errors.InvalidArgumentError as error:
            raise RequestError(refusal_message(error.message)) from error


@dataclasses.dataclass(frozen=True)
class ServedModel:
    """A loaded version.

    Attributes:
        version: Its number.
        signatures: By name.
        metadata: The signatures as TensorFlow Serving tells them.
        card: What the model's card says; empty where it has none.
        module: Holds the weights: whoever calls a signature must hold the model meanwhile.
    """

    version: int
    signatures: Mapping[str, Signature]
    metadata: Mapping[str, Any]
    card: Mapping[str, Any]
    module: Any

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> "ServedModel":
        """Loads and warms up a version.

        Args:
            folder: Folder of the SavedModel; its name is the version.

        Raises:
            DataError: The folder does not hold a whole SavedModel, or not what was pushed, or the model fails its
                own warm-up.
        """
        path = pathlib.Path(folder)
        try:
            check_content(path)
            proto = saved_model_pb2.SavedModel.FromString((path / GRAPH_FILE).read_bytes())
            module = tf.saved_model.load(str(path))
            card = json.loads((path / CARD_FILE).read_text(encoding="utf-8")) if (path / CARD_FILE).is_file() else {}
            signatures = {
                name: Signature(_input_specs(function), function) for name, function in module.signatures.items()
            }
            model = cls(int(path.name), signatures, signature_defs(proto), card, module)
            model._warm_up(path / WARM_UP_FILE)
            # What was changed between the first look and the last read is no version that anybody pushed.
            check_content(path)
        except Exception as error:
            # Whatever a broken file makes TensorFlow raise, it means one thing: this version cannot be served.
            reason = " ".join(str(error).split())
            raise DataError(f"{path}: cannot be served: {type(error).__name__}: {reason}") from error
        return model

    def signature(self, name: str) -> Signature:
        """Returns a signature.

        Raises:
            RequestError: There is none of that name.
        """
        found = self.signatures.get(name)
        if found is None:
            raise RequestError(
                f"signature_name: {shown(name)} is not in the model; it has: {listed([*self.signatures])}"
            )
        return found

    def _warm_up(self, requests: pathlib.Path) -> None:
        if requests.is_file():
            records = tf.data.TFRecordDataset(str(requests)).batch(_MOST_WARM_UPS).get_single_element()
            for record in records.numpy():
                request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
                arrays = {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}
                self.signature(request.model_spec.signature_name or SERVE).call(arrays)
            return
        length = int(self.card.get("inputs", {}).get("context_length", 1))
        for signature in self.signatures.values():
            try:
                signature.call({name: _made_up(spec, length) for name, spec in signature.inputs.items()})
            except RequestError:
                # Made-up values may be refused; the libraries are loaded all the same.
                continue


def _input_specs(function: Any) -> dict[str, InputSpec]:
    # NumPy's type for TensorFlow's strings is `object`.
    return {
        name: InputSpec(np.dtype(spec.dtype.as_numpy_dtype), tuple(spec.shape.as_list()))
        for name, spec in function.structured_input_signature[1].items()
    }


def _made_up(spec: InputSpec, length: int) -> npt.NDArray[Any]:
    """One row of ones, as long as a context."""
    shape = [1, *(length if size is None else size for size in spec.shape[1:])] if spec.shape else []
    return np.full(shape, b"" if spec.dtype == object else 1, spec.dtype)
