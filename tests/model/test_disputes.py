"""Random histories of disputes: model and services have them alike, in whichever order the services hear of things."""

from __future__ import annotations

import itertools
import os

import pytest

from shared.infra.clock import monotonic
from tests.support.disputes import Quarrels, mediating
from tests.support.history import STARTS, Seeded
from tests.support.side_by_side import SideBySide

MINUTES = float(os.environ.get("GW_MODEL_MINUTES", "0"))
SEEDS = (1, 2, 3, 4, 6)


def play(seed: int, steps: int = 60) -> SideBySide:
    """Play the history of a seed."""
    chance = Seeded(seed)
    both = SideBySide(mediating(), chance.pick(STARTS), chance, Seeded(seed + 1_000_000))
    both.history = Quarrels(both.model, chance)
    for _ in range(steps):
        if chance.pick([True, True, True, False]):
            both.speak()
        else:
            both.pass_time()
            both.compare()
    both.compare()
    return both


@pytest.mark.parametrize("seed", SEEDS)
def test_disputes_end_alike(seed: int) -> None:
    """States, tiers, mediators, clocks, verdicts, notices, refusals and figures."""
    play(seed)


def test_disputes_of_ever_new_seeds_end_alike() -> None:
    """In the long run only; a seed that fails belongs into the list above."""
    end = monotonic() + 60 * MINUTES
    for seed in itertools.count(int(os.environ.get("GW_MODEL_SEED", "1000"))):
        play(seed)
        if monotonic() > end:
            break
