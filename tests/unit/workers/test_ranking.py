"""Grid workers' records and places, from what a ledger says of them by an instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from deploy.figures.book import Book
from deploy.workers.lines import Line, lines
from deploy.workers.ranking import rounds, standings, within
from shared.district.lookup import DirectoryIndex
from shared.district.model import Profile
from shared.ledger.rows import Entry

ZONE = ZoneInfo("Asia/Shanghai")
TOWNSHIP, OTHER = "620802001", "620802002"
ONE, TWO = f"{TOWNSHIP}001001", f"{TOWNSHIP}001002"
MORNING = datetime(2026, 7, 1, 0, tzinfo=UTC)
MARKS = count(1)
LIMIT = "1 clock_hours"
PROFILE = DirectoryIndex(
    Profile.model_validate({
        "code": "620802",
        "name": "崆峒区",
        "departments": [{"code": "centre", "name": "综治中心", "kind": "centre"}],
        "partners": [{"id": "app", "name": "app", "kind": "grid_app"}, {"id": "hot", "name": "hot", "kind": "other"}],
        "grids": [{"code": ONE, "name": "一", "worker": "a"}, {"code": TWO, "name": "二", "worker": "b"}],
        "default": {"lead": "centre", "accept": LIMIT, "stages": [f"x={LIMIT}"], "verify": LIMIT},
        "work": {"points": {"report": 2, "handled": 1}},
    })
)  # fmt: skip


def entry(type_: str, at: datetime = MORNING, case: str = "620802-001000-workbook", **values: Any) -> Entry:
    """Return an entry of the ledger."""
    return Entry(type_, case, next(MARKS), at, values)


def patrol(worker: str, grid: str = ONE, at: datetime = MORNING, points: int = 1, **more: Any) -> Entry:
    """Return a patrol that counts."""
    said = {"township": grid[:9], "obligation": "patrol", "kind": "patrol", "starts_at": MORNING.isoformat()}
    return entry("work.recorded", at, **said, grid=grid, worker=worker, points=points, **more)


def missed(*workers: tuple[str, str], at: datetime = MORNING) -> Entry:
    """Return a round missed by workers in grids."""
    said: dict[str, Any] = {"township": TOWNSHIP, "obligation": "patrol", "kind": "patrol", "needed": 1}
    times = {"starts_at": at.isoformat(), "ends_at": (at + timedelta(hours=4)).isoformat()}
    places = [{"grid": grid, "worker": worker} for worker, grid in workers]
    return entry("work.missed", at, **said, **times, places=places)


def leave(worker: str, first: str, last: str, **more: Any) -> Entry:
    """Return a leave."""
    return entry("worker.on-leave", **{"township": TOWNSHIP, "worker": worker, "first": first, "last": last, **more})


def told(*entries: Entry) -> list[Line]:
    """Return the lines of a ledger that says this."""
    return list(lines(Book.of(entries), ZONE, lambda _: PROFILE))


def test_points_of_a_month_give_places_and_equals_share_one() -> None:
    """1, 2, 2, 4; in the township among its own only. The month is that of the district, not of Greenwich."""
    midnight = datetime(2026, 7, 31, 16, 30, tzinfo=UTC)
    entries = [
        patrol("a", points=5), patrol("b", points=3), patrol("c", f"{OTHER}001001", points=3), patrol("d", points=1),
        patrol("d", at=midnight, points=9),
    ]  # fmt: skip
    ranked = standings(within(told(*entries), ZONE, "2026-07"))
    assert [(who.worker, who.place, who.place_in_township) for who in ranked] == [
        ("a", 1, 1),
        ("b", 2, 2),
        ("c", 2, 1),
        ("d", 4, 3),
    ]
    assert [who.points for who in standings(within(told(*entries), ZONE, "2026-08"))] == [9]


def test_a_miss_that_was_made_good_or_is_excused_by_now_does_not_count() -> None:
    """What is known later changes what is asked later, and nothing that was asked before."""
    miss = missed(("a", ONE), ("b", TWO))
    good = entry("work.made-good", township=TOWNSHIP, obligation="patrol", starts_at=MORNING.isoformat(), grid=ONE)
    assert [(one.worker, one.what) for one in told(miss)] == [("a", "missed"), ("b", "missed")]
    excused = leave("b", "2026-07-01", "2026-07-01")
    found = [one for one in told(miss, good, excused) if one.what != "leave"]
    assert [(one.worker, one.what) for one in found] == [("b", "excused")]
    back = entry("worker.on-leave", MORNING + timedelta(hours=1), **{**excused.values, "cancelled": True})
    assert [one.what for one in told(miss, good, excused, back)] == ["missed"]
    (row,) = rounds(told(miss, good, excused, patrol("a")))
    assert (row.done, row.missed, row.excused, row.rate) == (1, 0, 1, 1.0)


def test_a_solved_case_is_worth_something_until_it_is_open_again() -> None:
    """To who reported it, and to who has the grid in which it lies by then."""
    case = "620802-260701-aaaaaaaa"
    opened = entry("case.opened", case=case, grid=ONE, partner="app", profile_version=1)
    closed = entry("case.closed", MORNING + timedelta(hours=2), case, episode=1)
    moved = entry("case.moved", MORNING + timedelta(hours=1), case, grid=TWO, from_grid=ONE, profile_version=2)
    again = entry("case.reopened", MORNING + timedelta(hours=3), case, episode=2)
    assert told(opened) == []
    assert [(one.worker, one.what, one.points) for one in told(opened, closed)] == [
        ("a", "report", 2),
        ("a", "handled", 1),
    ]
    assert [(one.worker, one.what) for one in told(opened, moved, closed)] == [("a", "report"), ("b", "handled")]
    assert told(opened, closed, again) == []
    hotline = entry("case.opened", case=case, grid=ONE, partner="hot", profile_version=1)
    assert [one.what for one in told(hotline, closed)] == ["handled"]


def test_what_the_ledger_says_twice_counts_once() -> None:
    """An event that is published again has the same mark."""
    walked = patrol("a")
    assert len(told(walked, walked)) == 1
