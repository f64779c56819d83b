"""The team after the whistle: answers, check-ins and their guards, substitutes, absence, quorum, rounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.escalation.domain.geo import haversine_m, middle
from services.escalation.domain.model import Seat
from shared.contracts.commands import CheckInTeam, StandDownTeam
from shared.contracts.escalations import (
    CaseEscalated,
    TeamAbsent,
    TeamAnswered,
    TeamCheckedIn,
    TeamMusterFailed,
    TeamOnScene,
    TeamSubstituted,
    TeamSummoned,
)
from shared.decision import Rejected, UnknownCase
from tests.unit.escalation.world import World, local, names, of


def whistled(*departments: str, **changes: Any) -> World:
    """Return a case whose team was called at 09:00 for 09:30."""
    world = World(**changes)
    world.opened(limits=())
    world.whistle(*(departments or ("housing", "civil", "police")))
    return world


def seat(world: World, department: str) -> Seat:
    """Return a member's seat."""
    assert world.state.team is not None
    return next(one for one in world.state.team.seats if one.department == department)


def refusal(world: World, who: str, occurred: str | None = None, **fields: Any) -> str:
    """Return the error a check-in is refused with."""
    with pytest.raises(Rejected) as refused:
        world.check_in(who, occurred, **fields)
    return refused.value.error


def test_each_member_answers_for_itself() -> None:
    """One department's answer never silences the others."""
    world = whistled()
    (answered,) = of(world.answer("housing", eta=local("2026-07-01T09:20")), TeamAnswered)
    assert (answered.department, answered.coming, answered.eta) == ("housing", True, local("2026-07-01T09:20"))
    (answered,) = of(world.answer("civil", coming=False, reason="flood elsewhere"), TeamAnswered)
    assert (answered.coming, answered.reason) == (False, "flood elsewhere")
    world.at("2026-07-01T09:10")
    assert world.reasons[-1] == "silence_noted"
    assert [seat(world, code).silent for code in ("housing", "civil", "police")] == [False, False, True]


def test_of_several_answers_the_last_given_counts() -> None:
    """Whatever order they arrive in."""
    world = whistled()
    world.at("2026-07-01T09:05").answer("housing", coming=False)
    assert world.answer("housing", coming=True, occurred="2026-07-01T09:03") == []
    assert world.reasons[-1] == "overtaken"
    assert seat(world, "housing").coming is False


def test_an_answer_given_in_time_but_known_late_is_no_silence() -> None:
    """The noted silence is taken back."""
    world = whistled()
    world.at("2026-07-01T09:15").answer("police", occurred="2026-07-01T09:09")
    assert seat(world, "police").silent is False
    world.answer("civil")
    assert seat(world, "civil").silent is True


def test_an_answer_after_arriving_says_nothing_new() -> None:
    """Being there is the better answer."""
    world = whistled()
    world.check_in("housing")
    assert world.answer("housing", coming=False) == []
    assert world.reasons[-1] == "already_present"


def test_the_quorum_is_on_scene_once() -> None:
    """With the second of three; the third only checks in."""
    world = whistled()
    assert names(world.at("2026-07-01T09:10").check_in("housing")) == ["team.checked-in"]
    said = world.at("2026-07-01T09:20").check_in("civil")
    assert names(said) == ["team.checked-in", "team.on-scene"]
    (scene,) = of(said, TeamOnScene)
    assert (scene.present, scene.muster_seconds) == (("housing", "civil"), 1200)
    assert names(world.at("2026-07-01T09:25").check_in("police")) == ["team.checked-in"]


def test_a_guest_does_not_make_the_quorum() -> None:
    """Only required members count."""
    world = World()
    world.opened(limits=())
    world.whistle("housing", "civil", optional=("police",))
    assert names(world.check_in("police")) == ["team.checked-in"]
    assert names(world.check_in("housing")) == ["team.checked-in"]
    assert names(world.check_in("civil")) == ["team.checked-in", "team.on-scene"]


def test_a_check_in_tells_distance_and_time() -> None:
    """From the whistle, on time until the muster time."""
    world = whistled()
    (arrived,) = of(world.at("2026-07-01T09:30").check_in("housing", lat=35.5437), TeamCheckedIn)
    assert (arrived.distance_m, arrived.on_time, arrived.muster_seconds) == (100.1, True, 1800)
    assert arrived.occurred_at == local("2026-07-01T09:30")


def test_who_is_not_there_is_absent_and_the_whistle_is_blown_again() -> None:
    """Told apart by whether they answered; the case rises; the second round calls the missing ones."""
    world = whistled()
    world.check_in("housing")
    world.answer("civil")
    said = world.tick("2026-07-01T09:30")
    assert [(event.department, event.answered) for event in of(said, TeamAbsent)] == [
        ("civil", True),
        ("police", False),
    ]
    (failed,) = of(said, TeamMusterFailed)
    assert (failed.present, failed.absent, failed.round) == (("housing",), ("civil", "police"), 1)
    assert [(event.level, event.reason) for event in of(said, CaseEscalated)] == [(1, "muster_failed")]
    (again,) = of(said, TeamSummoned)
    assert [member.department for member in again.members] == ["civil", "police"]
    assert (again.round, again.muster_by, again.quorum) == (2, local("2026-07-01T10:00"), 2)


def test_the_second_round_needs_a_new_answer() -> None:
    """What was said to the first whistle does not stand for the second."""
    world = whistled()
    world.answer("civil")
    world.at("2026-07-01T09:30")
    assert seat(world, "civil").answered_at is None
    world.at("2026-07-01T09:40")
    assert seat(world, "civil").silent is True


def test_a_member_that_comes_to_the_second_round_was_late_for_the_first() -> None:
    """It counts for the quorum all the same, from the first whistle on."""
    world = whistled()
    world.check_in("housing")
    said = world.at("2026-07-01T09:40").check_in("civil")
    (arrived,) = of(said, TeamCheckedIn)
    assert (arrived.on_time, arrived.round) == (False, 2)
    assert of(said, TeamOnScene)[0].muster_seconds == 2400


def test_rounds_end_with_the_profile() -> None:
    """After the last one the case has risen twice and nobody is called any more; who comes is still counted."""
    world = whistled()
    said = world.tick("2026-07-01T12:00")
    assert len(of(said, TeamMusterFailed)) == 2
    assert len(of(said, TeamSummoned)) == 1
    assert [event.level for event in of(said, CaseEscalated)] == [1, 2]
    assert world.state.next_at == local("2026-07-02T09:00"), "still looked at"
    assert world.check_in("housing", occurred="2026-07-01T11:59") != []


def test_the_top_of_the_ladder_is_the_top() -> None:
    """A muster that fails there raises nothing."""
    world = whistled(whistle={"max_rounds": 5})
    said = world.tick("2026-07-01T12:00")
    assert len(of(said, TeamMusterFailed)) == 5
    assert [event.level for event in of(said, CaseEscalated)] == [1, 2, 3]


def test_a_member_missing_from_a_team_at_work_is_absent_without_a_failure() -> None:
    """The quorum is there; only the attendance is noted."""
    world = whistled()
    world.check_in("housing")
    world.check_in("civil")
    said = world.tick("2026-07-01T09:30")
    assert [event.department for event in of(said, TeamAbsent)] == ["police"]
    assert names(said) == ["team.absent"]
    assert world.reasons[-1] == "absence_noted"


def test_guests_are_absent_only_when_they_had_promised() -> None:
    """An invitation is no order."""
    world = World()
    world.opened(limits=())
    world.whistle("housing", optional=("civil", "police"))
    world.check_in("housing")
    world.answer("civil")
    assert [event.department for event in of(world.tick("2026-07-01T09:30"), TeamAbsent)] == ["civil"]


def test_a_substitute_takes_the_seat() -> None:
    """It answers, comes and is absent itself; who sent it has no say in it any more."""
    world = whistled()
    said = world.substitute("civil", by="@community")
    assert [(event.department, event.by) for event in of(said, TeamSubstituted)] == [("civil", "jiefang")]
    with pytest.raises(Rejected) as refused:
        world.answer("civil")
    assert refused.value.error == "not-a-member"
    world.answer("jiefang")
    assert names(world.check_in("housing")) == ["team.checked-in"]
    said = world.check_in("jiefang")
    assert of(said, TeamOnScene)[0].present == ("housing", "jiefang")


def test_a_substitute_must_be_known_and_free() -> None:
    """Nobody sits on two chairs, and who has come stays."""
    world = whistled()
    for by, error in (
        ("navy", "unknown-department"),
        ("police", "illegal-transition"),
        ("housing", "illegal-transition"),
    ):
        with pytest.raises(Rejected) as refused:
            world.substitute("housing", by=by)
        assert refused.value.error == error
    world.check_in("housing")
    with pytest.raises(Rejected) as refused:
        world.substitute("housing", by="emergency")
    assert refused.value.error == "illegal-transition"


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


def test_without_a_team_there_is_nothing_to_answer() -> None:
    """And after the stand-down neither."""
    world = World()
    world.opened()
    assert refusal(world, "housing") == "illegal-transition"
    acts: list[Callable[[], object]] = [
        lambda: world.answer("housing"),
        lambda: world.substitute("housing", "civil"),
        world.stand_down,
    ]
    for act in acts:
        with pytest.raises(Rejected) as refused:
            act()
        assert refused.value.error == "illegal-transition"
    with pytest.raises(UnknownCase):
        World().command(StandDownTeam, "centre")


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
