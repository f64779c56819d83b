"""Whistling again for a team that lives: who is called, until when, how often."""

from __future__ import annotations

import pytest

from shared.contracts.escalations import (
    TeamAbsent,
    TeamCheckedIn,
    TeamMusterFailed,
    TeamSummoned,
)
from shared.decision import Rejected
from tests.unit.escalation.district import local
from tests.unit.escalation.test_whistle import members, working
from tests.unit.escalation.world import names, of


def test_a_further_whistle_adds_members_to_the_one_live_team() -> None:
    """Who is new is called with a time of its own; the round that runs stays as it was for all others."""
    world = working()
    world.whistle("housing", "civil")
    world.check_in("housing")
    said = world.at("2026-07-01T09:20").whistle("police", optional=("emergency",))
    (summoned,) = of(said, TeamSummoned)
    assert (summoned.round, summoned.team_id) == (2, f"{summoned.case_id}/team#1")
    assert members(said) == ["police", "(emergency)"]
    assert (summoned.muster_by, summoned.quorum) == (local("2026-07-01T09:50"), 2)
    assert [one.department for one in of(world.tick("2026-07-01T09:30"), TeamAbsent)] == ["civil"]
    assert of(world.tick("2026-07-01T09:49"), TeamMusterFailed) == [], "police may still make the quorum"
    said = world.tick("2026-07-01T09:50")
    assert [one.department for one in of(said, TeamAbsent)] == ["police"]
    assert [one.absent for one in of(said, TeamMusterFailed)] == [("civil", "police")]
    assert members(of(said, TeamSummoned)) == ["civil", "police", "(emergency)"]


def test_a_whistle_again_gives_nobody_more_time() -> None:
    """However often somebody blows it by hand, who has been called must be there when the first one said."""
    world = working(whistle={"max_rounds": 1})
    world.whistle("housing", "civil")
    for minute in range(1, 30):
        assert world.at(f"2026-07-01T09:{minute:02}").whistle("housing") == []
    assert world.reasons[-1] == "already_called"
    said = world.tick("2026-07-01T09:30")
    assert [one.department for one in of(said, TeamAbsent)] == ["housing", "civil"]
    assert of(said, TeamMusterFailed) != []


def test_rounds_by_hand_end_with_the_profile() -> None:
    """A team that is on scene may be completed by another round or two; in the end only by new members."""
    world = working()
    world.whistle("housing", "civil", "police")
    world.check_in("housing")
    world.check_in("civil")
    assert members(world.at("2026-07-01T09:31").whistle("police")) == ["police"]
    assert world.at("2026-07-01T10:02").whistle("police") == []
    assert members(world.whistle("emergency")) == ["emergency"]
    assert [one.department for one in of(world.tick("2026-07-01T12:00"), TeamAbsent)] == ["emergency"]


def test_a_running_round_does_not_move_to_another_place() -> None:
    """Some would stand at the old one; the place that was told may be said again."""
    world = working()
    world.whistle("housing", place="东门", lon=106.7, lat=35.5)
    with pytest.raises(Rejected) as refused:
        world.whistle("police", place="西门")
    assert refused.value.error == "illegal-transition"
    assert members(world.whistle("police", place="东门")) == ["police"]


def test_who_was_called_later_may_check_in_until_later() -> None:
    """The window to check in is that of its own muster time."""
    world = working()
    world.whistle("housing")
    world.check_in("housing")
    world.whistle("police", muster_within_minutes=240)
    (arrived,) = of(world.at("2026-07-01T12:59").check_in("police"), TeamCheckedIn)
    assert arrived.on_time is True


def test_a_guest_who_is_then_required_must_come() -> None:
    """The seat becomes a required one, with the time of the whistle that says so."""
    world = working()
    world.whistle("housing", optional=("civil",))
    world.check_in("housing")
    said = world.at("2026-07-01T09:25").whistle("civil")
    assert members(said) == ["civil"]
    assert of(world.tick("2026-07-01T09:54"), TeamAbsent) == []
    assert [one.department for one in of(world.tick("2026-07-01T09:55"), TeamAbsent)] == ["civil"]


def test_a_whistle_for_a_team_that_is_complete_is_not_blown() -> None:
    """All are there and nobody else is called."""
    world = working()
    world.whistle("housing")
    world.check_in("housing")
    assert world.whistle("housing") == []
    assert world.reasons[-1] == "team_complete"


def test_after_a_stand_down_a_new_team_is_called() -> None:
    """With a number of its own; the old check-ins cannot be replayed on it."""
    world = working()
    world.whistle("housing")
    world.check_in("housing", nonce="0123456789")
    assert names(world.stand_down()) == ["team.stood-down"]
    (summoned,) = of(world.whistle("housing"), TeamSummoned)
    assert summoned.team_id.endswith("/team#2")
    with pytest.raises(Rejected) as refused:
        world.check_in("housing", nonce="0123456789")
    assert refused.value.error == "replayed-check-in"
