"""Random histories: the services' pure cores, chained, end as the reference model does, after every step."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from shared.infra.clock import monotonic
from tests.support.history import STARTS, Seeded, Sent
from tests.support.households import Households, settling
from tests.support.model.place import KINDS, district
from tests.support.recutting import OnTheGround, cut
from tests.support.side_by_side import SideBySide

T = TypeVar("T")
SETTLING = "settling"


class Drawn:
    """Choices that hypothesis makes."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def pick(self, options: Sequence[T]) -> T:
        """Return one of several."""
        return options[self.number(0, len(options) - 1)]

    def number(self, least: int, most: int) -> int:
        """Return a number between two."""
        drawn: int = self.data.draw(st.integers(least, most))
        return drawn


class Histories(RuleBasedStateMachine):
    """One district under model and services at once."""

    @initialize(data=st.data(), kind=st.sampled_from([*sorted(KINDS), SETTLING]), start=st.sampled_from(STARTS))
    def begin(self, data: Any, kind: str, start: Any) -> None:
        """Begin somewhere in the year, where disputes are departments' tasks or where they are mediated."""
        self.chance = Drawn(data)
        self.versions = [] if kind == SETTLING else [cut(kind, number) for number in (1, 2, 3)]
        profile = settling() if kind == SETTLING else self.versions.pop(0)
        self.both = SideBySide(profile, start, self.chance, self.chance)
        history = Households if kind == SETTLING else OnTheGround
        self.both.history = history(self.both.model, self.chance)

    @rule(data=st.data())
    def somebody_speaks(self, data: Any) -> None:
        """A report or a command."""
        self.chance.data = data
        self.both.speak()
        self.both.compare()

    @rule(data=st.data())
    def time_passes(self, data: Any) -> None:
        """To the instant at which something happens, or past it."""
        self.chance.data = data
        self.both.pass_time()
        self.both.compare()

    @precondition(lambda self: self.versions and len(self.both.model.cases) > 1)
    @rule(data=st.data())
    def the_ground_is_cut_anew(self, data: Any) -> None:
        """With other policies, which only what comes then may feel."""
        self.chance.data = data
        self.both.renew(self.versions.pop(0))
        self.both.compare()


class Sleepers(Histories):
    """The same with an escalation that sweeps at any moment or never: time is what it is, whoever looks (DOMAIN §5).

    What time makes others do is left out: closings, whistles of the ladder, and wishes for more time, which depend on
    whether the router has heard of a breach; and the ground is not cut. What is told, and when, depends on the sweep;
    states and verdicts do not.
    """

    @initialize(data=st.data(), start=st.sampled_from(STARTS))
    def begin(self, data: Any, start: Any) -> None:
        """Begin somewhere in the year."""
        super().begin(data, "quiet", start)
        self.versions = []

    @rule(data=st.data())
    def somebody_speaks(self, data: Any) -> None:
        """A report or a command; nobody sweeps."""
        self.chance.data = data
        one = self.both.history.next()
        if one.name != "task.extend":
            self.both.hear(one)
            self.both.cores.sleep(self.both.model.now)

    @rule(data=st.data(), glance=st.booleans())
    def time_passes(self, data: Any, glance: bool) -> None:  # noqa: FBT001 - drawn
        """Far, with one sweep or none."""
        self.chance.data = data
        end = self.both.history.pause()
        self.both.model.until(end)
        self.both.cores.sleep(end)
        if glance:
            self.both.cores.glance()
            self.both.compare("cases", "clocks", "teams")


def test_a_case_waits_for_the_dispute_behind_it() -> None:
    """Too long a story for chance: a case is tied to a dispute, verified, and closes a quarter of an hour after it."""
    chance = Seeded(0)
    both = SideBySide(district(), STARTS[0], chance, chance)
    reports = [("r0", "E06010", "楼道里堆满了垃圾"), ("r1", "D0402", "物业多收费用拒不退还")]
    for id_, category, text in reports:
        both.hear(Sent(id_, "grid-app", None, {"report_id": id_, "category": category, "text": text}))
        both.cores.sweep()
    case, dispute = both.model.cases.values()
    for partner, name, content in (
        ("centre", "case.link", {"case_id": case.id, "other": dispute.id}),
        ("housing", "task.complete", {"case_id": case.id, "task_id": case.tasks[0].id}),
        ("grid-app", "case.verify", {"case_id": case.id, "ok": True}),
        ("centre", "case.withdraw", {"case_id": dispute.id, "reason": "settled"}),
    ):
        both.hear(Sent(name, partner, name, content))
        both.cores.sweep()
        both.compare()
    assert (case.state, case.closing) == ("resolved", "solved")
    end = both.model.now + timedelta(minutes=15)
    both.model.until(end)
    both.cores.advance(end)
    both.cores.sweep()
    both.compare()
    assert case.state == "closed"


MINUTES = float(os.environ.get("GW_MODEL_MINUTES", "0"))
"""`make model`: look for so long."""

COMMON = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
SHORT = settings(COMMON, max_examples=6, stateful_step_count=20, derandomize=True)
LONG = settings(COMMON, max_examples=50, stateful_step_count=60)


@pytest.mark.parametrize("machine", [Histories, Sleepers])
def test_model_and_services_are_alike(machine: type[Histories]) -> None:
    """The same few histories each time; in the long run new ones until the time is over."""
    run_state_machine_as_test(machine, settings=SHORT)
    end = monotonic() + 60 * MINUTES
    while monotonic() < end:
        run_state_machine_as_test(machine, settings=LONG)


SEEDS = (519, 66, 435, 420, 32, 227, 137, 177, 136, 20, 25, 73)
"""Eventful ones: together they reach almost everything that can be counted, refused or told."""


@pytest.mark.parametrize("seed", SEEDS)
def test_eventful_histories_end_alike(seed: int) -> None:
    """Longer than what hypothesis tries in a few seconds; compared whenever time has passed."""
    play(seed)


def test_histories_of_ever_new_seeds_end_alike() -> None:
    """In the long run only; a seed that fails belongs into the list above."""
    end = monotonic() + 60 * MINUTES
    first = int(os.environ.get("GW_MODEL_SEED", "0"))
    for seed in itertools.count(first):
        play(seed)
        if monotonic() > end:
            break


def play(seed: int, steps: int = 70) -> None:
    """Play the history of a seed."""
    chance = Seeded(seed)
    both = SideBySide(district(chance.pick(sorted(KINDS))), chance.pick(STARTS), chance, Seeded(seed + 1_000_000))
    for _ in range(steps):
        if chance.pick([True, True, False]):
            both.speak()
        else:
            both.pass_time()
            both.compare()
    both.compare()
