"""Random histories with advisories among them: alike in every file, clock, notice and refusal."""

from __future__ import annotations

import pytest

from tests.support.advised import Advised, advised
from tests.support.playing import ever_new, played
from tests.support.side_by_side import SideBySide

SEEDS = (1, 2, 3)


def play(seed: int) -> SideBySide:
    """Play the history of a seed."""
    return played(seed, advised(), Advised)


@pytest.mark.parametrize("seed", SEEDS)
def test_advisories_end_alike(seed: int) -> None:
    """What was proposed, issued, declined, answered late or in time, and who was told."""
    assert play(seed).model.files.files


def test_advisories_of_ever_new_seeds_end_alike() -> None:
    """In the long run only; a seed that fails belongs into the list above."""
    ever_new(play)
