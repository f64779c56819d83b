"""What each figure counts, from what a ledger says, in whichever order it says it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from deploy.figures.answer import Question, behind, whole_as_json
from deploy.figures.book import Book
from deploy.figures.catalogue import BY_NAME
from deploy.figures.items import By
from deploy.figures.reading import instant_of
from deploy.figures.sums import grouped, total
from shared.ledger.rows import Entry

NINE = datetime(2026, 7, 1, 1, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
CASE = "620802-260701-aaaaaaaa"
_marks = count()


def said(type_: str, case: str = CASE, minutes: float = 0, **values: Any) -> Entry:
    """Return an entry, so many minutes after nine."""
    return Entry(type_, case, next(_marks), NINE + timedelta(minutes=minutes), values)


def opened(case: str = CASE, **values: Any) -> Entry:
    """Return the opening of a case."""
    facts: dict[str, Any] = {"partner": "grid-app", "grid": "g-1", "township": "t-1", "category": "E06010"}
    return said("case.opened", case, **{**facts, "lead": "housing", "opened_at": NINE.isoformat(), **values})


def clock(type_: str, minutes: float, **values: Any) -> Entry:
    """Return what was said of housing's handling clock."""
    return said(
        f"clock.{type_}", minutes=minutes, clock_id="housing#1/handle", kind="handle", owner="housing", **values
    )


def found(name: str, entries: Sequence[Entry]) -> tuple[int, int, dict[str, int]]:
    """Return a figure: n, of, parts; the same whichever way round, and when everything is said twice."""
    sums = [
        total(BY_NAME[name].items(Book.of(one))) for one in (entries, list(reversed(entries)), [*entries, *entries])
    ]
    assert sums[0] == sums[1] == sums[2]
    return sums[0].n, sums[0].of, sums[0].parts


def ended(verdict: str, original: str, minutes: float = 30) -> Entry:
    """Return the end of the clock."""
    return clock("stopped", minutes, verdict=verdict, original_verdict=original)


@pytest.mark.parametrize(
    ("entries", "rate", "original"),
    [
        ([], (0, 0, {}), (0, 0, {})),
        ([ended("on_time", "late")], (1, 1, {"on_time": 1}), (0, 1, {"late": 1})),
        ([ended("void", "void")], (0, 0, {}), (0, 0, {})),
        ([clock("breached", 10)], (0, 1, {"overdue": 1}), (0, 1, {"overdue": 1})),
        ([clock("breached", 10), clock("breach-withdrawn", 20)], (0, 0, {}), (0, 0, {})),
        (
            [clock("breached", 10), clock("breach-withdrawn", 20), clock("breached", 40)],
            (0, 1, {"overdue": 1}),
            (0, 1, {"overdue": 1}),
        ),
        ([clock("breached", 10), ended("late", "late")], (0, 1, {"late": 1}), (0, 1, {"late": 1})),
    ],
)
def test_a_task_is_judged_by_both_limits_once_it_has_ended_or_is_overdue(
    entries: list[Entry], rate: tuple[Any, ...], original: tuple[Any, ...]
) -> None:
    """A breach that was withdrawn is none; a clock that ceased to matter says nothing of anybody."""
    assert found("on_time_rate", [opened(), *entries]) == rate
    assert found("on_time_rate_original", [opened(), *entries]) == original


def closed(minutes: float, episode: int = 1, seconds: float = 60) -> Entry:
    """Return a closing."""
    told: dict[str, Any] = {"episode": episode, "handling_seconds": seconds, "department": "housing"}
    return said("case.closed", minutes=minutes, **told)


def test_a_reopened_case_is_open_until_it_is_closed_again() -> None:
    """The state is that of the newest episode."""
    entries = [opened(), closed(10), said("case.reopened", minutes=20, episode=2)]
    assert found("closing_rate", entries) == (0, 1, {"open": 1})
    assert found("closing_rate", [*entries, closed(30, 2)]) == (1, 1, {"closed": 1})
    assert found("closing_rate", [opened(), said("case.withdrawn", minutes=5, episode=1)]) == (0, 0, {})


def test_a_case_closed_again_took_what_its_last_closing_says_even_if_that_is_dated_back() -> None:
    """Of two episodes the second counts, whenever its work is said to have been done."""
    again = [opened(), closed(50, seconds=3_000), said("case.reopened", minutes=60, episode=2), closed(40, 2, 2_400)]
    figure = BY_NAME["handling_time"]
    assert total(figure.items(Book.of(again))).as_json(figure.kind)["mean_seconds"] == 2_400


def test_times_are_exact() -> None:
    """Mean, median and 90th percentile of ten cases; of two the median lies between."""
    entries = [
        one
        for number in range(1, 11)
        for one in (
            opened(f"620802-260701-aaaaaaa{chr(96 + number)}"),
            said("case.closed", f"620802-260701-aaaaaaa{chr(96 + number)}", episode=1, handling_seconds=number * 0.1,
                 department="housing"),
        )
    ]  # fmt: skip
    figure = BY_NAME["handling_time"]
    ten = total(figure.items(Book.of(entries))).as_json(figure.kind)
    assert ten == {
        "count": 10, "sum_seconds": 5.5, "mean_seconds": 0.55, "median_seconds": 0.55, "p90_seconds": 0.9,
    }  # fmt: skip
    two = total(figure.items(Book.of(entries[:4]))).as_json(figure.kind)
    assert (two["median_seconds"], two["p90_seconds"]) == (0.15, 0.2)


def test_a_report_taken_out_of_a_case_is_no_merged_one_any_more() -> None:
    """It is the first of a case of its own."""
    own = "620802-260701-bbbbbbbb"
    entries = [said("report.accepted"), said("report.merged", merged_case_id=own)]
    assert found("reports", entries) == (2, 2, {"merged": 1, "opened": 1})
    entries += [said("report.unmerged", minutes=9, own_case_id=own), said("report.accepted", own, minutes=9)]
    assert found("reports", entries) == (2, 2, {"opened": 2})


def test_who_checked_in_late_and_who_only_said_so_late() -> None:
    """A check-in that arrives after the absence was noted says when it was."""
    team: dict[str, Any] = {"team_id": "team#1", "round": 1}
    absent = [said("team.absent", minutes=30, department=one, **team) for one in ("housing", "water", "police")]
    came: dict[str, Any] = {"muster_seconds": 600.0, **team}
    entries = [
        *absent,
        said("team.checked-in", minutes=10, department="water", on_time=True, **came),
        said("team.checked-in", minutes=45, department="police", on_time=False, **came),
    ]
    assert found("muster_attendance", entries) == (1, 3, {"absent": 1, "late": 1, "on_time": 1})


def tier(type_: str, tier_: str, minutes: float = 0, **values: Any) -> Entry:
    """Return what was said of a tier."""
    return said(f"tier.{type_}", minutes=minutes, tier_id=f"tier#{tier_}", tier=tier_, owner="street", **values)


def test_agreed_and_fulfilled_are_counted_apart() -> None:
    """At which tier, and what became of the newest agreement."""
    running = [opened(), tier("entered", "community")]
    assert found("dispute_success", running) == (0, 0, {})
    failed = [*running, tier("ended", "community", 5, outcome="failed")]
    assert found("dispute_success", failed) == (0, 1, {"not_agreed": 1})
    up = [*failed, tier("entered", "gold", 5)]
    assert found("dispute_success", up) == (0, 0, {})
    agreed = [*up, tier("ended", "gold", 9, outcome="agreement"), said("agreement.signed", minutes=9, agreement=1)]
    assert found("dispute_success", agreed) == (1, 1, {"agreed": 1})
    assert found("first_level_settlement", agreed) == (0, 1, {"gold": 1})
    assert found("dispute_fulfilment", agreed) == (0, 1, {"running": 1})
    broken = [*agreed, said("agreement.breached", minutes=20, agreement=1)]
    assert found("dispute_fulfilment", broken) == (0, 1, {"breached": 1})
    assert found("dispute_fulfilment", [*broken, said("agreement.signed", minutes=30, agreement=2)])[2] == {
        "running": 1
    }
    assert found("dispute_fulfilment", [*broken, said("agreement.fulfilled", minutes=30, agreement=1)])[0] == 1


def test_a_patrol_missed_is_done_when_it_was_only_recorded_late() -> None:
    """A grid and a round at a time; half of what is owed is not done."""
    book, times = "620802-001000-workbook", {"obligation": "two-rounds", "kind": "patrol", "starts_at": "2026-07-01"}
    missed = said("work.missed", book, 60, places=[{"grid": "g-1"}, {"grid": "g-2"}], **times)
    half = said("work.recorded", book, 10, grid="g-3", number=1, needed=2, **times)
    late = said("work.recorded", book, 50, grid="g-1", number=2, needed=2, **times)
    assert found("patrols", [missed, half]) == (0, 2, {"missed": 2})
    assert found("patrols", [missed, half, late]) == (1, 2, {"done": 1, "missed": 1})
    assert found("visits", [missed, late]) == (0, 0, {})


def test_an_advisory_is_proposed_issued_answered_and_judged_by_its_effect() -> None:
    """Each step has its own figure; a file has several advisories one after the other."""
    file = "620802-000000-aaaaaaaa"
    entries = [said("advisory.proposed", file, episode=1, addressee="court", area="620802001")]
    assert found("advisories_issued", entries) == (0, 1, {"proposed": 1})
    entries += [said("advisory.issued", file, 5, episode=1), said("advisory.proposed", file, 9, episode=2)]
    entries += [said("advisory.declined", file, 10, episode=2)]
    assert found("advisories_issued", entries) == (1, 2, {"declined": 1, "issued": 1})
    entries += [said("advisory.replied", file, 20, episode=1, adopted=False)]
    assert found("advisories_replied", entries) == (1, 1, {"not_adopted": 1})
    entries += [said("advisory.measured", file, 99, episode=1, effect="fell")]
    assert found("advisory_effect", entries) == (1, 1, {"fell": 1})


def test_a_day_is_the_districts_and_a_moved_case_is_where_it_is() -> None:
    """Past midnight in Beijing is still yesterday in Greenwich; a grid that was re-cut is the new one."""
    night = datetime(2026, 6, 30, 16, 17, tzinfo=UTC)
    entries = [opened(opened_at=night.isoformat()), said("case.moved", minutes=1, grid="g-9", township="t-1")]
    items = behind(BY_NAME["cases"], Book.of(entries))
    assert list(grouped(items, By.DAY, ZONE)) == ["2026-07-01"]
    assert list(grouped(items, By.GRID, ZONE)) == ["g-9"]


def test_a_case_in_triage_is_of_the_day_of_its_report() -> None:
    """Whatever is said to have happened to it before."""
    items = behind(BY_NAME["cases"], Book.of([said("case.triaged"), said("case.linked", minutes=-3_000)]))
    assert list(grouped(items, By.DAY, ZONE)) == ["2026-07-01"]


def test_a_case_that_began_before_the_ledger_is_left_out_and_said_so() -> None:
    """After an upgrade; a township's work book is no case."""
    entries = [opened(), closed(5), said("case.closed", "620802-250101-aaaaaaaa", episode=1), said("work.missed", "b")]
    told = whole_as_json(Book.of(entries), Question("620802", NINE, ZONE), None)
    assert told["without_beginning"] == 1
    assert told["figures"]["closing_rate"] == {"n": 1, "of": 1, "rate": 1.0, "parts": {"closed": 1}}


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-07-01T09:00:00+08:00", NINE),
        ("2026-07-01T09:00", NINE),
        ("2026-07-01", datetime(2026, 7, 1, 15, 59, 59, 999000, tzinfo=UTC)),
    ],
)
def test_an_instant_without_an_offset_is_the_districts(text: str, instant: datetime) -> None:
    """A day alone means up to its end."""
    assert instant_of(text, ZONE) == instant
