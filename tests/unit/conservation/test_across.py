"""Every case that the services do not agree about is named, with what each of them says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from deploy.conservation.across import Across, Parked
from deploy.conservation.facts import CaseSeen, Facts, Report
from deploy.conservation.ledger import Audit, audit, in_words
from tests.unit.conservation.test_ledger import BEGUN, DAY, whole

STATES = ("open", "open", "open", "open", "closed", "withdrawn", "open")
"""Of the cases of a whole day, as router's ledger and escalation have them."""


def agreed(**changes: Any) -> Across:
    """Return what the others say when all is well, or worse."""
    ids = [case.id for case in whole().cases]
    good = Across(
        BEGUN,
        phases=dict(zip(ids, STATES, strict=True)),
        written=dict(zip(ids, STATES, strict=True)),
        since={"620802": DAY - timedelta(days=30)},
    )
    return replace(good, **changes)


def judged(across: Across, cases: list[CaseSeen] | None = None, reports: list[Report] | None = None) -> Audit:
    """Return the audit of a whole day beside what the others say."""
    books = whole()
    kept = {"620802": books.kept}
    found = (cases or books.cases, books.refused, books.lost, kept)
    return audit(Facts(BEGUN, books.submitted, reports or books.reports, *found, across))


def changed(part: str, number: int, value: str | None) -> Across:
    """Return the others with one word changed, or none said."""
    told = dict(getattr(agreed(), part))
    id_ = whole().cases[number].id
    if value is None:
        del told[id_]
    else:
        told[id_] = value
    return agreed(**{part: told})


def test_nothing_is_said_of_services_that_agree() -> None:
    """Open, closed and withdrawn alike."""
    assert list(in_words(judged(agreed()))) == []


@pytest.mark.parametrize(
    ("across", "number", "sentence"),
    [
        (changed("phases", 1, "closed"), 1, "is dispatched at the router and closed at escalation"),
        (changed("phases", 4, "resolved"), 4, "is closed at the router and resolved at escalation"),
        (changed("phases", 0, None), 0, "is triage at the router and unknown to escalation: no clock of it runs"),
        (changed("written", 4, "open"), 4, "is closed at the router and open in its ledger: figures count it wrongly"),
        (changed("written", 5, None), 5, "is withdrawn at the router and not in its ledger: no figure counts it"),
    ],
)
def test_a_case_that_is_not_the_same_everywhere_is_named(across: Across, number: int, sentence: str) -> None:
    """By its number, and what each says."""
    assert list(in_words(judged(across))) == [f"Case {whole().cases[number].id} {sentence}."]


def test_a_case_that_only_others_know_is_named() -> None:
    """The router has never had it, or lost it."""
    extra = "620802-260701-zzzzzzzz"
    across = agreed(written={**agreed().written, extra: "open"})
    assert list(in_words(judged(across))) == [f"Case {extra} is not at the router; escalation or the ledger has it."]


def test_cases_older_than_the_ledger_need_not_be_in_it() -> None:
    """An upgrade begins it in the middle of a life."""
    across = agreed(written={}, since={"620802": DAY})
    assert list(in_words(judged(across))) == []


def test_where_escalation_does_not_run_nothing_is_compared() -> None:
    """It knows no case of the district at all."""
    assert list(in_words(judged(agreed(phases={})))) == []


def test_a_file_whose_batch_is_gone_is_named() -> None:
    """One household's file of a dispute of many."""
    cases = whole().cases
    cases[1] = replace(cases[1], dispute=True, batch="620802-260701-yyyyyyyy")
    found = judged(agreed(), cases)
    sentence = f"Case {cases[1].id} is a file of batch 620802-260701-yyyyyyyy, which is not there."
    assert list(in_words(found)) == [sentence]
    ((_, counts),) = found.rows.items()
    assert (counts["disputes"], counts["files"]) == (1, 1)


def test_what_is_parked_is_shown_and_named_once_nobody_comes_for_it() -> None:
    """Seconds are usual; minutes mean that no sweep runs."""
    waiting = Parked("escalation", "620802-260701-aaaaaaaa", 3, BEGUN + timedelta(seconds=20))
    fresh, stuck = agreed(parked=[waiting]), agreed(parked=[waiting], read_at=BEGUN + timedelta(minutes=5))
    assert list(in_words(judged(fresh))) == []
    assert judged(fresh).as_json()["parked"] == [
        {"service": "escalation", "case_id": "620802-260701-aaaaaaaa", "records": 3}
    ]
    sentence = "3 records wait at escalation for case 620802-260701-aaaaaaaa, which never came."
    assert list(in_words(judged(stuck))) == [sentence]
    assert judged(stuck).only(["620171"]).parked == []


def test_a_report_taken_out_of_a_case_counts_as_a_case_of_its_own() -> None:
    """And the centre's command that did it, which intake remembers beside the report, counts as no report."""
    books = whole()
    merged = next(one for one in books.reports if one.into)
    command = books.record(is_report=False)
    own = replace(merged, into=None, apart=True, marks=(*merged.marks, command.mark))
    books.reports[books.reports.index(merged)] = own
    books.cases[0] = replace(books.cases[0], merged=1)
    books.case(own)
    audited = books.audit()
    assert list(in_words(audited)) == []
    ((_, counts),) = audited.rows.items()
    assert (counts["submitted"], counts["merged"], counts["unmerged"], counts["cases"]) == (12, 1, 1, 8)
