import pathlib

import tensorflow as tf

from tapeline.forecaster.saved_models import load_once


def save(folder: pathlib.Path, number: float) -> None:
    module = tf.Module()
    module.number = tf.Variable(number)
    tf.saved_model.save(module, str(folder))


def test_a_model_is_loaded_once_and_anew_where_its_files_have_changed(tmp_path: pathlib.Path) -> None:
    save(tmp_path, 1.0)
    first = load_once(tmp_path)
    assert load_once(str(tmp_path)) is first
    save(tmp_path, 2.0)
    assert float(load_once(tmp_path).number) == 2.0
