"""What every figure must be at the end, from the plan alone: a case, what became of it, how long it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from deploy.year.lives import DisputeLife, EventLife, Life, Plan

Said = tuple[str, str, int | None]
"""Case (of rounds, the grid), what became of it, milliseconds."""

Book = dict[str, Counter[Said]]
NAMES = (
    "reports", "cases", "closing_rate", "handling_time", "on_time_rate", "refusals", "muster_attendance",
    "dispute_success", "first_level_settlement", "dispute_fulfilment", "patrols", "visits", "duties",
)  # fmt: skip
MILLISECOND = timedelta(milliseconds=1)


def expected(plan: Plan, rounds: Counter[tuple[str, str, str]]) -> Book:
    """Return what is behind each figure when the last day is over."""
    book: Book = {name: Counter() for name in NAMES}
    for life in plan.lives.values():
        _whole(book, life, plan.end)
        for name, part in of_event(life, plan.end) if isinstance(life, EventLife) else of_dispute(life, plan.end):
            book[name][life.case, part, None] += 1
    for (name, grid, part), count in rounds.items():
        book[name][grid, part, None] += count
    return book


def _whole(book: Book, life: Life, end: datetime) -> None:
    state, handled = state_of(life, end)
    book["cases"][life.case, state, None] += 1
    if state != "withdrawn":
        book["closing_rate"][life.case, state, None] += 1
    if handled is not None:
        book["handling_time"][life.case, "closed", (handled - life.opened) // MILLISECOND] += 1
    book["reports"][life.case, "opened", None] += 1
    if isinstance(life, EventLife) and life.twins:
        book["reports"][life.case, "merged", None] += life.twins


def state_of(life: Life, end: datetime) -> tuple[str, datetime | None]:
    """Return how a case stands at an instant, and when it was handled if it is closed."""
    if isinstance(life, EventLife):
        if life.withdrawn is not None:
            return "withdrawn", None
        return ("closed", life.done[-1]) if life.closes is not None and life.closes <= end else ("open", None)
    if life.fate != "agreed":
        over = life.tiers[-1].ends
        return ("closed", over) if over is not None and over <= end else ("open", None)
    kept = all(one.met is not None and one.met <= end for one in life.promised)
    return ("closed", life.signed) if kept else ("open", None)


def of_event(life: EventLife, end: datetime) -> Iterator[tuple[str, str]]:
    """Yield what an event adds to the figures of tasks and teams."""
    yield from _called(life)
    for number in range(_episodes(life, end)):
        yield from (("refusals", "kept") for _ in life.assists)
        if life.fate == "withdrawn":
            yield "refusals", "kept"
            continue
        helped = life.assisted[number] <= end
        yield from (("on_time_rate", "on_time") for _ in life.assists if helped)
        yield from _lead(life, life.done[number], end)


def _called(life: EventLife) -> Iterator[tuple[str, str]]:
    """Yield who is called by the whistle: where a team is wanted all come, and nobody to what is stuck for good."""
    if life.joint:
        yield from (("muster_attendance", "on_time") for _ in (life.lead, *life.assists))
    elif life.fate == "stuck":
        yield "muster_attendance", "absent"


def _episodes(life: EventLife, end: datetime) -> int:
    """Return how often departments were given work: at first, and again when somebody looked and it was not done."""
    begun = life.classified or life.opened
    again = [one for one in life.verified[:-1] if one is not None]
    return sum(one <= end for one in (begun, *again))


def _lead(life: EventLife, done: datetime | None, end: datetime) -> Iterator[tuple[str, str]]:
    if life.returned is not None:
        gone = life.returned <= end
        yield "refusals", "returned" if gone else "kept"
        if life.reassigned is not None and life.reassigned <= end:
            yield "refusals", "kept"
    else:
        yield "refusals", "kept"
    if done is not None and done <= end:
        yield "on_time_rate", "late" if life.fate == "late" else "on_time"
    elif life.fate == "stuck":
        yield "on_time_rate", "overdue"


def of_dispute(life: DisputeLife, end: datetime) -> Iterator[tuple[str, str]]:
    """Yield what a dispute adds to the figures of mediation."""
    over = life.tiers[-1].ends
    if over is None or over > end:
        return
    if life.fate != "agreed":
        yield "dispute_success", "not_agreed"
        return
    yield "dispute_success", "agreed"
    yield "first_level_settlement", life.tiers[-1].tier
    kept = state_of(life, end)[0] == "closed"
    broken = life.breached is not None and life.breached <= end
    yield "dispute_fulfilment", "fulfilled" if kept else "breached" if broken else "running"
