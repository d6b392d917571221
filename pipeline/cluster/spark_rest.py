"""The REST endpoint of a Spark standalone master, which takes whole jobs as a jar (`spark.master.rest.enabled`)."""

import urllib.error
import urllib.request

from tapeline.pipeline.cluster.http_json import SECONDS, ask

ENDED = ("FINISHED", "KILLED", "FAILED", "ERROR")


def require_spark(url: str) -> None:
    """Sees whether it is Spark that answers.

    Raises:
        OSError: Nobody answers, or somebody else.
    """
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as response:
            content = response.read()
    except urllib.error.HTTPError as error:
        # A request for nothing is a bad one, and its answer names Spark's version.
        content = error.read()
    if b"Spark" not in content:
        raise OSError(f"{url} answers, but not as Spark's REST endpoint does")


def state(url: str, submission: str) -> str:
    """Returns the state of a job's driver: SUBMITTED, RUNNING, FINISHED, ...

    Raises:
        OSError: Spark does not answer, or knows no such job.
    """
    answer = ask(f"{url}/v1/submissions/status/{submission}")
    if not answer.get("success"):
        raise OSError(f"{url} knows no {submission}")
    return str(answer["driverState"])


def cancel(url: str, submission: str) -> None:
    """Kills a job.

    Raises:
        OSError: Spark does not answer, or does not do it.
    """
    answer = ask(f"{url}/v1/submissions/kill/{submission}", "POST")
    if not answer.get("success"):
        raise OSError(f"{url} does not kill {submission}: {answer.get('message', '')}")
