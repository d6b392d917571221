"""How long each candidate of a pool is trained: the weaker half ends early, again and again.

Successive halving (Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization",
2016): all candidates train for a few epochs, the better half for as many again, and so on. Of those that are left only
the one in the lead has the whole patience. The others wait half as long for an improvement: they are picked for being
different, not for the last percent.

>>> [(rung.epoch, rung.keep, rung.patience) for rung in rungs(6, epochs=150, patience=15)]
[(5, 3, 8)]
>>> survivors({1: 0.3, 2: 0.1, 4: 0.2}, keep=2)
[2, 4]
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

FINALISTS = 3
"""Candidates that train to the end, and as many more as a selection may pick: it needs trained ones to choose from."""


class Rung(NamedTuple):
    """A look at the candidates.

    Attributes:
        epoch: After how many epochs.
        keep: How many go on.
        patience: How many epochs without improvement those may make from here on that are not in the lead.
    """

    epoch: int
    keep: int
    patience: int


def rungs(candidates: int, *, epochs: int, patience: int, members: int = 1) -> tuple[Rung, ...]:
    """Returns when to look, and how many go on.

    A training that stops by itself makes its best epoch and `patience` more. The first look comes after a third of
    `patience`; there is one where all go on too, to see who leads.

    Args:
        candidates: How many there are.
        epochs: Most epochs of a training.
        patience: Epochs without improvement after which one ends.
        members: Most picks of the selection.
    """
    finalists = max(FINALISTS, members)
    epoch = max(1, math.ceil(min(patience, epochs // 3) / 3))
    looks: list[Rung] = []
    while candidates > finalists or not looks:
        candidates = min(candidates, max(finalists, math.ceil(candidates / 2)))
        looks.append(Rung(epoch, candidates, math.ceil(patience / 2)))
        epoch *= 2
    return tuple(looks)


def survivors(errors: Mapping[int, float], *, keep: int) -> list[int]:
    """Returns who goes on, the one in the lead first.

    Args:
        errors: Error so far by number of candidate; of two equal ones the one with the lower number is the better.
        keep: How many.
    """
    return sorted(errors, key=lambda number: (errors[number], number))[:keep]
