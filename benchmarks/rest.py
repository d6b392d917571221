"""What REST adds to a forecast, and whether it loses any: `tapeline serve` under load, on this machine, in one run.

    python -m benchmarks.rest --model runs/co2/serving_model
    python -m benchmarks.rest                                # an untrained model of the same size, made for this

The signature is called in this process, the server runs in another; both
answer the same request of one context, in turns, so that a noisy minute hits
both. Then 16 clients send 1,000 requests side by side, over one connection
each and over one connection a request.
"""

import argparse
import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

CONTEXT, HORIZON, UNITS, WEEK = 104, 24, 64, 604_800
ROUNDS, CALLS = 5, 200
CLIENTS, REQUESTS = 16, 1_000


def untrained(base: pathlib.Path) -> None:
    """Writes a version of a model of the size that CO2 takes; its weights are those before training."""
    from tapeline.forecaster.network.highway import LinearHighway
    from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
    from tapeline.forecaster.serving.export_model import export_model
    from tapeline.schemas.features_config import FeaturesConfig
    from tapeline.schemas.sections import DataConfig, WindowConfig
    from tapeline.schemas.served_model import LEVELS
    from tapeline.schemas.training_config import ModelConfig
    from tapeline.schemas.window_spec import WindowShape
    from tapeline.series.prediction_intervals import PredictionIntervals
    from tapeline.series.scaling import Scaler, scale_lines

    shape = WindowShape(context_length=CONTEXT, horizon=HORIZON, future=2)
    sections: dict[str, Any] = {
        "data": DataConfig(time="date", target="co2", unit="ppm", frequency="W-SAT"),
        "features": FeaturesConfig(calendar=("week_of_year",)),
        "window": WindowConfig(context_length=CONTEXT, horizon=HORIZON),
    }
    lines = scale_lines([], np.zeros(0), np.zeros(0), overall=(310.0, 60.0), scope="all")
    export_model(
        Seq2SeqForecaster(shape=shape, config=ModelConfig(units=UNITS), seed=1),
        directory=str(base / "1"),
        ridge_baseline=LinearHighway(shape, trainable=False),
        intervals=PredictionIntervals(names=LEVELS[1:], offsets=np.full((4, HORIZON), 0.01, np.float32)),
        scaler=Scaler.parse(lines),
        transform_graph_uri="",
        **sections,
        season=52,
        naive_errors={},
        card={"name": "co2", **{name: section.model_dump(mode="json") for name, section in sections.items()}},
    )


def warm_up_request(folder: pathlib.Path) -> dict[str, npt.NDArray[Any]]:
    """The request that the model itself brings along, for `serving_default`."""
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    path = str(folder / "assets.extra" / "tf_serving_warmup_requests")
    (record, *_) = tf.data.TFRecordDataset(path).batch(1000).get_single_element().numpy()
    request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
    return {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}


class Server:
    """`tapeline serve` in a process of its own."""

    def __init__(self, base: pathlib.Path) -> None:
        command = [sys.executable, "-m", "tapeline.cli.main", "serve", "--model", str(base), "--port", "0"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if found := re.search(r"http://127.0.0.1:(\d+)(/\S+:predict)", line):
                self.port, self.path = int(found[1]), found[2]
                return
        raise SystemExit("the server did not start")

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, connection: http.client.HTTPConnection, body: bytes) -> Any:
        connection.request("POST", self.path, body)
        response = connection.getresponse()
        answer = json.loads(response.read())
        if response.status != 200:
            raise RuntimeError(answer)
        return answer


def milliseconds(call: Callable[[], Any], times: int) -> list[float]:
    """How long each of a number of calls took."""
    took = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        took.append(1e3 * (time.perf_counter() - started))
    return took


def summary(took: list[float]) -> str:
    return f"median {statistics.median(took):6.2f} ms   99th percentile {np.percentile(took, 99):6.2f} ms"


def measure_latency(server: Server, signature: Callable[..., Any], inputs: dict[str, npt.NDArray[Any]]) -> None:
    import tensorflow as tf

    body = json.dumps({"inputs": {name: values.tolist() for name, values in inputs.items()}}).encode()
    connection = server.connect()

    def by_signature() -> npt.NDArray[Any]:
        outputs = signature(**{name: tf.constant(values) for name, values in inputs.items()})
        return outputs["forecast"].numpy()

    def by_rest() -> Any:
        return server.ask(connection, body)

    np.testing.assert_allclose(by_rest()["outputs"]["forecast"], by_signature(), rtol=1e-5)
    alone: list[float] = []
    rest: list[float] = []
    for _ in range(ROUNDS):
        alone += milliseconds(by_signature, CALLS)
        rest += milliseconds(by_rest, CALLS)
    print(f"the signature     {summary(alone)}")
    print(f"over REST         {summary(rest)}")
    print(f"REST adds {statistics.median(rest) - statistics.median(alone):.2f} ms at the median")


def measure_load(server: Server, inputs: dict[str, npt.NDArray[Any]], *, keep: bool) -> None:
    body = json.dumps({"inputs": {name: values.tolist() for name, values in inputs.items()}}).encode()

    def client(requests: int) -> Iterator[float]:
        connection = server.connect()
        for _ in range(requests):
            started = time.perf_counter()
            server.ask(connection, body)
            yield 1e3 * (time.perf_counter() - started)
            if not keep:
                connection.close()

    shares = [REQUESTS // CLIENTS + (number < REQUESTS % CLIENTS) for number in range(CLIENTS)]
    started = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(list, client(share)) for share in shares]
    seconds = time.perf_counter() - started
    answered = [took for each in clients if each.exception() is None for took in each.result()]
    how = "one connection a client" if keep else "one connection a request"
    print(
        f"{CLIENTS} clients, {how}: {len(answered)} of {REQUESTS} answered, {len(answered) / seconds:.0f} a second, "
        f"{summary(answered)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, help="folder of versions (default: an untrained model)")
    base = parser.parse_args().model
    os.environ |= {"TF_USE_LEGACY_KERAS": "0", "KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1"}
    with tempfile.TemporaryDirectory() as folder:
        if base is None:
            base = pathlib.Path(folder, "serving_model")
            base.mkdir()
            untrained(base)
        import tensorflow as tf

        from tapeline.forecaster.versions import versions

        newest = base / str(versions(base)[-1])
        inputs = warm_up_request(newest)
        model = tf.saved_model.load(str(newest))
        server = Server(base)
        try:
            measure_latency(server, model.signatures["serving_default"], inputs)
            for keep in (True, False):
                measure_load(server, inputs, keep=keep)
        finally:
            server.process.terminate()
            server.process.wait()


if __name__ == "__main__":
    main()
