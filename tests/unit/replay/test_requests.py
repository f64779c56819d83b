"""The rows of a 311 file: what is read, and which of them are judged how."""

from __future__ import annotations

import gzip
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from deploy.replay.feed import case_of, items
from deploy.replay.judge import Judge
from deploy.replay.phases import phases
from deploy.replay.profile import CITY, MESSAGES, write_city, write_messages
from deploy.replay.requests import Request, UnreadableRowError, peculiar, read, skipped
from shared.contracts.base import Event
from shared.contracts.escalations import ClockBreached, ClockKind, ClockStopped, Verdict
from shared.district.loader import load

HEAD = "case_enquiry_id,open_dt,target_dt,closed_dt,ontime,department,reason,type,location,latitude,longitude\n"
ROWS = (
    "1,2011-07-01 08:00:00,2011-07-02 08:00:00,2011-07-01 09:00:00,ONTIME,PWDx,Street,Light,Here,42.1,-71.1\n"
    "2,2011-07-01 08:00:00,2011-07-02 08:00:00,2011-07-03 09:00:00,OVERDUE,PWDx,Street,Light,Here,42.1,-71.1\n"
    "3,2011-07-01 08:00:00,2011-07-02 08:00:00,,OVERDUE,ISD,Street,Light,Here,,\n"
    "4,2011-07-01 08:00:00,,,ONTIME,,Street,Light,Here,,\n"
    "4,2011-07-01 08:00:00,2011-07-01 08:00:00,2011-07-01 08:00:00,,BHA_,Street,Light,Here,,\n"
    "5,2011-07-01 08:00:00,2011-07-02 08:00:00,2011-06-30 08:00:00,,PARK,Street,Light,Here,,\n"
)


@pytest.fixture
def requests(tmp_path: Path) -> list[Request]:
    """Give six rows, most of them out of the ordinary."""
    path = tmp_path / "rows.csv"
    path.write_text(HEAD + ROWS, encoding="utf-8")
    return read(path)


def _event(request: Request, verdict: Verdict | None) -> Event:
    common = {
        "district": CITY, "case_id": case_of(request), "occurred_at": "2011-07-03T00:00:00Z",
        "recorded_at": "2011-07-03T00:00:00Z", "clock_id": "c", "kind": ClockKind.CASE, "owner": "pwdx",
        "due_at": "2011-07-02T12:00:00Z",
    }  # fmt: skip
    if verdict is None:
        return ClockBreached.model_validate({**common, "late_by": 1})
    more = {"verdict": verdict, "original_verdict": verdict, "original_due_at": "2011-07-02T12:00:00Z"}
    return ClockStopped.model_validate({**common, **more})


def test_rule_is_closed_after_target_or_open_with_one(requests: list[Request]) -> None:
    """The rule agrees with the column wherever the column says something, and stands in where it is blank."""
    assert [one.late for one in requests] == [False, True, True, False, False, False]
    assert peculiar(requests)["verdict against the rule"] == 0


def test_rows_out_of_the_ordinary_are_counted(requests: list[Request]) -> None:
    """Every kind that is treated in its own way is found."""
    found = peculiar(requests)
    assert found["id seen before"] == 1
    assert found["closed before opened"] == 1
    assert found["closed at the instant of the target"] == 1
    assert found["never closed"] == 2


def test_hour_that_the_clock_skips_is_found() -> None:
    """Half past two on the morning of the change never was; half past one in autumn was, twice."""
    assert skipped(datetime.fromisoformat("2012-03-11T02:30:00"))
    assert not skipped(datetime.fromisoformat("2011-11-06T01:30:00"))


def test_repeated_id_is_a_request_of_its_own(requests: list[Request]) -> None:
    """Each row has its verdict, so each has its case."""
    assert len({case_of(one) for one in requests}) == len(requests)


def test_row_without_opening_is_refused_by_line(tmp_path: Path) -> None:
    """What cannot be reported cannot be judged; the line is named."""
    path = tmp_path / "rows.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write(HEAD + "7,,,,ONTIME,PWDx,a,b,c,,\n")
    with pytest.raises(UnreadableRowError, match=r"line 2 .*open_dt is blank"):
        read(path)


def test_closing_is_never_sent_before_its_report(requests: list[Request]) -> None:
    """Also for a row that says it was closed before it was opened."""
    sent = sorted(items(requests), key=lambda one: one.at)
    asked = [one.asks for one in sent]
    for request in requests:
        case = case_of(request)
        if request.closed is not None:
            assert asked.index(f"opened/{case}") < asked.index(f"completed/{case}")


def test_phases_follow_each_other_and_end_after_the_last_target(requests: list[Request]) -> None:
    """No instant is left out, and time is left after the last target for it to pass."""
    sent = sorted(items(requests), key=lambda one: one.at)
    last = sent[-1].at + timedelta(days=20_000)
    stretches = phases(sent, last)
    assert stretches[0].start < sent[0].at
    assert stretches[-1].end > last
    assert all(one.end == two.start for one, two in pairwise(stretches))


def test_verdicts_are_compared_row_by_row(requests: list[Request]) -> None:
    """A stopped clock has the last word, a breached one that nobody closed is late, silence is a difference."""
    judge = Judge()
    for request, verdict in zip(requests, (Verdict.ON_TIME, Verdict.LATE, None), strict=False):
        judge.hear(_event(request, verdict))
    different = list(judge.differences(requests))
    assert [one.line for one in different] == [6, 7]
    assert [one.ours for one in different] == [None, None]


def test_breach_is_no_verdict_on_a_case_that_was_closed(requests: list[Request]) -> None:
    """Escalation has not heard of the closing yet: its word is awaited, whether it withdraws the breach or not."""
    judge = Judge()
    for request in requests[:3]:
        judge.hear(_event(request, None))
    assert [judge.late(one) for one in requests[:3]] == [None, None, True]
    assert [judge.awaits(one) for one in requests[:3]] == [True, True, False]
    for request, verdict in zip(requests[:2], (Verdict.ON_TIME, Verdict.LATE), strict=True):
        judge.hear(_event(request, verdict))
    assert [judge.late(one) for one in requests[:3]] == [False, True, True]


def test_profiles_of_the_replay_are_valid(requests: list[Request], tmp_path: Path) -> None:
    """What is written is what the loader takes, department by department."""
    city = load(write_city(tmp_path, {one.department for one in requests}))
    assert {one.code for one in city.departments} == {"centre", "pwdx", "isd", "none", "bha-", "park"}
    assert load(write_messages(tmp_path)).code == MESSAGES
