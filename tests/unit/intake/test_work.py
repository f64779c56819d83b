"""Commands about grid workers' own work: the book they belong in, and nobody who is not of the profile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.intake.domain.desk import Desk
from shared.contracts.work import RecordPatrol, RecordTraining
from shared.decision import Poison
from shared.district.areas import Grid
from shared.district.lookup import DirectoryIndex
from tests.unit.intake.world import DISTRICT, GRID, INDEX, NEXT_GRID, SENT, command, envelope

GRIDS = (
    Grid(code=GRID, name="一", worker="w-1"),
    Grid(code=NEXT_GRID, name="二", worker="w-2"),
    Grid(code="620802001001900", name="旧", successors=(NEXT_GRID,)),
)
DESK = Desk({DISTRICT: DirectoryIndex(INDEX.profile.model_copy(update={"grids": GRIDS}))})


def patrol(**more: Any) -> dict[str, Any]:
    """Return a bare record of a patrol, which names no case."""
    return command("patrol.record", case_id=None, **{"worker": "w-1", "grid": GRID, "nonce": "n-0001-a", **more})


def test_a_record_gets_the_number_of_its_township_s_book_whatever_it_says() -> None:
    """It is the key by which what happens in one township is read in order."""
    found = DESK.command(envelope(patrol()))
    assert isinstance(found, RecordPatrol)
    assert (found.case_id, found.worker, found.actor.partner) == ("620802-001000-workbook", "w-1", "grid-app")
    assert DESK.command(envelope({**patrol(), "case_id": "620802-009000-workbook"})).case_id == "620802-001000-workbook"
    assert DESK.check(envelope(patrol())) == "620802-001000-workbook"


def test_a_code_from_before_a_re_cut_is_that_of_its_heir() -> None:
    """A device may know the old cut."""
    found = DESK.command(envelope(patrol(grid="620802001001900", worker="w-2")))
    assert isinstance(found, RecordPatrol)
    assert found.grid == NEXT_GRID


def test_a_training_goes_where_its_worker_works() -> None:
    """And is the township's or the centre's to tell."""
    payload = command("training.record", case_id=None, worker="w-1", course="电话13800000000", hours=2)
    found = DESK.command(envelope(payload, "t-dongguan"))
    assert isinstance(found, RecordTraining)
    assert (found.case_id, found.course) == ("620802-001000-workbook", "电话138****0000")
    with pytest.raises(Poison, match="may not give"):
        DESK.command(envelope(payload, "grid-app"))


def test_a_record_is_believed_as_far_back_as_any_other() -> None:
    """Offline is good for two days, and what is older counts from now, with the claim kept."""
    old = DESK.command(envelope(patrol(occurred_at=(SENT - timedelta(days=9)).isoformat())))
    assert (old.occurred_at, old.backdated_from) == (SENT, SENT - timedelta(days=9))


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({"worker": "王某某"}, "worker: nobody"),
        ({"grid": "620802001001999"}, "grid: is not one"),
        ({"grid": 7}, "grid: is not one"),
        ({"nonce": "short"}, "nonce: "),
        ({"lat": 91}, "lat: "),
        ({"lon": "east"}, "lon: "),
    ],
)
def test_a_wrong_field_is_named_and_no_name_of_a_person_is_said_again(more: dict[str, Any], line: str) -> None:
    """Neither on the bus nor in the letter."""
    with pytest.raises(Poison) as caught:
        DESK.command(envelope(patrol(**more)))
    assert caught.value.error == "invalid-command"
    assert caught.value.message.startswith(line)
    assert "王某某" not in caught.value.message


def test_a_substitute_is_somebody_of_the_profile_too() -> None:
    """A leave names two people."""
    leave = command("worker.leave", case_id=None, worker="w-1", first="2026-07-01", last="2026-07-02")
    assert DESK.command(envelope({**leave, "substitute": "w-2"}, "t-dongguan")).case_id == "620802-001000-workbook"
    for wrong in ({"substitute": "张某"}, {"last": "2026-06-30"}, {"last": "2206-07-02"}):
        with pytest.raises(Poison) as caught:
            DESK.command(envelope({**leave, **wrong}, "t-dongguan"))
        assert caught.value.error == "invalid-command"


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (patrol(grid="620171101002001"), "forbidden"),
        (patrol(grid=None), "invalid-command"),
    ],
)
def test_another_district_s_grid_is_not_this_topic_s(payload: dict[str, Any], error: str) -> None:
    """And a patrol without a grid is none."""
    with pytest.raises(Poison) as caught:
        DESK.command(envelope(payload))
    assert caught.value.error == error
