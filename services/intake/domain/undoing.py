"""Undoing a merge (撤销并案): the report gets the case of its own number, as if it had never been merged.

Its reporter's clock is the report's own instant and was never any other; only its departments' clocks begin now, when
they are told. The case that it comes from keeps the trace, in `report.unmerged`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.intake.domain.model import Outcome, ReportState, comparable, findable
from services.intake.domain.nearness import Sighting
from services.intake.domain.saying import Saying
from shared.contracts.commands import UnmergeReport
from shared.contracts.incidents import ReportAccepted, ReportFacts, ReportMerged, ReportUnmerged
from shared.decision import Decision, Rejected
from shared.district.policies import NearDuplicates, Surge


@dataclass(frozen=True, slots=True)
class Undo:
    """The centre's command, the contact sealed for the report's own case, how the district merges, what is a surge."""

    command: UnmergeReport
    policy: NearDuplicates
    contact: str | None = None
    surge: Surge | None = None

    @property
    def aggregate(self) -> str:
        """The id under which the report is remembered."""
        return f"{self.command.district}/{self.command.partner}/{self.command.report_id}"


def decide_undo(state: ReportState | None, undo: Undo, now: datetime) -> Decision[ReportState]:
    """Take a report out of the case it was merged into.

    Raises:
        Rejected: `unknown-report`; `illegal-transition` where the report is no merged part of that case.
    """
    command = undo.command
    if state is None:
        raise Rejected("unknown-report", f"No report {command.report_id} of {command.partner} is known, or any more.")
    if state.into != command.case_id or state.told is None:
        raise Rejected("illegal-transition", _why_not(state, command), state.outcome)
    merged = ReportMerged.model_validate_json(state.told)
    apart = state.model_copy(
        update={
            "outcome": Outcome.ACCEPTED,
            "into": None,
            "told": None,
            "apart_from": command.case_id,
            **findable(_seen(merged, undo.policy), undo.policy.radius_m, undo.surge),
        }
    )
    return Decision(apart, "unmerged", (_accepted(merged, undo, now), _unmerged(merged, command, now)))


def _why_not(state: ReportState, command: UnmergeReport) -> str:
    """Return why there is nothing to undo: done before, the case's first report, of another case, or too old."""
    name = f"Report {command.report_id} of {command.partner}"
    if state.apart_from == command.case_id:
        return f"{name} was taken out of {command.case_id} before; its case is {state.case_id}."
    if state.into is None:
        return f"{name} was merged into no case: it is the first of {state.case_id}, which can be withdrawn or linked."
    if state.into != command.case_id:
        return f"{name} is part of {state.into}, not of {command.case_id}."
    return f"{name} was merged by an earlier version, which did not keep what a case of its own would need."


def _accepted(merged: ReportMerged, undo: Undo, now: datetime) -> ReportAccepted:
    facts: dict[str, Any] = {name: getattr(merged, name) for name in ReportFacts.model_fields}
    own = {"case_id": merged.merged_case_id, "recorded_at": now, "contact": undo.contact}
    return ReportAccepted(**{**facts, **own}, due_at=merged.due_at, unmerged_from=merged.case_id)


def _unmerged(merged: ReportMerged, command: UnmergeReport, now: datetime) -> ReportUnmerged:
    return ReportUnmerged(
        district=merged.district,
        case_id=merged.case_id,
        occurred_at=command.occurred_at,
        recorded_at=now,
        partner=merged.partner,
        report_id=merged.report_id,
        reporter_ref=merged.reporter_ref,
        own_case_id=merged.merged_case_id,
        reason=command.reason,
        by=command.actor.partner,
    )


def _seen(merged: ReportMerged, policy: NearDuplicates) -> Sighting | Saying | None:
    """Return the report as later ones may be compared with it."""
    what = (merged.merged_case_id, merged.district, merged.category, merged.occurred_at, merged.text)
    return comparable(what, (merged.lon, merged.lat, merged.address), policy)
