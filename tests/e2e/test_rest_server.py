"""`tapeline serve` as a process of its own: what clients see, also while versions change and when it is told to stop."""

import concurrent.futures
import http.client
import json
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.serving_process import CONTEXT, START_SECONDS, TIMES, Server, instance, push, started
from tests.hand_made_model import HORIZON, save_version, warm_up_record


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Two versions that tests copy from."""
    base = tmp_path_factory.mktemp("versions")
    save_version(base, 1, plus=1.0, warm_up=warm_up_record(CONTEXT, TIMES))
    save_version(base, 2, plus=2.0)
    return base


@pytest.fixture(scope="module")
def server(versions: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    base = tmp_path_factory.mktemp("server") / "serving_model"
    push(versions, 1, base)
    yield from started(base, "--max-body-mib", "0.5")


def test_row_form(server: Server) -> None:
    code, answer = server.predict({"instances": [instance(), instance(10.0)]})
    assert code == 200
    assert [row["forecast"] for row in answer["predictions"]] == [[5.5] * HORIZON, [11.0] * HORIZON]
    assert answer["predictions"][0]["forecast_time"] == [14400, 18000, 21600]


def test_column_form(server: Server) -> None:
    code, answer = server.predict({"inputs": {"context": CONTEXT, "timestamps": TIMES}})
    assert code == 200
    assert answer["outputs"]["forecast"] == [[5.5] * HORIZON]
    assert answer["outputs"]["upper"] == [[6.5] * HORIZON]


def test_another_signature_with_a_horizon(server: Server) -> None:
    inputs = {"context": CONTEXT, "timestamps": TIMES, "horizon": 7}
    code, answer = server.predict({"signature_name": "any_horizon", "inputs": inputs})
    assert code == 200
    assert answer["outputs"]["forecast"] == [[5.5] * 7]


def test_examples_in_base64(server: Server) -> None:
    import base64

    import tensorflow as tf

    example = tf.train.Example()
    example.features.feature["context"].float_list.value.extend(CONTEXT[0])
    example.features.feature["timestamps"].int64_list.value.extend(TIMES[0])
    coded = {"b64": base64.b64encode(example.SerializeToString()).decode()}
    code, answer = server.predict({"signature_name": "predict_examples", "instances": [coded, coded]})
    assert code == 200
    assert [row["forecast"] for row in answer["predictions"]] == [[5.5] * HORIZON] * 2


def test_status_and_metadata(server: Server) -> None:
    code, answer = server.ask("GET", "/v1/models/load")
    assert code == 200
    (status,) = answer["model_version_status"]
    assert status == {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    code, answer = server.ask("GET", "/v1/models/load/metadata")
    assert code == 200
    signature = answer["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["inputs"]["context"] == {
        "dtype": "DT_FLOAT",
        "tensor_shape": {"dim": [{"size": "-1", "name": ""}, {"size": "-1", "name": ""}], "unknown_rank": False},
        "name": "serving_default_context:0",
    }
    assert signature["outputs"]["forecast_time"]["dtype"] == "DT_INT64"
    assert signature["method_name"] == "tensorflow/serving/predict"


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b"{", 400, "JSON Parse error"),
        ({"instances": [{"context": [1.0]}]}, 400, "must have exactly: context, timestamps"),
        ({"inputs": {"context": [[1.0]], "timestamps": [[0]]}}, 400, "context: too short; the model needs the last 4"),
        ({"inputs": {"context": [["a"]], "timestamps": [[0]]}}, 400, "'a' is not of the expected type"),
        ({"signature_name": "x", "inputs": 1}, 400, "it has: any_horizon, predict_examples, serving_default"),
        (b" " * (2 << 20), 413, "longer than 524288 bytes"),
    ],
)
def test_bad_bodies_are_refused(server: Server, body: Any, code: int, message: str) -> None:
    answered, answer = server.predict(body)
    assert answered == code
    assert message in answer["error"]
    assert server.predict({"instances": [instance()]})[0] == 200, "the server goes on"
    assert not [line for line in server.log if "tensorflow/core" in line], "clients are told, not the log"


def test_requests_are_logged_only_where_that_was_asked_for(server: Server) -> None:
    assert not [line for line in server.log if "POST" in line]


def test_a_new_version_takes_over_without_a_request_that_fails(versions: pathlib.Path, tmp_path: pathlib.Path) -> None:
    base = tmp_path / "serving_model"
    push(versions, 1, base)
    running = started(base)
    server = next(running)
    marker = base / f".in-use-{server.process.pid}"
    assert marker.read_text().strip() == "1"
    done = threading.Event()

    def fire() -> list[float]:
        levels = []
        while not done.is_set():
            code, answer = server.predict({"instances": [instance()]})
            assert code == 200, answer
            levels.append(answer["predictions"][0]["forecast"][0])
        return levels

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        clients = [pool.submit(fire) for _ in range(4)]
        try:
            # A copy under way is skipped, and taken once it is whole.
            (base / "3").mkdir()
            (base / "3" / "saved_model.pb").write_bytes(b"half")
            server.wait_for("version 3 is skipped: .*3: cannot be served")
            (base / "3" / "saved_model.pb").unlink()
            (base / "3").rmdir()
            push(versions, 2, base)
            server.wait_for("version 2 took the place of 1")
            time.sleep(1)
        finally:
            done.set()
        answered = [client.result() for client in clients]
    for levels in answered:
        assert levels == sorted(levels), "no answer of the old version after one of the new"
        assert {levels[0], levels[-1]} == {5.5, 6.5}
    assert marker.read_text().strip() == "2"
    assert server.ask("POST", "/v1/models/load/versions/1:predict", {})[0] == 404
    running.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_answers_what_is_under_way(
    versions: pathlib.Path, tmp_path: pathlib.Path, number: signal.Signals
) -> None:
    base = tmp_path / "serving_model"
    push(versions, 1, base)
    running = started(base, "--verbose")
    server = next(running)
    # A request whose second half comes after the signal.
    body = json.dumps({"instances": [instance()]}).encode()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.putrequest("POST", "/v1/models/load:predict")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[:20])
    time.sleep(0.5)
    server.process.send_signal(number)
    time.sleep(0.5)
    connection.send(body[20:])
    response = connection.getresponse()
    assert response.status == 200
    assert json.loads(response.read())["predictions"][0]["forecast"] == [5.5] * HORIZON
    connection.close()
    assert server.process.wait(timeout=60) == 0
    (line,) = (line for line in server.log if line.startswith("{"))
    assert json.loads(line)["status"] == 200
    assert [path.name for path in base.glob(".in-use-*")] == []
    running.close()


def ended(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tapeline.cli.main", "serve", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=START_SECONDS)


def test_what_cannot_be_served_is_said_without_a_traceback(versions: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "broken" / "1").mkdir(parents=True)
    (tmp_path / "broken" / "1" / "saved_model.pb").write_bytes(b"no model")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        cases = [
            (["--model", str(tmp_path / "nowhere"), "--port", "0"], "holds no version of a model"),
            (
                ["--model", str(versions / "1"), "--port", "0"],
                "is one version. Give the folder that holds the versions",
            ),
            (["--model", str(tmp_path / "broken"), "--port", "0"], "cannot be served"),
            (["--model", str(versions), "--port", port], f"cannot listen at 127.0.0.1:{port}"),
            (["--model", str(versions), "--port", "65536"], "--port: got 65536, must be from 0"),
            (["--model", str(versions), "--port", "0", "--max-body-mib", "0"], "--max-body-mib: got 0"),
            (["--model", str(versions), "--port", "0", "--request-timeout", "nan"], "--request-timeout: got nan"),
            (["--model", str(versions), "--port", "0", "--tls-cert", "here"], "--tls-key: is missing"),
            (["--model", str(versions), "--port", "0", "--api-key-file", "nowhere"], "--api-key-file: 'nowhere'"),
            (["--model", str(versions), "--port", "0", "--name", "a/b"], "--name: got 'a/b'"),
        ]
        for arguments, message in cases:
            result = ended(*arguments)
            assert result.returncode == 2, result.stderr
            assert message in result.stderr
            assert "Traceback" not in result.stderr
