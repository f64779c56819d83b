"""Grid workers' recurring work: rounds begin and are judged by the clock, records count once and in their place."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.actors import Actor, PartnerKind
from shared.contracts.work import RecordAssessment, WorkerAssessed, WorkMadeGood, WorkMissed, WorkRecorded
from tests.unit.escalation.district import local
from tests.unit.escalation.township import (
    GRIDS,
    INSIDE,
    ONE,
    PATROL,
    SPECIAL,
    STREET,
    SUB,
    TWO,
    VISIT,
    Township,
)


def names(events: list[Any]) -> list[str]:
    """Return the classes of events."""
    return [type(one).__name__ for one in events]


def test_a_round_nobody_walked_is_told_once_for_the_township_after_its_grace() -> None:
    """一日两巡: two rounds a day, one message for all grids of each."""
    town = Township()
    assert town.tick("2026-07-01T12:29") == []
    assert names(town.tick("2026-07-01T12:30")) == ["WorkMissed"]
    town.tick("2026-07-02T06:00")
    assert town.missed() == [("01.08", ["001", "002"]), ("01.14", ["001", "002"])]
    told = next(one for one in town.said if isinstance(one, WorkMissed))
    assert [place.worker for place in told.places] == ["w-1", "w-2"]
    assert (told.expected, told.needed, told.excused) == (2, 1, 0)


def test_what_was_done_counts_for_its_grid_and_its_round_alone() -> None:
    """One of two grids was walked in the morning, none in the afternoon."""
    town = Township()
    town.tick("2026-07-01T09:00")
    (done,) = town.patrol()
    assert isinstance(done, WorkRecorded)
    assert (done.worker, done.points, done.number, done.holder) == ("w-1", 1, 1, None)
    town.tick("2026-07-01T19:00")
    assert town.missed() == [("01.08", ["002"]), ("01.14", ["001", "002"])]


def test_rounds_are_the_same_whether_a_sweep_ran_or_not() -> None:
    """A service that was down for two days tells the same rounds, each by its own instant."""
    swept, slept = Township(), Township()
    swept.tick("2026-07-03T06:00")
    slept.now = local("2026-07-03T06:00")
    slept.tick()
    assert slept.missed() == swept.missed()
    assert slept.beat == swept.beat


def test_a_record_from_a_telephone_that_was_offline_takes_the_miss_back() -> None:
    """It happened in the round, and became known after it was judged."""
    town = Township()
    town.tick("2026-07-01T20:00")
    said = town.patrol(at="2026-07-01T11:59")
    assert names(said) == ["WorkRecorded", "WorkMadeGood"]
    assert isinstance(said[1], WorkMadeGood)
    assert said[1].starts_at == local("2026-07-01T08:00")
    with town.refused("outside-window"):
        town.patrol(at="2026-07-01T12:00")


def test_a_second_walk_of_a_round_and_one_nonce_twice_count_for_nothing() -> None:
    """Points are not to be had by saying a thing again."""
    town = Township()
    town.tick("2026-07-01T09:00")
    town.patrol(nonce="the-same-one")
    assert town.patrol() == []
    assert town.reason == "more_than_owed"
    town.tick("2026-07-01T15:00")
    with town.refused("replayed-record"):
        town.patrol(nonce="the-same-one")
    with town.refused("replayed-record"):
        town.patrol(TWO, "w-2", nonce="the-same-one")


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"worker": "w-2"}, "not-their-grid"),
        ({"grid": "620802001001009"}, "unknown-grid"),
        ({"grid": SPECIAL, "worker": "w-3"}, "nothing-owed"),
        ({"obligation": "ride"}, "nothing-owed"),
        ({"lon": 106.68, "lat": 35.545}, "outside-grid"),
        ({"actor": Actor(partner="kongtong-town", kind=PartnerKind.TOWNSHIP, department="kongtong-town")}, "forbidden"),
    ],
)
def test_a_record_that_cannot_be_true_is_refused(fields: dict[str, Any], error: str) -> None:
    """Nothing changes, and a sentence says why."""
    town = Township()
    town.tick("2026-07-01T09:00")
    before = town.beat
    with town.refused(error):
        town.patrol(**{"grid": ONE, "worker": "w-1", **fields})
    assert town.beat == before


def test_a_position_near_the_outline_is_in_the_grid_and_none_is_refused_where_it_is_required() -> None:
    """A telephone is some metres off; 100 m are allowed."""
    town = Township(obligations=[{**PATROL, "position": "required"}])
    town.tick("2026-07-01T09:00")
    with town.refused("no-position"):
        town.patrol()
    with town.refused("outside-grid"):
        town.patrol(lon=106.6712, lat=35.545)
    assert names(town.patrol(lon=106.6710, lat=35.545)) == ["WorkRecorded"]


def test_visits_are_owed_by_the_week_and_count_when_every_question_was_asked() -> None:
    """五访五问: so many visits, so many questions at each. The week that had begun already owes nothing."""
    town = Township(obligations=[VISIT])
    with town.refused("outside-window"):
        town.visit()
    town.tick("2026-07-06T10:00")
    with town.refused("incomplete-visit"):
        town.visit(asked=("困难",))
    town.visit(**INSIDE)
    town.visit()
    town.visit(TWO, "w-2")
    town.tick("2026-07-13T00:30")
    assert town.missed() == [("06.00", ["002"])]
    assert [place.done for one in town.said if isinstance(one, WorkMissed) for place in one.places] == [1]


def test_somebody_on_leave_is_excused_and_a_substitute_owes_instead() -> None:
    """A leave without a substitute excuses the grid; with one, the substitute is who missed it and who may walk it."""
    town = Township()
    town.leave("w-1", "2026-07-01", "2026-07-02")
    town.leave("w-2", "2026-07-01", "2026-07-01", substitute="w-1")
    town.tick("2026-07-01T13:00")
    (told,) = [one for one in town.said if isinstance(one, WorkMissed)]
    assert (told.excused, [place.worker for place in told.places]) == (1, ["w-1"])
    town.tick("2026-07-01T15:00")
    (done,) = [one for one in town.patrol(TWO, "w-1") if isinstance(one, WorkRecorded)]
    assert (done.worker, done.holder) == ("w-1", "w-2")
    town.tick("2026-07-02T09:00")
    with town.refused("not-their-grid"):
        town.patrol(TWO, "w-1")


def test_a_leave_may_be_said_again_and_taken_back() -> None:
    """The same first day replaces it; what is not there cannot be taken back; strangers have no leave here."""
    town = Township()
    town.leave("w-1", "2026-07-01", "2026-07-09")
    town.leave("w-1", "2026-07-01", "2026-07-02")
    assert [one.last for one in town.state.leaves] == ["2026-07-02"]
    town.leave("w-1", "2026-07-01", "2026-07-02", cancelled=True)
    assert town.state.leaves == ()
    with town.refused("illegal-transition"):
        town.leave("w-1", "2026-07-01", "2026-07-02", cancelled=True)
    with town.refused("unknown-worker"):
        town.leave("w-9", "2026-07-01", "2026-07-02")
    with town.refused("unknown-worker"):
        town.leave("w-1", "2026-07-01", "2026-07-02", substitute="w-9")


def test_trained_and_assessed_is_who_the_township_says_and_passing_earns_points() -> None:
    """A township speaks for its own workers only."""
    town = Township(points={"assessment": 5})
    fields: dict[str, Any] = {"worker": "w-1", "subject": "考核", "score": 91}
    town.tell(RecordAssessment, STREET, **fields, passed=True)
    town.tell(RecordAssessment, STREET, **fields, passed=False)
    assert [one.points for one in town.said if isinstance(one, WorkerAssessed)] == [5, 0]
    other = Actor(partner="other-town", kind=PartnerKind.TOWNSHIP, department="other-town")
    with town.refused("forbidden"):
        town.tell(RecordAssessment, other, **fields, passed=True)


def test_new_work_is_owed_from_its_next_round_and_what_is_no_longer_asked_is_not_judged_again() -> None:
    """Nobody may be late for what was not asked for."""
    town = Township(obligations=[VISIT])
    town.tick("2026-07-06T09:00")
    town.apply_profile(4, obligations=[PATROL])
    town.tick("2026-07-07T06:00")
    assert town.missed() == [("06.14", ["001", "002"])]
    town.apply_profile(5, obligations=[])
    town.tick("2026-07-20T00:00")
    assert town.missed()[-1] == ("06.00", ["001", "002"])
    assert town.state.next_at is None


def test_a_grid_that_was_cut_into_others_owes_no_more_and_its_heirs_from_their_next_round() -> None:
    """Nobody is told that a grid was missed which is there no longer; a device that knows the old code may go on."""
    town = Township()
    town.tick("2026-07-01T09:00")
    retired = {"code": ONE, "name": "已调整网格", "successors": ["620802001001007"]}
    heir = {**GRIDS[0], "code": "620802001001007"}
    town.apply_profile(4, grids=(retired, heir, GRIDS[1]))
    town.tick("2026-07-01T13:00")
    assert town.missed() == [("01.08", ["002"])]
    town.tick("2026-07-01T15:00")
    (done,) = [one for one in town.patrol(ONE) if isinstance(one, WorkRecorded)]
    assert done.grid == heir["code"]
    town.tick("2026-07-01T19:00")
    assert town.missed()[1:] == [("01.14", ["002"])]


def test_sub_grids_owe_only_where_they_are_asked() -> None:
    """An airport's parts are walked by those of the airport, or each by its own."""
    every = {**PATROL, "grids": ["basic", "exclusive"]}
    whole, parts = Township(obligations=[every]), Township(obligations=[{**every, "sub_grids": True}])
    for town in (whole, parts):
        town.tick("2026-07-01T13:00")
    assert [whole.missed()[0][1][2:], parts.missed()[0][1][2:]] == [[SPECIAL[-3:]], [SPECIAL[-3:], SUB[-3:]]]


def test_the_document_holds_what_can_still_change_and_no_more() -> None:
    """After two weeks of patrols and visits it is as large as after four days."""
    town = Township()
    sizes = []
    for day in range(1, 15):
        town.tick(f"2026-07-{day:02}T09:00")
        town.patrol()
        sizes.append(len(town.state.rounds))
    assert max(sizes[5:]) <= 2 * 4 + 2
    oldest = min(one.ends_at for one in town.state.rounds)
    assert town.now - oldest < timedelta(days=12)
