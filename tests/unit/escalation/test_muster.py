"""The team after the whistle: answers, substitutes, absence, quorum, rounds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.contracts.commands import StandDownTeam
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
from tests.unit.escalation.district import local
from tests.unit.escalation.world import World, names, of, refusal, seat, whistled


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
