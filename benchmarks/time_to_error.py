"""Seconds of training until Victoria's eval error is reached: this loop beside Keras' `model.fit`.

    python -m benchmarks.time_to_error --data-dir PATH           # some 10 minutes, with nothing else running

Both train one network of the shipped configuration on the same windows, with
the same batches, learning rate and loss, from the same ridge line. `model.fit`
takes it step by step, as a decoder is usually written, and free-running, as it
is served; this loop takes the segments that are chosen for the data. After
each epoch the free-running error on eval is taken; that is not in the seconds,
and neither are graphs that are built in the first step. Told is when each had
come to the same error: the larger of the two lowest.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from benchmarks.contestants import ROOT
from benchmarks.protocols import DATA_DIR, configure
from tapeline.schemas.config import Config

SERIES = "vic_temperature"
CONTESTANTS = ("this loop", "model.fit")

Course = list[tuple[float, float]]
"""Seconds and eval error of each epoch."""


def course_of_loop(config: Config) -> Course:
    """Trains with this project's loop."""
    from benchmarks.series import load_splits
    from tapeline.components.trainer.training_run import run_training

    splits = load_splits(config)
    trained = run_training(
        train_chunks=lambda: splits["train"],
        eval_chunks=lambda: splits["eval"],
        window=config.window,
        features=config.features,
        model=config.model,
        training=config.training,
    )
    # The first epoch builds the graph: it is taken to cost what the others do.
    seconds = [epoch["seconds"] for epoch in trained.history.epochs]
    seconds[0] = min(seconds[0], statistics.median(seconds))
    return list(zip(seconds, (epoch["val_loss"] for epoch in trained.history.epochs), strict=True))


def course_of_fit(config: Config) -> Course:
    """Trains the same network step by step with `model.fit`."""
    import keras
    import tensorflow as tf

    from benchmarks.series import load_splits
    from tapeline.components.trainer.dataset import WindowStream
    from tapeline.components.trainer.ridges import ridge_batches
    from tapeline.forecaster.network.ridge import RidgeKind, fit_ridges
    from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
    from tapeline.schemas.window_spec import WindowShape, WindowSpec

    keras.utils.set_random_seed(config.training.seed)
    splits = load_splits(config)
    spec = WindowSpec(context_length=config.window.context_length, horizon=config.window.horizon)
    shape = WindowShape.of(config.window, config.features, category_sizes={})
    kind = RidgeKind.of(config.model.view, shape)
    fits = fit_ridges(
        ridge_batches(lambda: splits["train"], spec, ()),
        ridge_batches(lambda: splits["eval"], spec, ()),
        shape=shape,
        kinds=[kind],
        folds=None,
    )
    step_by_step = config.model.model_copy(update={"segment_length": 1})
    model = Seq2SeqForecaster(shape=shape, config=step_by_step, seed=config.training.seed)
    model.adopt(fits[kind])

    def windows(split: str, size: int) -> Any:
        stream = WindowStream(read=lambda: splits[split], spec=spec, batch_size=size, fill_last=False)
        (whole,) = [tf.data.Dataset.from_tensor_slices(batch) for batch in stream.batches()]
        return whole

    count = {split: sum(len(chunk.forecast_offsets) for chunk in splits[split]) for split in ("train", "eval")}
    train = windows("train", count["train"]).cache().shuffle(count["train"], seed=1).batch(config.training.batch_size)
    evaluated = windows("eval", count["eval"]).batch(512).cache()
    model.compile(keras.optimizers.Adam(config.training.learning_rate, global_clipnorm=1.0), loss="mae")
    model.fit(train.take(1), epochs=1, verbose=0)
    course = []
    patience, best = config.training.early_stopping.patience, 0
    for epoch in range(config.training.epochs):
        started = time.perf_counter()
        model.fit(train.prefetch(2), epochs=1, verbose=0)
        seconds = time.perf_counter() - started
        course.append((seconds, float(model.evaluate(evaluated, verbose=0))))
        best = min(range(epoch + 1), key=lambda at: course[at][1])
        if epoch - best >= patience:
            break
    return course


def reached(course: Course, error: float) -> float | None:
    """Seconds until an error is reached; None where it never is."""
    total = 0.0
    for seconds, value in course:
        total += seconds
        if value <= error:
            return total
    return None


def lines(courses: dict[str, list[Course]]) -> Iterator[str]:
    """A table in Markdown, and the ratio."""
    lowest = {name: min(error for course in runs for _, error in course) for name, runs in courses.items()}
    common = max(min(error for _, error in course) for runs in courses.values() for course in runs)
    yield f"| Victoria, eval error {common:.5f} | lowest eval error | epochs | s an epoch | s until it is reached |"
    yield "|---|--:|--:|--:|--:|"
    until = {}
    for name, runs in courses.items():
        taken = [seconds for course in runs if (seconds := reached(course, common)) is not None]
        until[name] = statistics.median(taken)
        epoch = statistics.median(seconds for course in runs for seconds, _ in course)
        epochs = statistics.median(len(course) for course in runs)
        yield f"| {name} | {lowest[name]:.5f} | {epochs:.0f} | {epoch:.1f} | {until[name]:.0f} |"
    yield ""
    yield f"This loop is there {until['model.fit'] / until['this loop']:.1f} times as fast."


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=pathlib.Path, default=DATA_DIR)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--contestant", choices=CONTESTANTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contestant:
        one = {"training.candidates": 1, "model.members": 1}
        config = configure(SERIES, options.data_dir, one)
        assert config is not None
        course = course_of_loop(config) if options.contestant == CONTESTANTS[0] else course_of_fit(config)
        print(json.dumps(course))
        return 0
    courses: dict[str, list[Course]] = {name: [] for name in CONTESTANTS}
    for _ in range(options.rounds):
        for name, runs in courses.items():
            command = [sys.executable, "-m", "benchmarks.time_to_error", "--data-dir", str(options.data_dir.resolve())]
            ended = subprocess.run(
                [*command, "--contestant", name], cwd=ROOT, check=True, capture_output=True, text=True
            )
            runs.append([tuple(epoch) for epoch in json.loads(ended.stdout.splitlines()[-1])])
    print("\n".join(lines(courses)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
