"""What the year compares: every thing behind a figure, whatever the rates say; and what the exit status is then."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.cli import year as command
from deploy.year.expected import NAMES, Book
from deploy.year.result import Result, differences, rows

EVENT, DISPUTE = "620802-260101-aaaaaaaa", "620802-260101-bbbbbbbb"


def book(**figures: Counter[tuple[str, str, int | None]]) -> Book:
    """Return a book with these figures and else nothing."""
    return {name: figures.get(name, Counter()) for name in NAMES}


def result(**more: Any) -> Result:
    """Return a run that went well, or did not in what is given."""
    empty: dict[str, Any] = dict.fromkeys(("rows", "differences", "refused", "unanswered", "conservation"), ())
    whole = {"days": 1, "scale": 1, "seed": 1, "broker": "kafka", "reports": 0, "commands": 0, "events_heard": 0}
    return Result(**{**whole, **empty, "steps": 0, "counts": {}, "play_seconds": 0, "wall_seconds": 0, **more})


def test_two_mistakes_that_make_the_same_rate_are_two_differences() -> None:
    """One case closed and another open gives the same closing rate as the other way round."""
    planned = book(cases=Counter({(EVENT, "closed", None): 1, (DISPUTE, "open", None): 1}))
    ours = book(cases=Counter({(EVENT, "open", None): 1, (DISPUTE, "closed", None): 1}))
    found = [(one.case, one.part, one.planned) for one in differences(planned, ours)]
    assert found == [
        (EVENT, "closed", True), (DISPUTE, "open", True), (EVENT, "open", False), (DISPUTE, "closed", False),
    ]  # fmt: skip


def test_a_millisecond_is_a_difference() -> None:
    """Handling times are compared as they are."""
    planned, ours = (book(handling_time=Counter({(EVENT, "closed", spent): 1})) for spent in (60_000, 60_001))
    assert {one.milliseconds for one in differences(planned, ours)} == {60_000, 60_001}


def test_disputes_are_no_part_of_the_closing_rate_of_events() -> None:
    """The district publishes the two apart."""
    closing: Counter[tuple[str, str, int | None]] = Counter({(EVENT, "closed", None): 1, (DISPUTE, "open", None): 1})
    first = next(rows(book(closing_rate=closing), book(closing_rate=closing), [DISPUTE]))
    assert (first.planned, first.ours) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("wrong", "status"), [({}, 0), ({"refused": ("router: unknown-case",)}, 1), ({"conservation": ("one is lost",)}, 1)]
)
def test_the_exit_status_says_whether_all_is_as_planned(
    monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any], status: int
) -> None:
    """What was refused or lost ends the command with 1, and is named."""

    async def played(*_: object) -> Result:
        return result(**wrong)

    monkeypatch.setattr(command, "play_year", played)
    done = CliRunner().invoke(command.app, [])
    assert done.exit_code == status
    assert all(line in done.stdout for lines in wrong.values() for line in lines)
