"""Random histories of disputes up to fulfilment: mediation, agreement, clocks, notices and figures, all at once."""

from __future__ import annotations

import itertools
import os

import pytest

from shared.infra.clock import monotonic
from tests.support.history import STARTS, Seeded
from tests.support.pledging import Pledging, pledging
from tests.support.side_by_side import SideBySide

MINUTES = float(os.environ.get("GW_MODEL_MINUTES", "0"))
SEEDS = (1, 3)


def play(seed: int, steps: int = 70) -> SideBySide:
    """Play the history of a seed."""
    chance = Seeded(seed)
    both = SideBySide(pledging(), chance.pick(STARTS), chance, Seeded(seed + 1_000_000))
    both.history = Pledging(both.model, chance)
    for _ in range(steps):
        if chance.pick([True, True, True, False]):
            both.speak()
        else:
            both.pass_time()
            both.compare()
    both.compare()
    return both


@pytest.mark.parametrize("seed", SEEDS)
def test_agreements_end_alike(seed: int) -> None:
    """What is owed, who is listed, which tier it is in, every clock, notice, refusal and figure."""
    play(seed)


def test_agreements_of_ever_new_seeds_end_alike() -> None:
    """In the long run only; a seed that fails belongs into the list above."""
    end = monotonic() + 60 * MINUTES
    for seed in itertools.count(int(os.environ.get("GW_MODEL_SEED", "1000"))):
        play(seed)
        if monotonic() > end:
            break
