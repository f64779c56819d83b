"""The sums of `gridwhistle check`: they come out when all is well, and what breaks them is named."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from deploy.conservation.facts import CaseSeen, Facts, Report, Submitted
from deploy.conservation.ledger import Audit, audit, in_words
from shared.infra.engine.store import REMEMBERED

BEGUN = datetime(2026, 7, 2, tzinfo=UTC)
BEFORE, AFTER = BEGUN - timedelta(hours=1), BEGUN + timedelta(seconds=1)
DAY = date(2026, 7, 1)
TOPIC = "gw.620802.in.grid-app"


@dataclass(slots=True)
class Books:
    """Facts that fit, to be made worse."""

    submitted: list[Submitted] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    cases: list[CaseSeen] = field(default_factory=list)
    refused: dict[Any, str] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    kept: int = 90

    def record(self, *, is_report: bool = True, district: str = "620802", day: date = DAY) -> Submitted:
        """Put a record on a topic."""
        number = len(self.submitted)
        made = Submitted((TOPIC, 0, number), number.to_bytes(16), district, "grid-app", day, is_report)
        self.submitted.append(made)
        return made

    def report(self, *records: Submitted, into: str | None = None, **more: Any) -> Report:
        """Take a report in, from one record or more."""
        number = len(self.reports)
        marks = tuple(one.mark for one in records)
        facts: dict[str, Any] = {
            "id": f"620802/grid-app/A-{number}",
            "case_id": f"620802-260701-case{number:04}",
            "into": into,
            "duplicates": max(0, len(records) - 1),
            "marks": marks,
            "day": DAY,
            "saved_at": BEFORE,
        }
        made = Report(**{**facts, **more})
        self.reports.append(made)
        return made

    def case(self, report: Report, state: str = "dispatched", **more: Any) -> CaseSeen:
        """Open the case of a report."""
        facts: dict[str, Any] = {"merged": 0, "opened": DAY, "saved_at": BEFORE}
        made = CaseSeen(report.case_id, report.partner, report.report_id, state, **{**facts, **more})
        self.cases.append(made)
        return made

    def opened(self, state: str = "dispatched") -> CaseSeen:
        """Follow one record to its case."""
        return self.case(self.report(self.record()), state)

    def audit(self) -> Audit:
        """Do the sums."""
        kept = {"620802": self.kept}
        return audit(Facts(BEGUN, self.submitted, self.reports, self.cases, self.refused, self.lost, kept))

    def wrong(self) -> list[str]:
        """Return what is wrong."""
        return list(in_words(self.audit()))


def whole() -> Books:
    """Return a day on which everything that can happen to a report happened."""
    books = Books()
    for state in ("triage", "dispatched", "in_progress", "resolved", "closed", "withdrawn"):
        books.opened(state)
    books.cases[0] = replace(books.cases[0], merged=2)
    for _ in range(2):
        books.report(books.record(), into=books.cases[0].id)
    repeated = books.record()
    books.case(books.report(repeated, books.record(), books.record()))
    books.refused[books.record().place] = "bad-json"
    books.refused[books.record(is_report=False).place] = "forbidden"
    books.record(is_report=False)
    return books


def test_a_day_on_which_all_is_well_adds_up() -> None:
    """Commands are no reports, neither those that went through nor those that were refused."""
    audited = whole().audit()
    assert list(in_words(audited)) == []
    ((key, counts),) = audited.rows.items()
    assert key == ("620802", "grid-app", DAY)
    assert {name: number for name, number in counts.items() if number} | {"forgotten": 0} == {
        "submitted": 12, "forgotten": 0, "accepted": 9, "duplicate": 2, "rejected": 1,
        "merged": 2, "cases": 7, "open": 5, "closed": 1, "withdrawn": 1,
    }  # fmt: skip


def test_a_record_that_nobody_answered_for_is_named() -> None:
    """With its topic, partition and offset."""
    books = whole()
    lost = books.record()
    wrong = books.wrong()
    assert f"Record {TOPIC}/0/{lost.place[2]} was submitted, and neither taken in nor refused." in wrong
    assert "620802 grid-app 2026-07-01: submitted + forgotten = accepted + duplicate + rejected: 13 and 12" in wrong


def test_a_report_whose_case_is_not_there_is_named() -> None:
    """And why, where the router refused it."""
    books = whole()
    gone = books.cases.pop(1)
    books.lost[gone.id] = "unknown-district"
    sentence = f"Report 620802/grid-app/A-1 was accepted, but there is no case {gone.id}"
    assert f"{sentence} (the router refused it: unknown-district)." in books.wrong()


def test_two_reports_on_one_case_number_are_named() -> None:
    """The second did not get a case of its own."""
    books = whole()
    books.reports.append(replace(books.reports[1], id="620802/police-110/X", marks=(books.record().mark,)))
    assert any("police-110/X was accepted as case" in sentence for sentence in books.wrong())


def test_a_case_without_a_report_is_named() -> None:
    """Nobody reported it."""
    books = whole()
    books.cases.append(CaseSeen("620802-260701-zzzzzzzz", "grid-app", "Z", "closed", 0, DAY, BEFORE))
    assert books.wrong() == ["Case 620802-260701-zzzzzzzz belongs to no report that intake took in."]


def test_merged_reports_must_be_counted_on_both_sides() -> None:
    """More or fewer at the router than at intake."""
    for told in (1, 3):
        books = whole()
        books.cases[0] = replace(books.cases[0], merged=told)
        assert books.wrong() == [f"Case {books.cases[0].id} counts {told} merged reports; intake merged 2 into it."]


def test_a_record_both_taken_in_and_refused_is_named() -> None:
    """It cannot be both."""
    books = whole()
    books.refused[books.submitted[0].place] = "internal-error"
    assert any("refused all the same" in sentence for sentence in books.wrong())


def test_what_comes_while_we_look_is_for_the_next_look() -> None:
    """Its record was not among those we read, and its case may not be among those we know."""
    books = whole()
    meanwhile = books.report(replace(books.record(), mark=b"unseen"), saved_at=AFTER)
    books.submitted.pop()
    assert books.wrong() == []
    books.case(meanwhile, saved_at=AFTER)
    assert books.wrong() == []


def test_what_the_broker_has_forgotten_is_counted_apart() -> None:
    """The report is older than the topic's retention; its case is not the worse for it."""
    books = whole()
    books.case(books.report(Submitted((TOPIC, 0, 99), b"long gone", "620802", "grid-app", DAY, is_report=True)))
    audited = books.audit()
    assert list(in_words(audited)) == []
    assert audited.rows["620802", "grid-app", DAY]["forgotten"] == 1


def test_what_intake_has_forgotten_is_no_phantom() -> None:
    """A case lives longer than the memory of its report, where the district removes reports after some days."""
    books = whole()
    old = CaseSeen("620802-260101-aaaaaaaa", "grid-app", "OLD", "closed", 1, date(2026, 1, 1), BEFORE)
    books.cases.append(old)
    assert books.wrong() != []
    books.kept = 1
    assert books.wrong() == []


def test_a_report_from_nowhere_counts_where_it_was_found() -> None:
    """Its record lies on a topic without a district; refused, it stays there."""
    books = Books()
    books.case(books.report(books.record(district="000000")))
    books.refused[books.record(district="000000").place] = "unknown-district"
    audited = books.audit()
    assert list(in_words(audited)) == []
    assert audited.by_district()["620802"]["submitted"] == 1
    assert audited.by_district()["000000"]["rejected"] == 1
    assert [key[0] for key in audited.only(["620802"]).rows] == ["620802"]


def test_a_report_repeated_more_often_than_a_document_remembers_is_no_loss() -> None:
    """Its oldest records are not remembered one by one, only counted."""
    books = Books()
    records = [books.record() for _ in range(REMEMBERED + 40)]
    books.case(books.report(*records[-REMEMBERED:], duplicates=len(records) - 1))
    assert books.wrong() == []
    books.record()
    assert len(books.wrong()) == 2


def test_a_repetition_on_another_day_counts_on_that_day() -> None:
    """Each row adds up by itself."""
    books = Books()
    first = books.record()
    books.case(books.report(first, books.record(day=DAY + timedelta(days=1))))
    audited = books.audit()
    assert list(in_words(audited)) == []
    assert audited.rows["620802", "grid-app", DAY + timedelta(days=1)]["duplicate"] == 1


def test_programs_get_the_same_in_json() -> None:
    """Totals, rows, and what is wrong."""
    books = whole()
    assert books.audit().as_json()["ok"] is True
    books.record()
    told = books.audit().as_json()
    assert told["ok"] is False
    assert told["districts"]["620802"]["submitted"] == 13
    assert [one["partner"] for one in told["breaks"]] == ["grid-app"]
    assert len(told["wrong"]) == 2


def test_the_parent_of_a_surge_belongs_to_no_report_and_every_surge_has_its_parent() -> None:
    """It is a case more than there are reports, and in no sum of theirs."""
    books = Books()
    books.case(books.report(books.record()))
    parent = CaseSeen("620802-260701-parentaa", "surge", "620802-260701-parentaa", "closed", 0, DAY, BEFORE, surge=True)
    facts = Facts(BEGUN, books.submitted, books.reports, books.cases, kept_days={"620802": 90})
    fitting = replace(facts, cases=[*facts.cases, parent], surges={parent.id: DAY})
    assert list(in_words(audit(fitting))) == []
    assert audit(fitting).by_district()["620802"]["cases"] == 1
    missing = audit(replace(facts, surges={parent.id: DAY}))
    assert list(in_words(missing)) == ["Surge 620802-260701-parentaa was detected, but there is no such case."]
    stray = replace(facts, cases=[*facts.cases, replace(parent, surge=False)])
    assert [one.id for one in audit(stray).breaks] == [parent.id]
