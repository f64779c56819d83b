"""A surge as a case: the parent opens like any report's case, children only note whose they are (群体性事件).

Parent and children live their own lives: each keeps its tasks, clocks, reporters and verdict. Closing the parent says
that the common cause is dealt with, and closes no child: nobody has shown the evidence that each of them demands.
"""

from __future__ import annotations

from dataclasses import replace

from services.router.domain.change import Change, View, told, unchanged
from services.router.domain.model import Case
from services.router.domain.opening import decide_accepted
from shared.contracts.actors import PartnerKind
from shared.contracts.base import Event
from shared.contracts.cases import CaseLinked, CaseOpened, CaseTriaged
from shared.contracts.incidents import ReportAccepted, SurgeDetected, SurgeEnded, SurgeJoined
from shared.decision import Decision

PARTNER = "surge"
CHILD = "surge"
"""The reason on the link of a child with its parent."""


def decide_surge(case: Case | None, surge: SurgeDetected, view: View) -> Decision[Case]:
    """Open the parent: routed by its category and place like a report that says the same."""
    if case is not None:
        return unchanged(case, "opened_before")
    decision = decide_accepted(None, _as_report(surge), view)
    state = decision.state.model_copy(update={"surge": surge.kind, "children": surge.count})
    events = tuple(_marked(event, surge) for event in decision.events)
    return replace(decision, state=state, events=events, reason="surge_opened")


def _marked(event: Event, surge: SurgeDetected) -> Event:
    opened = isinstance(event, CaseOpened | CaseTriaged)
    return event.model_copy(update={"surge": surge.kind}) if opened else event


def _as_report(surge: SurgeDetected) -> ReportAccepted:
    return ReportAccepted(
        district=surge.district,
        case_id=surge.case_id,
        occurred_at=surge.occurred_at,
        recorded_at=surge.recorded_at,
        partner=PARTNER,
        partner_kind=PartnerKind.OTHER,
        report_id=surge.case_id,
        category=surge.category,
        text=surge.text,
        lon=surge.lon,
        lat=surge.lat,
        grid=surge.grid,
        community=surge.community,
        township=surge.township,
        profile_version=surge.profile_version,
    )


def decide_joined(case: Case, event: SurgeJoined, view: View) -> Decision[Case]:
    """Note the parent, in whichever state the case is; the first one stays."""
    if case.parent is not None:
        return unchanged(case, "joined_before")
    linked = CaseLinked(**told(case, event.occurred_at, view), other=event.parent, reason=CHILD, parent=True)
    return Change(case).add(linked, parent=event.parent).decided("joined")


def decide_ended(case: Case, event: SurgeEnded, view: View) -> Decision[Case]:
    """Note how many children there came to be; the parent is closed by whoever deals with the cause."""
    del view
    return Change(case).add(children=event.count).decided("surge_ended")
