"""Random histories of disputes: model and services have them alike, in whichever order the services hear of things."""

from __future__ import annotations

import pytest

from tests.support.disputes import Quarrels, mediating
from tests.support.playing import ever_new, played
from tests.support.side_by_side import SideBySide

SEEDS = (1, 2, 3, 4, 6)


def play(seed: int) -> SideBySide:
    """Play the history of a seed."""
    return played(seed, mediating(), Quarrels)


@pytest.mark.parametrize("seed", SEEDS)
def test_disputes_end_alike(seed: int) -> None:
    """States, tiers, mediators, clocks, verdicts, notices, refusals and figures."""
    play(seed)


def test_disputes_of_ever_new_seeds_end_alike() -> None:
    """In the long run only; a seed that fails belongs into the list above."""
    ever_new(play)
