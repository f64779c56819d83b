"""Grids cut anew in the middle of random histories: what is open follows its ground and keeps its own profile."""

from __future__ import annotations

import pytest

from tests.support.history import STARTS, Seeded
from tests.support.model.place import KINDS
from tests.support.playing import ever_new
from tests.support.recutting import OnTheGround, cut
from tests.support.side_by_side import SideBySide

SEEDS = (2, 4, 9)
CUTS = {25: 2, 50: 3}
"""After so many steps the next version is in force."""


def play(seed: int, steps: int = 70) -> SideBySide:
    """Play the history of a seed on ground that is cut anew twice."""
    chance = Seeded(seed)
    kind = chance.pick(sorted(KINDS))
    both = SideBySide(cut(kind, 1), chance.pick(STARTS), chance, Seeded(seed + 1_000_000))
    both.history = OnTheGround(both.model, chance)
    for step in range(steps):
        if step in CUTS:
            both.renew(cut(kind, CUTS[step]))
            both.compare()
        elif chance.pick([True, True, False]):
            both.speak()
        else:
            both.pass_time()
            both.compare()
    both.compare()
    return both


@pytest.mark.parametrize("seed", SEEDS)
def test_histories_with_cuts_in_them_end_alike(seed: int) -> None:
    """Every state, verdict, notice and figure, and where each case lies."""
    play(seed)


def test_histories_with_cuts_of_ever_new_seeds_end_alike() -> None:
    """In the long run only; a seed that fails belongs into the list above."""
    ever_new(play)
