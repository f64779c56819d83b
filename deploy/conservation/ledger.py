"""The sums, per district, partner and day, and the name of everything that breaks one.

submitted = accepted + duplicate + rejected, and accepted = merged + cases, and cases = open + closed + withdrawn.
Nothing is compared by number alone: each record is followed to its report, each report to its case, and back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from deploy.conservation.across import Across, Parked, disagreements, in_vain, phantoms
from deploy.conservation.facts import CaseSeen, Facts, Report, Submitted
from shared.infra.engine.store import REMEMBERED

BACKDATED = timedelta(days=3)
"""A case may have been opened a little before the day its report came."""

COLUMNS = (
    "submitted", "forgotten", "accepted", "duplicate", "rejected", "merged", "unmerged", "cases", "open", "closed",
    "withdrawn", "disputes", "files",
)  # fmt: skip
OPEN = frozenset({"triage", "dispatched", "in_progress", "resolved"})

Key = tuple[str, str, date]


@dataclass(frozen=True, slots=True)
class Break:
    """One thing that breaks a sum: which, where, and a sentence."""

    id: str
    district: str
    partner: str
    day: date
    sentence: str

    def as_json(self) -> dict[str, str]:
        """Return it for programs."""
        return {
            "id": self.id,
            "district": self.district,
            "partner": self.partner,
            "day": self.day.isoformat(),
            "sentence": self.sentence,
        }


@dataclass(slots=True)
class Audit:
    """What came of it: counts per (district, partner, day), and what breaks them."""

    rows: dict[Key, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    breaks: list[Break] = field(default_factory=list)
    parked: list[Parked] = field(default_factory=list)

    def only(self, districts: Iterable[str]) -> Audit:
        """Return the part that is about some districts; all of it when none is named."""
        wanted = set(districts)
        if not wanted:
            return self
        rows = {key: counts for key, counts in self.rows.items() if key[0] in wanted}
        parked = [one for one in self.parked if one.case_id.partition("-")[0] in wanted]
        return Audit(rows, [one for one in self.breaks if one.district in wanted], parked)

    def by_district(self) -> dict[str, Counter[str]]:
        """Return the counts of each district."""
        totals: dict[str, Counter[str]] = defaultdict(Counter)
        for (district, _, _), counts in self.rows.items():
            totals[district].update(counts)
        return dict(sorted(totals.items()))

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        rows = [
            {"district": district, "partner": partner, "day": day.isoformat(), **_columns(counts)}
            for (district, partner, day), counts in sorted(self.rows.items())
        ]
        totals = {district: _columns(counts) for district, counts in self.by_district().items()}
        wrong = list(in_words(self))
        breaks = [one.as_json() for one in self.breaks]
        parked = [one.as_json() for one in self.parked]
        return {"ok": not wrong, "districts": totals, "rows": rows, "breaks": breaks, "parked": parked, "wrong": wrong}


def _columns(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in COLUMNS}


def unbalanced(counts: Counter[str]) -> list[str]:
    """Return the sums that do not come out, as they read."""
    sums = {
        "submitted + forgotten = accepted + duplicate + rejected": (
            counts["submitted"] + counts["forgotten"],
            counts["accepted"] + counts["duplicate"] + counts["rejected"],
        ),
        "accepted = merged + cases": (counts["accepted"], counts["merged"] + counts["cases"]),
        "cases = open + closed + withdrawn": (
            counts["cases"],
            counts["open"] + counts["closed"] + counts["withdrawn"],
        ),
    }
    return [f"{text}: {left} and {right}" for text, (left, right) in sums.items() if left != right]


def audit(facts: Facts) -> Audit:
    """Follow every submission to its end, and every case back to its beginning."""
    result = Audit()
    days = _Submissions(facts, result).follow()
    _Cases(facts, result, days).follow()
    if facts.across is not None:
        _compare(facts, facts.across, result)
    return result


def _compare(facts: Facts, across: Across, result: Audit) -> None:
    """Name every case that the services do not agree about, and what waits in vain."""
    for case, said in disagreements(facts.cases, across, facts.begun):
        result.breaks.append(Break(case.id, case.district, case.partner, case.opened, f"Case {case.id} {said}."))
    result.parked += across.parked
    today = facts.begun.date()
    for id_ in phantoms(facts.cases, across):
        sentence = f"Case {id_} is not at the router; escalation or the ledger has it."
        result.breaks.append(Break(id_, id_.partition("-")[0], "", today, sentence))
    for one in in_vain(across):
        sentence = f"{one.records} records wait at {one.service} for case {one.case_id}, which never came."
        result.breaks.append(Break(one.case_id, one.case_id.partition("-")[0], "", today, sentence))


class _Submissions:
    """From the records on the inbound topics to the reports that intake took in."""

    def __init__(self, facts: Facts, result: Audit) -> None:
        self._facts = facts
        self._result = result
        self._owner = {mark: report for report in facts.reports for mark in report.marks}
        self._first = {report.marks[0]: report for report in facts.reports if _remembers_all(report)}
        self._spare = Counter[tuple[str, str]]()
        for report in facts.reports:
            self._spare[report.district, report.partner] += max(0, report.duplicates + 1 - len(report.marks))

    def follow(self) -> dict[str, date]:
        """Count; return the local day of each report's first record that the broker still has, by the report's id."""
        days: dict[str, date] = {}
        for one in self._facts.submitted:
            report = self._owner.get(one.mark)
            if one.mark in self._first:
                days[self._first[one.mark].id] = one.day
            # The centre's command to take a report out of a case is remembered beside the report, and is none.
            if one.is_report or one.mark in self._first:
                self._count(one, report)
        return days

    def _count(self, one: Submitted, report: Report | None) -> None:
        district = report.district if report else one.district
        counts = self._result.rows[district, one.partner, one.day]
        counts["submitted"] += 1
        fate = self._fate(one, report)
        if fate in COLUMNS:
            counts[fate] += 1
        elif fate:
            name = "/".join(map(str, one.place))
            self._result.breaks.append(Break(name, district, one.partner, one.day, f"Record {name} {fate}."))

    def _fate(self, one: Submitted, report: Report | None) -> str:
        """Return the column the record counts in (nothing: its report counts it), or what is wrong with it."""
        refused = self._facts.refused.get(one.place)
        if report is not None and refused is not None:
            return f"was taken in as {report.id} and refused all the same ({refused})"
        if report is not None:
            return "" if one.mark in self._first else "duplicate"
        if refused is not None:
            return "rejected"
        if self._repeated_too_often(one):
            return "duplicate"
        return "was submitted, and neither taken in nor refused"

    def _repeated_too_often(self, one: Submitted) -> bool:
        """Say whether the record can be one of those that a report repeated too often has forgotten."""
        of = (one.district, one.partner)
        self._spare[of] -= 1
        return self._spare[of] >= 0


def _remembers_all(report: Report) -> bool:
    return bool(report.marks) and len(report.marks) < REMEMBERED


class _Cases:
    """From the reports to the cases, and back."""

    def __init__(self, facts: Facts, result: Audit, days: dict[str, date]) -> None:
        self._facts = facts
        self._result = result
        self._days = days
        self._cases = {case.id: case for case in facts.cases}
        self._seen = {one.mark for one in facts.submitted}
        self._since = dict(_remembered_since(facts))

    def follow(self) -> None:
        """Count reports, merged ones and cases by the day of their report, and name what does not fit."""
        self._follow_surges()
        reports = [report for report in self._facts.reports if not self._came_meanwhile(report)]
        for report in reports:
            self._count(report)
        merged = Counter(report.into for report in reports if report.into is not None)
        owned = {report.case_id for report in reports if report.into is None}
        for case in self._facts.cases:
            problem = self._wrong_with(case, merged[case.id], owned)
            if problem:
                sentence = f"Case {case.id} {problem}."
                self._result.breaks.append(Break(case.id, case.district, case.partner, case.opened, sentence))

    def _follow_surges(self) -> None:
        """A surge that intake found has the parent case it told of."""
        for parent, day in self._facts.surges.items():
            if parent not in self._cases:
                why = self._facts.lost_cases.get(parent)
                sentence = f"Surge {parent} was detected, but there is no such case{f' ({why})' if why else ''}."
                self._result.breaks.append(Break(parent, parent.partition("-")[0], "surge", day, sentence))

    def _came_meanwhile(self, report: Report) -> bool:
        """Say whether the report is newer than our look at the topics; the next look will see all of it."""
        return report.saved_at >= self._facts.begun and not any(mark in self._seen for mark in report.marks)

    def _count(self, report: Report) -> None:
        day = self._days.get(report.id, report.day)
        counts = self._result.rows[report.district, report.partner, day]
        counts["accepted"] += 1
        counts["forgotten"] += int(report.id not in self._days)
        counts["unmerged"] += int(report.apart)
        case = self._cases.get(report.home)
        problem = _unfit(report, case, self._facts.lost_cases.get(report.home))
        if case is None or problem is not None:
            sentence = f"Report {report.id} {problem}."
            self._result.breaks.append(Break(report.id, report.district, report.partner, day, sentence))
        elif report.into is not None:
            counts["merged"] += 1
        else:
            counts["cases"] += 1
            counts["open" if case.state in OPEN else case.state] += 1
            counts["disputes"] += int(case.dispute)
            counts["files"] += int(case.batch is not None)

    def _wrong_with(self, case: CaseSeen, merged: int, owned: set[str]) -> str | None:
        """Return what is wrong with a case as its reports tell it; intake forgets old ones, so it may know fewer."""
        remembered = case.saved_at < self._facts.begun and case.opened >= self._since.get(case.district, date.min)
        if case.id not in owned and remembered and not case.surge:
            return "belongs to no report that intake took in"
        if merged > case.merged or (merged < case.merged and remembered):
            return f"counts {case.merged} merged reports; intake merged {merged} into it"
        return None


def _remembered_since(facts: Facts) -> Iterator[tuple[str, date]]:
    """Yield, for each district that has removed reports for their age, from when on it has removed none."""
    days: dict[str, list[date]] = defaultdict(list)
    for report in facts.reports:
        days[report.district].append(report.day)
    for district, found in days.items():
        if (max(found) - min(found)).days >= facts.kept_days.get(district, 0) - 1:
            yield district, min(found) + BACKDATED


def _unfit(report: Report, case: CaseSeen | None, refused: str | None) -> str | None:
    """Return what is wrong between a report and its case, or None."""
    if case is None:
        why = f" (the router refused it: {refused})" if refused else ""
        return f"was accepted, but there is no case {report.home}{why}"
    if report.into is None and (case.partner, case.report_id) != (report.partner, report.report_id):
        return f"was accepted as case {case.id}, which belongs to {case.report_id} of {case.partner}"
    return None


def in_words(result: Audit) -> Iterator[str]:
    """Yield a sentence for each sum of a district, partner and day that does not come out, then for each culprit."""
    for (district, partner, day), counts in sorted(result.rows.items()):
        for text in unbalanced(counts):
            yield f"{district} {partner} {day}: {text}"
    yield from (one.sentence for one in result.breaks)
