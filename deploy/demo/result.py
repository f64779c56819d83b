"""What is left of the day: the figures of .local/demo.json, all from topics and databases, and whether they add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from deploy.demo.tally import Tally
from shared.contracts.cases import Outcome


class DemoResult(BaseModel):
    """`reports_submitted` is what the broker acknowledged to the partners; everything else is what the system said.

    `kpi`: what `gridwhistle kpi` says of each district at the end, from the ledger.
    submitted = accepted + duplicate + rejected; accepted = merged + open + closed + withdrawn.
    """

    model_config = ConfigDict(frozen=True)

    reports_submitted: int
    reports_accepted: int
    reports_merged: int
    reports_unmerged: int
    reports_duplicate: int
    reports_rejected: int
    surges: int
    surge_cases: int
    cases_opened: int
    cases_closed: int
    cases_open: int
    cases_withdrawn: int
    cases_reopened: int
    cases_in_triage: int
    tasks_assigned: int
    tasks_completed: int
    tasks_returned: int
    warnings: int
    breaches: int
    breaches_withdrawn: int
    escalations: int
    tiers_entered: int
    sessions_recorded: int
    tiers_ended: int
    agreements_signed: int
    agreements_fulfilled: int
    agreements_breached: int
    advisories_proposed: int
    advisories_issued: int
    advisories_replied: int
    teams_summoned: int
    teams_on_scene: int
    members_absent: int
    work_recorded: int
    work_made_good: int
    rounds_missed: int
    notices_queued: int
    notices_delivered: int
    dead_letters: int
    dead_letters_by_reason: dict[str, int]
    closing_rate: float | None
    on_time_rate: float | None
    mean_handling_hours: float | None
    kpi: dict[str, dict[str, Any]]
    conservation_ok: bool
    conservation_problems: tuple[str, ...] = ()
    seed: int
    broker: str
    wall_seconds: float

    def write(self, path: Path) -> None:
        """Write the JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")


COUNTED = {
    "reports_unmerged": "report.unmerged",
    "surges": "surge.detected",
    "surge_cases": "surge.joined",
    "cases_opened": "case.opened",
    "cases_reopened": "case.reopened",
    "tasks_assigned": "task.assigned",
    "tasks_completed": "task.completed",
    "tasks_returned": "task.returned",
    "warnings": "clock.warned",
    "breaches_withdrawn": "clock.breach-withdrawn",
    "escalations": "case.escalated",
    "tiers_entered": "tier.entered",
    "sessions_recorded": "mediation.recorded",
    "tiers_ended": "tier.ended",
    "agreements_signed": "agreement.signed",
    "agreements_fulfilled": "agreement.fulfilled",
    "agreements_breached": "agreement.breached",
    "advisories_proposed": "advisory.proposed",
    "advisories_issued": "advisory.issued",
    "advisories_replied": "advisory.replied",
    "work_recorded": "work.recorded",
    "work_made_good": "work.made-good",
    "rounds_missed": "work.missed",
    "notices_queued": "notice.queued",
    "notices_delivered": "notice.delivered",
}
"""Figures that are the number of events of a type."""


def counted(tally: Tally) -> dict[str, Any]:
    """Return the figures that are counts, by their names."""
    by_reason: Counter[str] = Counter()
    for (_, error), count in tally.letters.items():
        by_reason[error] += count
    return {
        **{name: tally.events[event] for name, event in COUNTED.items()},
        "reports_accepted": tally.accepted,
        "reports_merged": tally.merged,
        "reports_rejected": sum(tally.rejected_reports.values()),
        "cases_closed": tally.in_state("closed"),
        "cases_open": tally.open_cases,
        "cases_withdrawn": tally.in_state("withdrawn"),
        "cases_in_triage": tally.in_state("triage"),
        "breaches": tally.breaches,
        "teams_summoned": len(tally.teams),
        "teams_on_scene": sum(team.mustered is not None for team in tally.teams.values()),
        "members_absent": sum(len(team.absent) for team in tally.teams.values()),
        "dead_letters": by_reason.total(),
        "dead_letters_by_reason": dict(by_reason.most_common()),
    }


def imbalances(tally: Tally, submitted: int, duplicates: int) -> Iterator[str]:
    """Yield a sentence for each sum that does not come out, of reports and of cases."""
    accepted, merged = tally.accepted, tally.merged
    rejected = sum(tally.rejected_reports.values())
    if submitted != accepted + duplicates + rejected:
        told = f"{accepted} accepted + {duplicates} duplicate + {rejected} rejected"
        yield f"{submitted} reports were submitted, but {told} make {accepted + duplicates + rejected}"
    cases = tally.open_cases + tally.in_state("closed") + tally.in_state("withdrawn")
    if accepted != merged + cases:
        yield f"{accepted} reports were accepted, but {merged} were merged and {cases} cases are there"
    kept = sum(case.outcome is Outcome.FULFILLED for case in tally.cases.values())
    if kept != tally.events["agreement.fulfilled"]:
        yield f"{tally.events['agreement.fulfilled']} agreements were fulfilled, but {kept} cases closed with that"
