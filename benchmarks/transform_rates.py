"""Two rates that `benchmarks.transform` sets beside the pipeline's, each in a process of its own.

    python -m benchmarks.transform_rates stream runs/load runs/load/config.yaml       # the Trainer's input
    python -m benchmarks.transform_rates examples runs/load runs/load/config.yaml     # tf.train.Example, one after another

The last line they print is JSON: windows, and seconds.
"""

import argparse
import itertools
import json
import pathlib
import time
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from tapeline.components.trainer.dataset import WindowStream, prefetch
from tapeline.pipeline.lineage import read_run
from tapeline.schemas.config import Config, load_config
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.window_reader import read_chunks, split_files
from tapeline.series.windowing import Chunk, cut_arrays

EXAMPLES = 20_000
MOST_WINDOWS = 2_000_000


def stream(chunks: str, config: Config) -> int:
    """Takes one epoch as the Trainer does, shuffled and in batches, and returns its windows."""
    files = split_files(chunks, "train")
    taken = 0
    windows = WindowStream(
        read=lambda: read_chunks(files),
        spec=_spec(config),
        batch_size=config.training.batch_size,
        shuffle_windows=config.training.shuffle_windows,
        seed=1,
    )
    for _, target in prefetch(windows.batches(epoch=0)):
        taken += len(target)
        if taken >= MOST_WINDOWS:
            break
    return taken


def examples(chunks: str, config: Config) -> int:
    """Writes windows the way that most tutorials do, and returns how many."""
    spec = _spec(config)
    rows = itertools.chain.from_iterable(_windows(chunk, spec) for chunk in read_chunks(split_files(chunks, "eval")))
    count = 0
    with tf.io.TFRecordWriter("/dev/null", tf.io.TFRecordOptions("GZIP", compression_level=1)) as writer:
        for window in itertools.islice(rows, EXAMPLES):
            features = {}
            for name, value in window.items():
                if name == "series_id":
                    features[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
                elif name == "forecast_start":
                    features[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
                else:
                    features[name] = tf.train.Feature(float_list=tf.train.FloatList(value=value.ravel()))
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())
            count += 1
    return count


def _windows(chunk: Chunk, spec: WindowSpec) -> Iterator[dict[str, Any]]:
    windows = cut_arrays(
        timestamp=chunk.timestamp,
        target=chunk.target,
        past_covariates=chunk.past_covariates,
        future_covariates=chunk.future_covariates,
        offsets=chunk.forecast_offsets,
        spec=spec,
    )
    own = {"series_id": chunk.series_id, "static_covariates": chunk.static_covariates}
    for at in range(len(chunk.forecast_offsets)):
        yield {**{name: values[at] for name, values in windows.items()}, **own}


def _spec(config: Config) -> WindowSpec:
    return WindowSpec(context_length=config.window.context_length, horizon=config.window.horizon, stride=1)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures one rate.")
    parser.add_argument("what", choices=("stream", "examples"))
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("config")
    arguments = parser.parse_args()
    run = read_run(arguments.root / "metadata.db")
    artifact = run.artifact("Transform", "chunks") if run else None
    if artifact is None:
        raise SystemExit(f"{arguments.root}: no chunks")
    config = load_config(arguments.config)
    began = time.perf_counter()
    windows = {"stream": stream, "examples": examples}[arguments.what](artifact.uri, config)
    print(json.dumps({"windows": windows, "seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main()
