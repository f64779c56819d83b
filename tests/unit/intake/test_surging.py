"""Surges: when many reports are one, who belongs to it, once, and when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.intake.domain import surging
from services.intake.domain.nearness import METRES_A_DEGREE, Sighting, spot_of, spots_around
from services.intake.domain.surging import Look, SurgeBook, book_id, decide_surge, next_end
from shared.contracts.base import Event
from shared.contracts.incidents import SurgeDetected, SurgeEnded, SurgeJoined, SurgeKind
from shared.decision import Decision, Tick
from shared.district.lookup import DirectoryIndex
from shared.district.policies import OneCause, Surge
from tests.unit.intake.world import DISTRICT, GRID, NOW, profile

MINUTE = timedelta(minutes=1)
POLICY = Surge(enabled=True, count=4, radius_m=300, window=timedelta(hours=1))
INDEX = DirectoryIndex(profile(surge=POLICY))
CAUSE = DirectoryIndex(profile(surge=POLICY.model_copy(update={"cause": OneCause(enabled=True, count=5)})))


def seen(number: int, *, metres: float = 0, category: str = "E06010", at: datetime = NOW) -> Sighting:
    """Return a report so many metres north of the middle."""
    case = f"620802-260701-{chr(97 + number % 26)}{chr(97 + number // 26 % 26)}{chr(97 + number // 676)}aaaaa"
    return Sighting(case, DISTRICT, category, 106.665, 35.542 + metres / METRES_A_DEGREE, at, "")


def look(sightings: Sequence[Sighting], book: SurgeBook | None = None, index: DirectoryIndex = INDEX) -> Decision:  # type: ignore[type-arg]
    """Return what a book makes of what was reported lately."""
    return decide_surge(book, Look(index, tuple(sightings)), NOW)


def tick(book: SurgeBook, now: datetime) -> Decision:  # type: ignore[type-arg]
    """Return what time makes of a book."""
    return decide_surge(book, Tick(book_id(DISTRICT)), now)


def of(decision: Decision, kind: type[Event]) -> list[Event]:  # type: ignore[type-arg]
    """Return the events of one kind."""
    return [event for event in decision.events if type(event) is kind]


FOUR = [
    seen(0, metres=0, at=NOW - 40 * MINUTE), seen(1, metres=100, category="E06036", at=NOW - 20 * MINUTE),
    seen(2, metres=200, category="P01023", at=NOW - 10 * MINUTE), seen(3, metres=150),
]  # fmt: skip


def test_many_reports_of_one_place_whatever_they_say_are_a_surge() -> None:
    """One parent with a place and the commonest category; each case hears once whose child it is."""
    decision = look([*FOUR, seen(9, metres=-400)])
    (found,) = of(decision, SurgeDetected)
    assert isinstance(found, SurgeDetected)
    assert (found.kind, found.count, found.category, found.grid) == (SurgeKind.PLACE, 4, "E06010", GRID)
    assert (found.since, found.occurred_at) == (NOW - 40 * MINUTE, NOW)
    assert found.text == "集中反映4件：暴露垃圾"
    joined = of(decision, SurgeJoined)
    assert {event.case_id for event in joined} == set(found.cases) == {one.case_id for one in FOUR}
    assert all(isinstance(event, SurgeJoined) and event.parent == found.case_id for event in joined)
    assert decision.reason == "surge"


def test_one_report_fewer_or_too_far_or_too_long_ago_is_none() -> None:
    """The count, the radius, the window."""
    assert look(FOUR[:3]).events == ()
    assert look([*FOUR[:3], seen(3, metres=600)]).events == ()
    assert look([replace(FOUR[0], at=NOW - 61 * MINUTE), *FOUR[1:]]).events == ()


def test_who_looks_again_finds_nothing_new() -> None:
    """Nor does another replica that looks at the same."""
    book = look(FOUR).state
    again = look(FOUR, book)
    assert (again.state, again.events) == (book, ())


def test_what_is_reported_there_meanwhile_joins_once_and_keeps_it_going() -> None:
    """Also of another kind; not what is elsewhere."""
    book = look(FOUR).state
    later = seen(5, metres=120, category="D0402", at=NOW + 30 * MINUTE)
    decision = look([*FOUR, later, seen(6, metres=900, at=NOW + 30 * MINUTE)], book)
    assert [event.case_id for event in decision.events] == [later.case_id]
    assert next_end(decision.state) == NOW + 90 * MINUTE
    assert look([later], decision.state).events == ()


def test_one_cause_over_a_wider_area_is_a_surge_where_the_district_says_so() -> None:
    """Of one category only."""
    spread = [seen(number, metres=700 * number, category="L0401") for number in range(5)]
    middle = [seen(2, metres=1_400, category="L0401"), *spread[:2], *spread[3:]]
    assert look(middle).events == ()
    (found,) = of(look(middle, index=CAUSE), SurgeDetected)
    assert isinstance(found, SurgeDetected)
    assert (found.kind, found.category, found.radius_m) == (SurgeKind.CAUSE, "L0401", 3_000)
    mixed = [*middle[:4], replace(middle[4], category="E06010")]
    assert look(mixed, index=CAUSE).events == ()


def test_it_ends_after_a_window_of_quiet_once() -> None:
    """And says how many cases belong to it."""
    book = look(FOUR).state
    assert tick(book, NOW + 59 * MINUTE).events == ()
    decision = tick(book, NOW + 60 * MINUTE)
    (ended,) = decision.events
    assert isinstance(ended, SurgeEnded)
    assert (ended.count, ended.occurred_at) == (4, NOW + 60 * MINUTE)
    assert next_end(decision.state) is None
    assert tick(decision.state, NOW + 61 * MINUTE).events == ()


def test_reports_of_a_surge_that_ended_make_no_other() -> None:
    """Nor does one that comes late join it: its end has been told. Many new ones after it are another."""
    book = tick(look(FOUR).state, NOW + 60 * MINUTE).state
    assert look(FOUR, book).events == ()
    assert look([seen(7, at=NOW + 30 * MINUTE)], book).events == ()
    new = [seen(number + 10, metres=10 * number, at=NOW + 70 * MINUTE) for number in range(4)]
    (found,) = of(look([*FOUR, *new], book), SurgeDetected)
    assert isinstance(found, SurgeDetected)
    assert set(found.cases) == {one.case_id for one in new}


def test_a_surge_takes_so_many_children_and_no_second_one_begins_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The document stays small; what is too much stays a case of its own."""
    monkeypatch.setattr(surging, "MAX_CHILDREN", 6)
    crowd = [seen(number) for number in range(6 + 10)]
    decision = look(crowd)
    assert len(of(decision, SurgeDetected)) == 1
    assert len(of(decision, SurgeJoined)) == 6
    assert look(crowd, decision.state).events == ()


def test_the_cells_of_a_look_hold_whatever_can_belong_to_a_surge() -> None:
    """Whichever category it has: the key of a cell knows none."""
    here = FOUR[0]
    for metres in (0.0, 299.0, -299.0):
        other = seen(7, metres=metres, category="D0402")
        assert spot_of(other, POLICY) in set(spots_around(here, POLICY))
