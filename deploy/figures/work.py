"""Figures of reports, cases and tasks: what came in, what was ended, in time, how fast, and what was refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from deploy.figures.book import PLACE, Book, CaseBook
from deploy.figures.items import Figure, Item, Kind
from shared.ledger.rows import Entry

HANDLE = "handle"


def reports(book: Book) -> Iterator[Item]:
    """Accepted reports, each by whether it opened a case or was merged into one."""
    for case, entry in book.entries("report.accepted", "report.merged"):
        if _taken_out(case, entry):
            continue
        told: dict[str, Any] = {field: str(entry.values.get(name, "")) for field, name in PLACE.items()}
        part = "opened" if entry.type == "report.accepted" else "merged"
        yield Item(case.id, part, entry.occurred_at, department=case.lead, **told)


def _taken_out(case: CaseBook, entry: Entry) -> bool:
    """Say whether a merged report was taken out of the case again: it has been accepted for one of its own."""
    own = {one.values.get("own_case_id") for one in case.of("report.unmerged")}
    return entry.type == "report.merged" and entry.values.get("merged_case_id") in own


def cases(book: Book) -> Iterator[Item]:
    """Cases by the state they are in."""
    for case in book.begun:
        yield case.item(case.state, case.opened_at)


def surges(book: Book) -> Iterator[Item]:
    """Surges and the cases that belong to one."""
    for case, entry in book.entries("surge.detected", "surge.joined"):
        part = "parent" if entry.type == "surge.detected" else "child"
        yield case.item(part, entry.occurred_at)


def closing(book: Book) -> Iterator[Item]:
    """Cases that were not withdrawn, by whether they are closed."""
    return (
        case.item(case.state, case.opened_at, counts=case.state == "closed")
        for case in book.begun
        if case.state != "withdrawn"
    )


def handling(book: Book) -> Iterator[Item]:
    """Closed cases, each with how long it took from the report to the lead's completion."""
    for case in book.begun:
        last = case.last("case.closed")
        if case.state == "closed" and last is not None:
            took = round(1000 * last.values["handling_seconds"])
            yield case.item("closed", case.opened_at, milliseconds=took, department=str(last.values["department"]))


def on_time(book: Book) -> Iterator[Item]:
    """Tasks by the limit as it stood in the end."""
    return _judged(book, "verdict")


def on_time_original(book: Book) -> Iterator[Item]:
    """Tasks by the limit they began with."""
    return _judged(book, "original_verdict")


def _judged(book: Book, verdict: str) -> Iterator[Item]:
    for case in book.having("clock.stopped", "clock.breached"):
        for stopped, late_since in _clocks(case, HANDLE):
            if stopped is not None:
                part = str(stopped.values[verdict])
                if part != "void":
                    owner = str(stopped.values["owner"])
                    yield case.item(part, stopped.occurred_at, counts=part == "on_time", department=owner)
            elif late_since is not None:
                owner = str(late_since.values["owner"])
                yield case.item("overdue", late_since.occurred_at, counts=False, department=owner)


def _clocks(case: CaseBook, kind: str) -> Iterator[tuple[Entry | None, Entry | None]]:
    """Yield each clock of a kind: its end if it has ended, and else the breach that stands."""
    found: dict[str, list[Entry]] = {}
    for entry in case.of("clock.stopped", "clock.breached", "clock.breach-withdrawn"):
        if entry.values.get("kind") == kind:
            found.setdefault(str(entry.values["clock_id"]), []).append(entry)
    for entries in found.values():
        breaches = [one for one in entries if one.type == "clock.breached"]
        withdrawn = sum(one.type == "clock.breach-withdrawn" for one in entries)
        stopped = next((one for one in entries if one.type == "clock.stopped"), None)
        standing = max(breaches, key=_moment) if len(breaches) > withdrawn else None
        yield stopped, standing


def _moment(entry: Entry) -> tuple[datetime, int]:
    return entry.occurred_at, entry.mark


def refusals(book: Book) -> Iterator[Item]:
    """Tasks that were assigned, by whether the department returned them."""
    for case in book.having("task.assigned"):
        returned = {str(one.values["task_id"]) for one in case.of("task.returned")}
        for entry in case.of("task.assigned"):
            refused = str(entry.values["task_id"]) in returned
            department = str(entry.values["department"])
            part = "returned" if refused else "kept"
            yield case.item(part, entry.occurred_at, counts=refused, department=department)


FIGURES = (
    Figure(
        "reports", "受理数", Kind.COUNT,
        "Reports that intake accepted: `opened` got a case of their own, `merged` were joined to one. By the day of "
        "the report.",
        reports,
    ),
    Figure(
        "cases", "案件数", Kind.COUNT,
        "Cases by state at that moment: open (triage included), closed, withdrawn; a surge's parent is a case. By the "
        "day of the first report.",
        cases,
    ),
    Figure(
        "surges", "群体性事件", Kind.COUNT,
        "Surges, each a `parent` case that belongs to no report, and the cases that belong to one, `child`.",
        surges,
    ),
    Figure(
        "closing_rate", "办结率", Kind.RATIO,
        "Closed cases, of all that were not withdrawn. A reopened case is open. By the day of the first report, the "
        "department that leads.",
        closing,
    ),
    Figure(
        "on_time_rate", "按时办结率", Kind.RATIO,
        "Tasks whose handling clock ended in time, of those that ended and those overdue at that moment; extensions "
        "and holds count. Clocks that ceased to matter (re-routed, withdrawn) do not. By the day it ended or ran out.",
        on_time,
    ),
    Figure(
        "on_time_rate_original", "原时限按时率", Kind.RATIO,
        "The same by the limit the task began with, as if nobody had extended it; an extended task counts once it has "
        "ended or is overdue.",
        on_time_original,
    ),
    Figure(
        "handling_time", "办理时长", Kind.SPAN,
        "From the reporter's clock to the lead's completion, of closed cases; waiting, refusals, reopening included. "
        "The 90th percentile is the value at rank ceil(0.9 n).",
        handling,
    ),
    Figure(
        "refusals", "退单率", Kind.RATIO,
        "Tasks that a department returned, of all that were assigned to it. By the day of the assignment.",
        refusals,
    ),
)  # fmt: skip
