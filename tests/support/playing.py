"""Playing one random history through model and services, step by step."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from typing import Any

from shared.district.model import Profile
from shared.infra.clock import monotonic
from tests.support.history import STARTS, Seeded
from tests.support.side_by_side import SideBySide

MINUTES = float(os.environ.get("GW_MODEL_MINUTES", "0"))


def played(seed: int, profile: Profile, history: Callable[[Any, Any], Any], steps: int = 60) -> SideBySide:
    """Play the history of a seed, comparing after each step in which time passes and at the end."""
    chance = Seeded(seed)
    both = SideBySide(profile, chance.pick(STARTS), chance, Seeded(seed + 1_000_000))
    both.history = history(both.model, chance)
    for _ in range(steps):
        if chance.pick([True, True, True, False]):
            both.speak()
        else:
            both.pass_time()
            both.compare()
    both.compare()
    return both


def ever_new(play: Callable[[int], Any]) -> None:
    """Play seed after seed for as long as asked for; one at least."""
    end = monotonic() + 60 * MINUTES
    for seed in itertools.count(int(os.environ.get("GW_MODEL_SEED", "1000"))):
        play(seed)
        if monotonic() > end:
            break
