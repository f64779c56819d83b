"""Random histories with advisories among them: alike in every file, clock, notice and refusal."""

from __future__ import annotations

import itertools
import os

import pytest

from shared.infra.clock import monotonic
from tests.support.advised import Advised, advised
from tests.support.history import STARTS, Seeded
from tests.support.side_by_side import SideBySide

MINUTES = float(os.environ.get("GW_MODEL_MINUTES", "0"))
SEEDS = (1, 2, 3)


def play(seed: int, steps: int = 60) -> SideBySide:
    """Play the history of a seed."""
    chance = Seeded(seed)
    both = SideBySide(advised(), chance.pick(STARTS), chance, Seeded(seed + 1_000_000))
    both.history = Advised(both.model, chance)
    for _ in range(steps):
        if chance.pick([True, True, True, False]):
            both.speak()
        else:
            both.pass_time()
            both.compare()
    both.compare()
    return both


@pytest.mark.parametrize("seed", SEEDS)
def test_advisories_end_alike(seed: int) -> None:
    """What was proposed, issued, declined, answered late or in time, and who was told."""
    assert play(seed).model.files.files


def test_advisories_of_ever_new_seeds_end_alike() -> None:
    """In the long run only; a seed that fails belongs into the list above."""
    end = monotonic() + 60 * MINUTES
    for seed in itertools.count(int(os.environ.get("GW_MODEL_SEED", "1000"))):
        play(seed)
        if monotonic() > end:
            break
