"""Counts predict requests and their time, and tells them in Prometheus' text format.

>>> metrics = RequestMetrics("co2")
>>> metrics.add(status=200, seconds=0.004)
>>> print(metrics.text())
# TYPE :tensorflow:serving:request_count counter
:tensorflow:serving:request_count{model_name="co2",status="OK"} 1
...

Names, labels and buckets are those of TensorFlow Serving, so that what watches one server can watch the other.
"""

import bisect
import collections

_COUNT = ":tensorflow:serving:request_count"
_LATENCY = ":tensorflow:serving:request_latency"
_BOUNDS = [10 * 1.8**power for power in range(33)]
"""Upper bounds in microseconds: from 10 us to 25 minutes."""

_CODES = {
    200: "OK",
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    408: "DEADLINE_EXCEEDED",
    413: "OUT_OF_RANGE",
    499: "CANCELLED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class RequestMetrics:
    """What was asked so far. Used from one thread, that of the event loop.

    Args:
        name: Name of the model.
    """

    def __init__(self, name: str) -> None:
        escaped = name.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
        self._model = f'model_name="{escaped}"'
        self._counts: collections.Counter[str] = collections.Counter()
        self._buckets = [0] * (len(_BOUNDS) + 1)
        self._microseconds = 0.0

    def add(self, *, status: int, seconds: float) -> None:
        """Counts a request that was answered.

        Args:
            status: The HTTP status code.
            seconds: How long it took; kept where it was answered with a forecast, as by TensorFlow Serving.
        """
        self._counts[_CODES.get(status, "UNKNOWN")] += 1
        if status == 200:
            self._microseconds += seconds * 1e6
            self._buckets[bisect.bisect_left(_BOUNDS, seconds * 1e6)] += 1

    def text(self) -> str:
        """Returns all of it."""
        lines = [f"# TYPE {_COUNT} counter"]
        lines += [f'{_COUNT}{{{self._model},status="{code}"}} {count}' for code, count in sorted(self._counts.items())]
        lines.append(f"# TYPE {_LATENCY} histogram")
        labels = f'{self._model},API="predict",entrypoint="REST"'
        total = 0
        for bound, count in zip([*(f"{bound:.6g}" for bound in _BOUNDS), "+Inf"], self._buckets, strict=True):
            total += count
            lines.append(f'{_LATENCY}_bucket{{{labels},le="{bound}"}} {total}')
        lines += [f"{_LATENCY}_sum{{{labels}}} {self._microseconds:.10g}", f"{_LATENCY}_count{{{labels}}} {total}"]
        return "\n".join([*lines, ""])
