"""The ladder: when its rungs are climbed, when it stops, and that nothing ever goes down in an episode."""

from __future__ import annotations

from typing import Any

from services.escalation.domain.decide import decide
from shared.contracts.cases import CaseReopened
from shared.contracts.escalations import CaseEscalated, TeamSummoned
from shared.decision import Tick
from tests.unit.escalation.district import CASE, local
from tests.unit.escalation.world import World, names, of


def breached(**changes: Any) -> World:
    """Return a case whose lead's limit passed at 13:00."""
    world = World(**changes)
    world.opened(limits=())
    world.assigned(accept_limit=None)
    return world


def test_rungs_are_climbed_at_their_time_after_the_breach() -> None:
    """At once, after one hour, after two hours with the whistle."""
    world = breached()
    said = world.tick("2026-07-01T15:00")
    assert [(event.level, event.occurred_at) for event in of(said, CaseEscalated)] == [
        (1, local("2026-07-01T13:00")),
        (2, local("2026-07-01T14:00")),
        (3, local("2026-07-01T15:00")),
    ]
    assert of(said, CaseEscalated)[0].clock_id == f"{CASE}/housing#1/handle"
    assert of(said, CaseEscalated)[0].reason == "handle_breached"
    (summoned,) = of(said, TeamSummoned)
    assert (summoned.reason, [member.department for member in summoned.members]) == ("ladder", ["housing"])


def test_a_rung_in_working_time_waits_for_work() -> None:
    """A breach on Friday evening is the director's business on Monday."""
    rungs = ({"level": 1, "audience": ["head"]}, {"level": 2, "after": "1 working_hours", "audience": ["centre"]})
    world = World("2026-07-03T14:00", escalation={"ladder": rungs})
    world.opened(limits=())
    world.assigned(accept_limit=None)
    said = world.tick("2026-07-06T12:00")
    assert [(event.level, event.occurred_at) for event in of(said, CaseEscalated)] == [
        (1, local("2026-07-03T18:00")),
        (2, local("2026-07-06T09:30")),
    ]


def test_the_ladder_stops_when_no_breached_clock_is_live() -> None:
    """Done, however late: the case does not rise any more."""
    world = breached()
    world.at("2026-07-01T13:30").completed()
    assert of(world.tick("2026-07-01T20:00"), CaseEscalated) == []
    assert world.state.level == 1


def test_a_later_breach_goes_on_from_the_level_reached() -> None:
    """The first rung is not climbed twice; the second counts from the breach that lives."""
    world = World()
    world.opened(limits=())
    world.assigned()
    world.at("2026-07-01T09:40").accepted()
    assert world.state.level == 1
    said = world.tick("2026-07-01T14:00")
    assert [(event.level, event.occurred_at) for event in of(said, CaseEscalated)] == [(2, local("2026-07-01T14:00"))]


def test_the_earliest_live_breach_drives_the_ladder() -> None:
    """When it ends, the next one does, from its own instant."""
    world = World()
    world.opened(limits=())
    world.assigned()
    world.assigned("civil", role="assist", accept_limit="45 clock_minutes")
    world.at("2026-07-01T10:00").accepted()
    said = world.tick("2026-07-01T10:45")
    assert [(event.level, event.owner, event.occurred_at) for event in of(said, CaseEscalated)] == [
        (2, "civil", local("2026-07-01T10:45"))
    ]


def test_levels_start_again_with_a_new_episode() -> None:
    """And the reporter's clock goes on with its old due instant, breached from the reopening on."""
    world = World()
    world.opened(limits=({"name": "handle", "limit": "4 clock_hours"},))
    world.assigned(accept_limit=None)
    world.at("2026-07-01T13:30").completed()
    world.resolved(verify=None)
    world.closed()
    assert world.state.level == 1
    said = world.at("2026-07-05T10:00").reopened()
    assert names(said) == ["clock.started", "clock.breached", "case.escalated"]
    assert [(event.level, event.occurred_at, event.episode) for event in of(said, CaseEscalated)] == [
        (1, local("2026-07-05T10:00"), 2)
    ]
    assert world.clock("case#2").due_at == local("2026-07-01T13:00")
    said = world.tick("2026-07-05T11:00")
    assert [(event.level, event.occurred_at) for event in of(said, CaseEscalated)] == [(2, local("2026-07-05T11:00"))]


def test_a_reopening_told_late_is_not_at_the_whistle_at_once() -> None:
    """Its breach counts from when somebody could know that the case lives again."""
    world = World()
    world.opened(limits=({"name": "handle", "limit": "4 clock_hours"},))
    world.at("2026-07-01T10:00").completed()
    world.resolved(verify=None)
    world.closed()
    world.at("2026-07-05T10:00")
    said = world.tell(CaseReopened, "2026-07-03T10:00", reason="not solved", episode=2)
    assert [(event.level, event.occurred_at) for event in of(said, CaseEscalated)] == [(1, local("2026-07-05T10:00"))]


def test_a_withdrawn_breach_stops_the_ladder_and_keeps_the_level() -> None:
    """People were told; levels only rise."""
    world = breached()
    world.at("2026-07-01T13:30").completed(occurred="2026-07-01T12:00")
    assert of(world.tick("2026-07-01T20:00"), CaseEscalated) == []
    assert world.state.level == 1


def test_the_ladder_of_the_case_is_the_one_it_was_opened_under() -> None:
    """`decide` asks for the profile version that the case names."""
    world = breached()
    asked: list[tuple[str, int]] = []
    directory = world.directory

    def directory_of(district: str, version: int) -> object:
        asked.append((district, version))
        return directory

    decide(world.state, Tick(CASE), local("2026-07-01T13:00"), directory_of)  # type: ignore[arg-type]
    assert asked == [("620802", 3)]
