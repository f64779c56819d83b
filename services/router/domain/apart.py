"""A report taken out of a case again: the case counts it no more and keeps the number it went to (撤销并案)."""

from __future__ import annotations

from services.router.domain.change import Change, View
from services.router.domain.model import Case
from shared.contracts.incidents import ReportUnmerged
from shared.decision import Decision

MAX_APART = 200
"""Numbers a case remembers of reports taken out of it. All of them are on the bus; the document must stay small."""


def decide_unmerged(case: Case, event: ReportUnmerged, view: View) -> Decision[Case]:
    """Count one merged report less, in whichever state the case is: whom it was about does not change how it ended."""
    del view
    reporters = case.reporters - int(event.reporter_ref is not None)
    apart = (*case.apart, event.own_case_id)[-MAX_APART:]
    return Change(case).add(merged=case.merged - 1, reporters=reporters, apart=apart).decided("unmerged")
