"""What is always true of the time of a case (the domain's invariants), for any story and any interleaving of sweeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.escalation.domain.ledger import explain
from services.escalation.domain.model import Case
from shared.contracts.base import Event
from shared.contracts.cases import Outcome
from shared.contracts.escalations import (
    CaseEscalated,
    ClockBreached,
    ClockBreachWithdrawn,
    ClockEvent,
    ClockStarted,
    ClockStopped,
    TeamOnScene,
    Verdict,
)
from shared.decision import Rejected
from tests.unit.escalation.world import World

DEPARTMENTS = ("housing", "housing", "civil", "police")
"""With nothing that a timer blows, the outcome is the same whatever the sweeps, down to the second."""

START = "2026-09-30T15:00"
"""The last working hours before National Day, so that stories run into it."""


@dataclass(frozen=True)
class Act:
    """One thing that is told: so long after the last one, having happened `back` before it was told."""

    name: str
    gap: timedelta
    back: timedelta
    fields: dict[str, Any]

    def perform(self, world: World) -> None:
        """Tell it; a refusal changes nothing."""
        occurred = (world.now - self.back).isoformat()
        try:
            ACTS[self.name](world, occurred, self.fields)
        except Rejected:
            world.reasons.append("rejected")


def latest(world: World, department: str) -> int:
    """Return the number of the department's latest task, 0 when it has had none."""
    tasks = [clock.task.partition("#") for clock in world.state.clocks if clock.task]
    return max((int(number) for code, _, number in tasks if code == department), default=0)


ACTS: dict[str, Callable[[World, str, dict[str, Any]], object]] = {
    "assigned": lambda w, at, f: w.assigned(
        f["department"],
        at,
        role=f["role"],
        number=latest(w, f["department"]) + 1,
        stages=({"name": "stop", "limit": "90 clock_minutes"}, {"name": "handle", "limit": f["limit"]}),
    ),
    "accepted": lambda w, at, f: w.accepted(f["department"], at, number=latest(w, f["department"])),
    "completed": lambda w, at, f: w.completed(f["department"], at, role=f["role"], number=latest(w, f["department"])),
    "progressed": lambda w, at, f: w.progressed("stop", at, number=latest(w, f["department"])),
    "returned": lambda w, _, f: w.returned(f["department"], role=f["role"], count=1 + f["odd"]),
    "superseded": lambda w, _, f: w.superseded(f["department"], role=f["role"], number=latest(w, f["department"])),
    "held": lambda w, at, f: w.held(
        at, until=(w.now + f["ahead"]).isoformat() if f["odd"] else None, number=latest(w, "housing")
    ),
    "resumed": lambda w, at, _: w.resumed(at, number=latest(w, "housing")),
    "extended": lambda w, at, f: w.extended(f["limit"], at, number=latest(w, "housing")),
    "resolved": lambda w, at, _: w.resolved(occurred=at),
    "verified": lambda w, at, f: w.verified(at, ok=f["odd"]),
    "closed": lambda w, at, f: w.closed(Outcome.SOLVED_UNVERIFIED if f["odd"] else Outcome.SOLVED, at),
    "withdrawn": lambda w, _, __: w.withdrawn(),
    "reopened": lambda w, _, __: w.reopened(w.state.episode + 1),
    "whistle": lambda w, _, f: w.whistle("housing", f["department"], optional=("emergency",)),
    "answer": lambda w, at, f: w.answer(f["department"], f["odd"], at),
    "check_in": lambda w, at, f: w.check_in(f["department"], at, nonce=f"nonce-{at}"),
    "substitute": lambda w, _, f: w.substitute(f["department"], by="jiefang"),
    "stand_down": lambda w, _, __: w.stand_down(),
}
COMMON = ("assigned", "accepted", "completed", "completed", "progressed", "held", "resumed", "extended", "check_in")
LIMITS = ("120 clock_minutes", "3 working_hours", "2 working_days", "1 calendar_days")


def up_to(most: int) -> st.SearchStrategy[timedelta]:
    """Return lengths of up to so many minutes."""
    return st.integers(0, most).map(lambda amount: timedelta(minutes=amount))


acts = st.builds(
    Act,
    st.sampled_from((*sorted(ACTS), *COMMON)),
    st.one_of(up_to(60), up_to(60), up_to(300), up_to(4_000)),
    st.one_of(st.just(timedelta(0)), up_to(60), up_to(300)),
    st.fixed_dictionaries(
        {
            "department": st.sampled_from(DEPARTMENTS),
            "role": st.sampled_from(("lead", "lead", "assist")),
            "odd": st.booleans(),
            "limit": st.sampled_from(LIMITS),
            "ahead": up_to(300),
        }
    ),
)
stories = st.lists(acts, min_size=1, max_size=14)


def tell(story: Sequence[Act], sweep: Callable[[World, str], object], **changes: Any) -> World:
    """Tell a story with sweeps of one's own between its acts, and one long after its end."""
    world = World(START, **changes)
    world.opened(assists=("civil",), joint=True)
    world.assigned()
    world.assigned("civil", role="assist")
    for act in story:
        sweep(world, (world.now + act.gap).isoformat())
        act.perform(world)
    end = (world.now + timedelta(days=9)).isoformat()
    sweep(world, end)
    world.sweep(end)
    return world


def never(world: World, until: str) -> None:
    """Do not sweep at all."""
    world.now = world.now.fromisoformat(until)


def awake(world: World, until: str) -> None:
    """Sweep at every due instant, as a service does that never sleeps."""
    world.tick(until)


def essence(said: Sequence[Event]) -> list[tuple[str, dict[str, Any]]]:
    """Return what was said, without when it was recorded."""
    return [(event.type, event.model_dump(exclude={"recorded_at", "late_by"})) for event in said]


@given(stories, st.integers(0, 59))
@settings(max_examples=10, deadline=None)
def test_sweeps_within_a_minute_give_the_same_outcome_with_every_whistle(story: list[Act], late: int) -> None:
    """Rounds and whistles of the ladder too, as long as none is blown more than a minute late."""

    def a_little_late(world: World, until: str) -> None:
        end = world.now.fromisoformat(until)
        while world.case is not None and (due := world.case.next_at) is not None:
            moment = max(due, world.now) + timedelta(seconds=late)
            if moment > end:
                break
            world.sweep(moment.isoformat())
        never(world, until)

    prompt, tardy = tell(story, awake), tell(story, a_little_late)
    assert prompt.state == tardy.state
    assert essence(prompt.said) == essence(tardy.said)


@given(stories)
@settings(max_examples=20, deadline=None)
def test_the_invariants_hold_after_every_decision(story: list[Act]) -> None:
    """For any story, plausible or not."""
    world = tell(story, awake)
    states = [decision.state for decision in world.decisions]
    for before, after in pairwise(states):
        check_levels(before, after)
        check_deadlines(before, after)
    for state in states:
        check_clocks(state)
        check_end(state)
    for clock in world.state.clocks:
        assert explain(clock, world.directory).differences == ()
    check_said(world.said)


def check_levels(before: Case, after: Case) -> None:
    """The level only rises within an episode."""
    if before.episode == after.episode:
        assert after.level >= before.level


def check_deadlines(before: Case, after: Case) -> None:
    """A due instant never moves without a line in the ledger that names the new one."""
    known = {clock.key: clock for clock in before.clocks}
    for clock in after.clocks:
        old = known.get(clock.key)
        if old is not None and old.due_at != clock.due_at:
            added = clock.ledger[len(old.ledger) :]
            assert clock.due_at in [entry.due for entry in added]
        assert old is None or clock.ledger[: len(old.ledger)] == old.ledger


def check_clocks(state: Case) -> None:
    """At most one live clock per case, kind and owner; stages are kinds of their own."""
    live = Counter((clock.kind, clock.owner, clock.stage) for clock in state.clocks if clock.live)
    assert all(number == 1 for number in live.values())
    for clock in state.clocks:
        assert clock.verdict is not Verdict.LATE or clock.breached_at is not None
        assert clock.verdict is not Verdict.ON_TIME or clock.breached_at is None


def check_end(state: Case) -> None:
    """A closed case has no live clock and no live team; an open one always has a due instant."""
    if state.phase.ended:
        assert not any(clock.live for clock in state.clocks)
        assert state.team is None or not state.team.live
        assert state.next_at is None
    else:
        assert state.next_at is not None


def check_said(said: Sequence[Event]) -> None:
    """Each clock starts and stops once, is breached again only after a withdrawal, a team is on scene once."""
    started = Counter(event.clock_id for event in said if isinstance(event, ClockStarted))
    stopped = Counter(event.clock_id for event in said if isinstance(event, ClockStopped))
    assert max(stopped.values(), default=0) <= 1
    assert set(stopped) <= set(started)
    for clock_id in started:
        balance = 0
        for event in said:
            if isinstance(event, ClockEvent) and event.clock_id == clock_id:
                balance += isinstance(event, ClockBreached) - isinstance(event, ClockBreachWithdrawn)
                assert balance in (0, 1)
    scenes = Counter(event.team_id for event in said if isinstance(event, TeamOnScene))
    assert max(scenes.values(), default=0) <= 1
    levels = [(event.episode, event.level) for event in said if isinstance(event, CaseEscalated)]
    assert levels == sorted(set(levels)), "each level once in an episode, rising"
