"""Random histories of disputes to their end: mediation, agreements, visits, batches of households, all at once."""

from __future__ import annotations

import pytest

from tests.support.households import Households, settling
from tests.support.playing import ever_new, played
from tests.support.side_by_side import SideBySide

SEEDS = (100, 5)


def play(seed: int) -> SideBySide:
    """Play the history of a seed."""
    return played(seed, settling(), Households, steps=80)


@pytest.mark.parametrize("seed", SEEDS)
def test_disputes_end_alike_when_all_is_kept_or_broken(seed: int) -> None:
    """What is owed, who is listed, who mediates it, how far a batch is, every clock, notice, refusal and figure."""
    play(seed)


def test_disputes_of_ever_new_seeds_end_alike_when_all_is_kept_or_broken() -> None:
    """In the long run only; a seed that fails belongs into the list above."""
    ever_new(play)
