"""Check-ins on site (报到): nonce, window, geofence, and those that were made offline."""

from __future__ import annotations

import pytest

from services.escalation.domain.geo import haversine_m, middle
from shared.contracts.commands import CheckInTeam
from shared.contracts.escalations import (
    TeamCheckedIn,
    TeamOnScene,
)
from shared.decision import Rejected
from tests.unit.escalation.district import local
from tests.unit.escalation.world import World, names, of, refusal, seat, whistled


def test_a_check_in_tells_distance_and_time() -> None:
    """From the whistle, on time until the muster time."""
    world = whistled()
    (arrived,) = of(world.at("2026-07-01T09:30").check_in("housing", lat=35.5437), TeamCheckedIn)
    assert (arrived.distance_m, arrived.on_time, arrived.muster_seconds) == (100.1, True, 1800)
    assert arrived.occurred_at == local("2026-07-01T09:30")


def test_only_members_speak() -> None:
    """A department that was not called has nothing to answer."""
    world = whistled("housing")
    with pytest.raises(Rejected) as refused:
        world.answer("civil")
    assert refused.value.error == "not-a-member"
    assert refusal(world, "civil") == "not-a-member"


def test_a_nonce_is_used_once() -> None:
    """By whomever: a check-in cannot be replayed."""
    world = whistled()
    world.check_in("housing", nonce="0123456789")
    assert refusal(world, "housing", nonce="0123456789") == "replayed-check-in"
    assert refusal(world, "civil", nonce="0123456789") == "replayed-check-in"


def test_a_second_arrival_is_none() -> None:
    """With a new nonce the member is simply there already."""
    world = whistled()
    world.check_in("housing")
    assert world.check_in("housing", nonce="another-nonce") == []
    assert world.reasons[-1] == "already_present"


@pytest.mark.parametrize(("lat", "inside"), [(35.5454, True), (35.5456, False)])
def test_the_geofence_is_a_circle_in_metres(lat: float, inside: bool) -> None:  # noqa: FBT001
    """300 m around the place: 289 m is in, 311 m is out."""
    world = whistled()
    if inside:
        assert of(world.check_in("housing", lat=lat), TeamCheckedIn)[0].distance_m == 289.1
    else:
        assert refusal(world, "housing", lat=lat) == "outside-geofence"


def test_a_place_without_coordinates_has_no_fence() -> None:
    """There is nothing to measure from."""
    world = World()
    world.opened(limits=())
    world.whistle("housing", place="街道办三楼")
    assert of(world.check_in("housing", lon=0, lat=0), TeamCheckedIn)[0].distance_m is None


def test_a_check_in_counts_from_a_little_before_the_whistle_to_a_while_after_the_muster() -> None:
    """A quarter of an hour before, two hours after."""
    world = whistled()
    world.at("2026-07-01T13:00")
    assert refusal(world, "housing", "2026-07-01T08:44") == "outside-window"
    assert refusal(world, "housing", "2026-07-01T12:01") == "outside-window", "10:00 was the second muster time"
    assert world.check_in("housing", "2026-07-01T08:45") != []
    assert world.check_in("civil", "2026-07-01T12:00") != []


def test_a_check_in_from_the_future_is_refused() -> None:
    """The profile's tolerance for clocks that run ahead is five minutes."""
    world = whistled()
    assert refusal(world, "housing", "2026-07-01T09:06") == "future-check-in"
    (arrived,) = of(world.check_in("housing", "2026-07-01T09:05"), TeamCheckedIn)
    assert arrived.occurred_at == local("2026-07-01T09:00"), "not later than it became known"


@pytest.mark.parametrize(("claim", "error"), [("10:30", "future-check-in"), ("08:00", "outside-window")])
def test_a_time_that_was_not_believed_proves_no_presence(claim: str, error: str) -> None:
    """Intake puts the time it received such a check-in in its place; what counts here is what was claimed."""
    world = whistled()
    claimed = local(f"2026-07-01T{claim}")
    actor = {"partner": "housing", "kind": "department"}
    arrival = world.event(
        CheckInTeam, actor=actor, nonce="0123456789", lon=106.6651, lat=35.5428, backdated_from=claimed
    )
    with pytest.raises(Rejected) as refused:
        world.apply(arrival)
    assert refused.value.error == error


def test_an_offline_check_in_comes_later_with_both_times() -> None:
    """On time by when it happened, although the member had been called absent meanwhile."""
    world = whistled()
    world.at("2026-07-01T09:50")
    (arrived,) = of(world.check_in("housing", "2026-07-01T09:25"), TeamCheckedIn)
    assert (arrived.on_time, arrived.occurred_at, arrived.recorded_at) == (
        True,
        local("2026-07-01T09:25"),
        local("2026-07-01T09:50"),
    )
    kept = seat(world, "housing")
    assert (kept.present_at, kept.received_at) == (local("2026-07-01T09:25"), local("2026-07-01T09:50"))


def test_offline_check_ins_complete_the_quorum_as_of_when_it_was_complete() -> None:
    """The second of two arrivals made it, not the one that was told last."""
    world = whistled()
    world.at("2026-07-01T09:40").check_in("housing", "2026-07-01T09:24")
    (scene,) = of(world.check_in("civil", "2026-07-01T09:12"), TeamOnScene)
    assert scene.occurred_at == local("2026-07-01T09:24")


def test_an_offline_check_in_after_the_stand_down_is_kept() -> None:
    """The member had been there; the team does not come back for it."""
    world = whistled()
    world.at("2026-07-01T09:20").stand_down()
    world.at("2026-07-01T09:40")
    assert names(world.check_in("housing", "2026-07-01T09:15")) == ["team.checked-in"]
    assert names(world.check_in("civil", "2026-07-01T09:16")) == ["team.checked-in"]
    assert refusal(world, "police", "2026-07-01T09:25") == "outside-window"


def test_a_partner_without_a_department_speaks_for_itself() -> None:
    """A department is a partner under its own code."""
    world = whistled()
    arrival = world.event(
        CheckInTeam, actor={"partner": "housing", "kind": "department"}, nonce="0123456789", lon=106.6651, lat=35.5428
    )
    assert names(world.apply(arrival)) == ["team.checked-in"]


def test_distances_are_great_circles() -> None:
    """崆峒区 to 兰州新区, and a hundredth of a degree of latitude."""
    assert haversine_m((106.6651, 35.5428), (103.6417, 36.4857)) == pytest.approx(292_000, rel=0.01)
    assert haversine_m((106, 35), (106, 35.01)) == pytest.approx(1_112, abs=1)
    assert haversine_m((106, 35), (106, 35)) == 0
    assert middle(((0, 0), (2, 0), (2, 2), (0, 2))) == (1, 1)
