"""Blowing the whistle: by hand, by the ladder, for refusals; who is called, where to, how often."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from shared.contracts.base import Event
from shared.contracts.escalations import (
    CaseEscalated,
    TeamStoodDown,
    TeamSummoned,
)
from shared.decision import Rejected
from tests.unit.escalation.district import GRID, HERE, local
from tests.unit.escalation.world import World, names, of


def members(said: Iterable[Event]) -> list[str]:
    """Return who is called by the last whistle; optional members in brackets."""
    (summoned,) = [event for event in said if isinstance(event, TeamSummoned)]
    return [one.department if one.required else f"({one.department})" for one in summoned.members]


def working(**changes: Any) -> World:
    """Return an open case that housing leads."""
    world = World(**changes)
    world.opened(assists=("civil",))
    world.assigned()
    return world


def test_by_hand_with_everything_said() -> None:
    """Departments, guests, place, time and quorum are the blower's."""
    world = working()
    said = world.whistle(
        "housing", "police", optional=("civil",), place="东门", lon=106.7, lat=35.5, muster_within_minutes=45, quorum=1
    )
    (summoned,) = of(said, TeamSummoned)
    assert members(said) == ["housing", "police", "(civil)"]
    assert (summoned.place.lon, summoned.place.lat, summoned.place.address) == (106.7, 35.5, "东门")
    assert (summoned.answer_by, summoned.muster_by) == (local("2026-07-01T09:10"), local("2026-07-01T09:45"))
    assert (summoned.quorum, summoned.reason, summoned.round) == (1, "hand", 1)


def test_by_hand_with_nothing_said_takes_the_profile() -> None:
    """At the report, in half an hour, two of three."""
    world = working()
    (summoned,) = of(world.whistle("housing", "police", "civil"), TeamSummoned)
    assert (summoned.place.lon, summoned.place.lat) == (HERE["lon"], HERE["lat"])
    assert (summoned.muster_by, summoned.quorum) == (local("2026-07-01T09:30"), 2)


def test_a_place_in_words_has_no_geofence() -> None:
    """Words cannot be measured."""
    world = working()
    (summoned,) = of(world.whistle("housing", place="街道办三楼"), TeamSummoned)
    assert (summoned.place.lon, summoned.place.address) == (None, "街道办三楼")


def test_townships_and_communities_are_members_like_departments() -> None:
    """By reference to the place of the case, or by their official code."""
    world = working()
    assert members(world.whistle("@township", "@community", "@centre")) == ["zhongshan", "jiefang", "centre"]
    world.stand_down()
    assert members(world.whistle("620802001", "620802001001", "620802001002")) == ["zhongshan", "jiefang"]


def test_a_department_the_profile_does_not_know_is_refused() -> None:
    """Nobody is called, not even the others."""
    world = working()
    for known in ({"departments": ("housing", "navy")}, {"departments": ("housing",), "optional": ("navy",)}):
        with pytest.raises(Rejected) as refused:
            world.whistle(*known["departments"], optional=known.get("optional", ()))
        assert refused.value.error == "unknown-department"
    assert world.state.team is None


def test_the_whistle_of_a_closed_case_is_silent() -> None:
    """A closed case has no live team."""
    world = working()
    world.closed()
    with pytest.raises(Rejected) as refused:
        world.whistle("housing")
    assert (refused.value.error, refused.value.state_met) == ("illegal-transition", "closed")


def test_in_triage_the_whistle_can_be_blown_by_hand() -> None:
    """An emergency does not wait for a category."""
    world = World()
    world.triaged()
    assert members(world.whistle("police")) == ["police"]


def test_by_the_ladder_everybody_who_works_on_the_case_is_called() -> None:
    """And whoever let the limit pass; by the profile's place, at the rung's own instant."""
    world = working(whistle={"place": "grid", "optional_departments": ["emergency"]})
    said = world.tick("2026-07-01T11:30")
    (summoned,) = of(said, TeamSummoned)
    assert members([summoned]) == ["housing", "civil", "(emergency)"]
    assert (summoned.place.address, summoned.place.lon, summoned.place.lat) == ("第三网格", 106.665, 35.545)
    assert (summoned.reason, summoned.occurred_at) == ("ladder", local("2026-07-01T11:30"))


def test_by_the_ladder_an_assist_that_has_done_its_part_is_not_called() -> None:
    """Another's lateness brings nobody to the place who has nothing left to do there."""
    world = working()
    world.completed("civil", role="assist")
    summoned = of(world.tick("2026-07-01T13:30"), TeamSummoned)
    assert members(summoned[:1]) == ["housing"]


def test_the_ladder_of_a_case_in_triage_calls_the_centre() -> None:
    """It is the one that is late."""
    world = World()
    world.triaged()
    assert members(of(world.tick("2026-07-01T12:00"), TeamSummoned)) == ["centre"]


def test_a_whistle_that_a_sleeping_service_blows_late_counts_from_when_it_is_blown() -> None:
    """Nobody is absent from a muster that had not been called."""
    world = working()
    said = world.sweep("2026-07-01T15:00")
    (summoned,) = of(said, TeamSummoned)
    assert (summoned.occurred_at, summoned.muster_by) == (local("2026-07-01T15:00"), local("2026-07-01T15:30"))
    assert "team.absent" not in names(said)


def test_refusals_end_with_the_whistle_where_the_profile_says_so() -> None:
    """All who refused and whom they named stand on site together."""
    world = working(refusals={"max": 2, "then": "whistle"})
    assert of(world.returned("housing", count=1), TeamSummoned) == []
    world.assigned("police", role="lead")
    said = world.returned("police", count=2, suggest="emergency")
    assert members(said[-1:]) == ["housing", "police", "emergency"]
    assert of(said, TeamSummoned)[0].reason == "refusals"
    assert "arbitrate#1" in {clock.key for clock in world.state.clocks}


def test_refusals_stay_with_the_centre_where_the_profile_says_so() -> None:
    """Then only its clock runs."""
    world = working(refusals={"max": 2, "then": "centre"})
    assert of(world.returned("housing", count=2), TeamSummoned) == []


def test_a_suggestion_nobody_knows_is_left_out() -> None:
    """A fact is not refused for it."""
    world = working(refusals={"max": 1, "then": "whistle"})
    assert members(world.returned("housing", count=1, allowed=1, suggest="navy")[-1:]) == ["housing"]


@pytest.mark.parametrize(
    ("place", "address", "fence"),
    [("report", HERE["address"], True), ("grid", "第三网格", True), ("township", "中山街道", False)],
)
def test_the_profile_says_where_a_team_musters(place: str, address: str, fence: bool) -> None:  # noqa: FBT001
    """At the report, in the middle of its grid, at the township's office."""
    world = working(whistle={"place": place})
    (summoned,) = of(world.whistle("housing"), TeamSummoned)
    assert summoned.place.address == address
    assert (summoned.place.lon is not None) is fence
    assert world.state.grid == GRID


def test_the_lead_sends_the_team_home_when_it_completes() -> None:
    """An assist does not."""
    world = working()
    world.assigned("civil", role="assist")
    world.whistle("housing", "civil")
    assert of(world.at("2026-07-01T09:05").completed("civil", role="assist"), TeamStoodDown) == []
    (down,) = of(world.at("2026-07-01T09:20").completed(), TeamStoodDown)
    assert (down.reason, down.seconds) == ("lead_completed", 1200)


def test_the_whistle_alone_is_no_level() -> None:
    """Blown by hand it does not raise the case."""
    world = working()
    assert of(world.whistle("housing"), CaseEscalated) == []


def test_a_joint_case_is_whistled_at_its_opening() -> None:
    """Lead and assists must come, the departments of the profile may."""
    world = World(whistle={"optional_departments": ["emergency", "civil"], "joint_severity": 2})
    said = world.opened(joint=True, severity=2, assists=("civil",))
    (summoned,) = of(said, TeamSummoned)
    assert [(member.department, member.required) for member in summoned.members] == [
        ("housing", True),
        ("civil", True),
        ("emergency", False),
    ]
    assert (summoned.reason, summoned.place.address) == ("opening", HERE["address"])
    assert (summoned.answer_by, summoned.muster_by) == (local("2026-07-01T09:10"), local("2026-07-01T09:30"))
    assert summoned.quorum == 2


@pytest.mark.parametrize("whistle", [True, False])
def test_a_policy_that_whistles_does_so_whatever_the_severity(*, whistle: bool) -> None:
    """The router knows rule and category, and says it; only an older one leaves it to the severity."""
    world = World(whistle={"joint_severity": 2})
    said = world.opened(joint=True, severity=3 if whistle else 1, whistle=whistle)
    assert bool(of(said, TeamSummoned)) is whistle


def test_a_joint_case_of_little_severity_is_not_whistled() -> None:
    """The profile says how serious it must be."""
    world = World(whistle={"joint_severity": 2})
    assert of(world.opened(joint=True, severity=3), TeamSummoned) == []
