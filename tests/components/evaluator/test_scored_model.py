"""The model as TFMA asks it: by position, while a signature takes names only."""

import pathlib
from typing import Any

import pytest
import tensorflow as tf

from tapeline.components.evaluator.scored_model import ScoredModel
from tapeline.schemas.served_model import EVALUATE


class Lengths(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def lengths(self, examples: Any) -> dict[Any, Any]:
        return {"forecast": tf.strings.length(examples)}


def test_a_batch_given_by_position_reaches_the_signature_by_name(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = Lengths()
    tf.saved_model.save(module, str(tmp_path / "model"), signatures={EVALUATE: module.lengths})
    model = ScoredModel(str(tmp_path / "model"))
    # What TensorFlow would do with a batch that it cannot bind: write it out as text.
    batch = tf.constant([b"a", b"abc"])
    (written,) = [kind for kind in type(batch).__mro__ if "__repr__" in vars(kind)][:1]
    monkeypatch.setattr(written, "__repr__", lambda self: 1 / 0)
    answer = model.signatures[EVALUATE](batch)
    assert answer["forecast"].numpy().tolist() == [1, 3]
    assert list(model.signatures[EVALUATE].structured_input_signature[1]) == ["examples"]
