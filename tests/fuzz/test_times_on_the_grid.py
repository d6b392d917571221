"""Times that repeat, stand in another order or lie beside the grid: found as a count by hand finds them."""

from random import Random

import numpy as np
import pytest

from tapeline.schemas.features import ROW_NUMBER
from tapeline.series.checks.grid_checks import TimeFaults
from tapeline.series.checks.ordered_rows import order_rows
from tapeline.series.grouping.series_rows import NUMBERS, SeriesRows
from tapeline.series.time_grid import TimeGrid
from tests.fuzz.cases import INPUTS

HOUR = 3_600


def _times(rng: Random) -> list[int]:
    """Hours in order, some of them repeated, moved or beside the hour."""
    times = [HOUR * at for at in range(rng.randint(5, 40))]
    for _ in range(rng.randint(0, 3)):
        at = rng.randrange(len(times))
        kind = rng.choice(["repeat", "beside", "swap", "drop"])
        if kind == "repeat":
            times.insert(rng.randrange(len(times)), times[at])
        elif kind == "beside":
            times[at] += rng.randrange(1, HOUR)
        elif kind == "swap":
            other = rng.randrange(len(times))
            times[at], times[other] = times[other], times[at]
        elif len(times) > 2:
            del times[at]
    return times


@pytest.mark.parametrize("seed", range(20 * INPUTS))
def test_every_repeated_and_every_stray_time_is_counted(seed: int) -> None:
    times = _times(Random(seed))
    rows = SeriesRows(
        ids=np.zeros(1, object),
        code=np.zeros(len(times), np.int64),
        split=np.zeros(len(times), np.int8),
        timestamp=np.array(times),
        columns={ROW_NUMBER: np.arange(len(times)), NUMBERS: np.zeros((len(times), 0), np.float32)},
    )
    faults = TimeFaults.of(order_rows(rows, TimeGrid("H")))
    assert int(faults.repeated.count[0]) == len(times) - len(set(times))
    assert int(faults.off_grid.count[0]) == sum(time % HOUR != 0 for time in times)
    assert bool(faults.disordered.count[0]) == (times != sorted(times))
