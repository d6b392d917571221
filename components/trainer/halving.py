"""How long each candidate of a pool is trained: the weaker half ends early, again and again.

Successive halving (Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization",
2016): all candidates train for a few epochs, the better half for as many again, and so on. The first look comes early
enough that the whole pool costs about twice the epochs of one training that stops by itself.

>>> [(rung.epoch, rung.keep) for rung in rungs(6, epochs=150, patience=15)]
[(5, 3)]
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
    """

    epoch: int
    keep: int


def rungs(candidates: int, *, epochs: int, patience: int, members: int = 1) -> tuple[Rung, ...]:
    """Returns when to look, and how many go on.

    A training that stops by itself makes its best epoch and `patience` more, in practice some three times `patience`.
    With the first look after a third of `patience` six candidates come to twice that.

    Args:
        candidates: How many there are.
        epochs: Most epochs of a training.
        patience: Epochs without improvement after which one ends.
        members: Most picks of the selection.
    """
    finalists = max(FINALISTS, members)
    epoch = max(1, math.ceil(min(patience, epochs // 3) / 3))
    looks = []
    while candidates > finalists:
        candidates = max(finalists, math.ceil(candidates / 2))
        looks.append(Rung(epoch, candidates))
        epoch *= 2
    return tuple(looks)


def survivors(errors: Mapping[int, float], *, keep: int) -> list[int]:
    """Returns who goes on, in their order.

    Args:
        errors: Error so far by number of candidate; of two equal ones the one with the lower number is the better.
        keep: How many.
    """
    return sorted(sorted(errors, key=lambda number: (errors[number], number))[:keep])
