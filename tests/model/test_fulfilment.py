"""Random histories of disputes up to fulfilment: mediation, agreement, clocks, notices and figures, all at once."""

from __future__ import annotations

import pytest

from tests.support.playing import ever_new, played
from tests.support.pledging import Pledging, pledging
from tests.support.side_by_side import SideBySide

SEEDS = (1, 3)


def play(seed: int) -> SideBySide:
    """Play the history of a seed."""
    return played(seed, pledging(), Pledging, steps=70)


@pytest.mark.parametrize("seed", SEEDS)
def test_agreements_end_alike(seed: int) -> None:
    """What is owed, who is listed, which tier it is in, every clock, notice, refusal and figure."""
    play(seed)


def test_agreements_of_ever_new_seeds_end_alike() -> None:
    """In the long run only; a seed that fails belongs into the list above."""
    ever_new(play)
