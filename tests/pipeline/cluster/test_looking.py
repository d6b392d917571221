"""What is seen of a cluster before the first component."""

import pathlib
import socket
from typing import Any

import pytest

from tapeline.cli.main import main
from tapeline.pipeline.cluster.flink_rest import capacity
from tapeline.pipeline.cluster.looking import look
from tapeline.schemas.errors import ClusterError
from tests.pipeline.cluster.conftest import Rest

CO2 = str(pathlib.Path(__file__).parents[3] / "configs" / "co2.yaml")
MIB = 2**20


def flink(*, slots: int = 2, free: int = 2, managers: int = 2, network: int = 1024 * MIB) -> dict[str, Any]:
    """What Flink's REST API says of itself."""
    overview = {
        "taskmanagers": managers,
        "slots-total": slots,
        "slots-available": free,
        "jobs-running": 0,
        "flink-version": "1.18.1",
    }
    manager = {"slotsNumber": 1, "freeSlots": 1, "memoryConfiguration": {"networkMemory": network}}
    return {"GET /overview": overview, "GET /taskmanagers": {"taskmanagers": [manager] * managers}}


def seen(url: str, parallelism: int = 2) -> list[str]:
    return look(["--runner=FlinkRunner", f"--flink_master={url}", f"--parallelism={parallelism}"])


def test_a_cluster_with_enough_of_everything_is_told_in_one_line(rest: Rest) -> None:
    url = rest(flink()).url
    assert seen(url) == [
        f"--flink_master: Flink 1.18.1 at {url} answers: 2 task managers, 2 of 2 slots free, 2 asked for."
    ]


@pytest.mark.parametrize(
    ("has", "told"),
    [
        ({"managers": 0, "slots": 0, "free": 0}, "has no task manager. Start one"),
        ({"free": 1}, "has 1 free slots (2 in all, the others are taken), and --parallelism asks for 2"),
        ({"slots": 1, "free": 1}, "has 1 free slots, and --parallelism asks for 2"),
        ({"network": 256 * MIB}, "a task manager has 256 MiB of network memory, StatisticsGen needs more"),
    ],
)
def test_what_a_cluster_lacks_is_told_with_numbers(rest: Rest, has: dict[str, int], told: str) -> None:
    with pytest.raises(ClusterError, match=r"--flink_master: Flink 1.18.1 at ") as raised:
        seen(rest(flink(**has)).url)
    assert told in str(raised.value)


def test_little_network_memory_is_a_warning_and_matters_at_parallelism_2_only(rest: Rest) -> None:
    assert "has 512 MiB of network memory; 1 GiB was enough" in seen(rest(flink(network=512 * MIB)).url)[1]
    assert len(seen(rest(flink(network=64 * MIB)).url, parallelism=1)) == 1


def test_the_smallest_task_manager_counts(rest: Rest) -> None:
    answers = flink()
    answers["GET /taskmanagers"]["taskmanagers"] = [
        {"memoryConfiguration": {"networkMemory": size * MIB}} for size in (900, 300)
    ]
    assert capacity(rest(answers).url).network_bytes == 300 * MIB


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--runner=PortableRunner", "--job_endpoint=localhost:1"], "--job_endpoint: no job server answers at localh"),
        (["--runner=FlinkRunner", "--flink_master=localhost:1"], "--flink_master: no Flink answers at http://localh"),
        (
            ["--runner=SparkRunner", "--spark_submit_uber_jar", "--spark_rest_url=http://localhost:1"],
            "--spark_rest_url: no Spark answers at http://localhost:1",
        ),
    ],
)
def test_a_dead_address_is_named_with_its_argument_and_how_it_is_started(args: list[str], told: str) -> None:
    with pytest.raises(ClusterError) as raised:
        look(args)
    assert told in str(raised.value)
    assert "is started by" in str(raised.value)


def test_somebody_else_who_answers_is_no_cluster(rest: Rest) -> None:
    url = rest({"GET /overview": {"hello": 1}, "GET /": {"hello": 1}}).url
    with pytest.raises(ClusterError, match="answers, but not as Flink does"):
        seen(url)
    with pytest.raises(ClusterError, match="not as Spark's REST endpoint does"):
        look(["--runner=SparkRunner", "--spark_submit_uber_jar", f"--spark_rest_url={url}"])


def test_without_a_cluster_nothing_is_looked_at() -> None:
    assert look([]) == look(["--runner=DirectRunner"]) == []


def test_a_run_on_a_dead_cluster_ends_with_3_before_it_begins(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runner = tmp_path / "portable.yaml"
    runner.write_text("beam:\n  args: [--runner=PortableRunner, '--job_endpoint=localhost:1']\n")
    assert main(["run", "--config", CO2, "--runner", str(runner), "--home", str(tmp_path / "runs")]) == 3
    assert "tapeline run: --job_endpoint: no job server answers at localhost:1" in capsys.readouterr().err
    assert not (tmp_path / "runs" / "co2" / "artifacts").exists()


def test_an_address_that_never_answers_is_given_up_after_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    def waits(address: Any, timeout: float) -> Any:
        assert timeout < 5
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", waits)
    with pytest.raises(ClusterError, match=r"no Flink answers at http://far:8081: timed out"):
        seen("far:8081")
