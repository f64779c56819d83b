"""The decision about one report: accepted, merged, the same again, the same id with another content, or unmerged."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.intake.domain.model import Outcome, Refused, ReportState, Submission, findable
from services.intake.domain.subjects import is_person
from services.intake.domain.undoing import Undo, decide_undo
from shared.contracts.incidents import ReportAccepted, ReportMerged
from shared.decision import Decision, Rejected


def decide(state: ReportState | None, event: Submission | Refused | Undo, now: datetime) -> Decision[ReportState]:
    """Decide what becomes of a report; `now` is when it is decided, `state` what is remembered under its id.

    Raises:
        Rejected: `conflicting-duplicate`, or why a merge cannot be undone.
        Poison: why the report was refused before it came here.
    """
    if isinstance(event, Refused):
        raise event.poison
    if isinstance(event, Undo):
        return decide_undo(state, event, now)
    if state is not None:
        return _decide_again(state, event)
    return _decide_merge(event, now) if event.match else _decide_accept(event, now)


def _decide_again(state: ReportState, event: Submission) -> Decision[ReportState]:
    """The id is known: the same content changes nothing but a count, another one is refused."""
    if state.fingerprint == event.draft.fingerprint:
        return Decision(state.model_copy(update={"duplicates": state.duplicates + 1}), "duplicate")
    raise Rejected(
        "conflicting-duplicate",
        f"Report {event.draft.report_id} was {state.outcome} before as case {state.into or state.case_id}, "
        "with another content; a changed report needs an id of its own.",
        state_met=state.outcome,
    )


def _decide_accept(event: Submission, now: datetime) -> Decision[ReportState]:
    draft = event.draft
    accepted = ReportAccepted(**_facts(event, now), due_at=draft.due_at, batch=draft.batch, surge=event.surge)
    profile = draft.origin.index.profile
    found_by = findable(draft.sighting(), profile.near_duplicates.radius_m, profile.surge)
    state = ReportState(case_id=draft.case_id, fingerprint=draft.fingerprint, day=_day(event), **found_by)
    return Decision(state, "accepted", (accepted,), _companions(event))


def _decide_merge(event: Submission, now: datetime) -> Decision[ReportState]:
    draft, match = event.draft, event.match
    merged = ReportMerged(
        **_facts(event, now),
        merged_case_id=draft.case_id,
        distance_m=match.distance_m if match else None,
        similarity=match.similarity if match else None,
        due_at=draft.due_at,
    )
    state = ReportState(
        case_id=draft.case_id,
        fingerprint=draft.fingerprint,
        day=_day(event),
        outcome=Outcome.MERGED,
        into=event.case_id,
        told=merged.model_dump_json(exclude={"contact"}, exclude_none=True).encode(),
    )
    return Decision(state, "merged", (merged,), _companions(event))


def _day(event: Submission) -> int:
    """Return the local day on which the report came, as the partner counts it."""
    origin = event.draft.origin
    return origin.received.astimezone(origin.index.profile.zone).toordinal()


def _companions(event: Submission) -> Any:
    return (event.sealed.vault,) if event.sealed.vault else ()


def _facts(event: Submission, now: datetime) -> dict[str, Any]:
    draft, place, partner = event.draft, event.place, event.draft.origin.partner
    return {
        "district": draft.origin.district,
        "case_id": event.case_id,
        "occurred_at": draft.occurred_at,
        "recorded_at": now,
        "partner": partner.id,
        "partner_kind": partner.kind,
        "report_id": draft.report_id,
        "category": draft.category,
        "category_claimed": draft.category_claimed,
        "suggested": draft.suggested,
        "severity": draft.severity,
        "text": draft.text,
        "lon": draft.asked.lon,
        "lat": draft.asked.lat,
        "address": draft.address,
        "grid": place.grid,
        "community": place.community,
        "township": place.township,
        "precision": place.precision,
        "reporter_ref": event.sealed.reporter_ref,
        "contact": event.sealed.contact,
        "media": draft.media,
        "people": draft.people,
        "subject": event.sealed.subject if is_person(draft.subject) else draft.subject,
        "profile_version": draft.origin.index.profile.version,
        "backdated_from": draft.backdated_from,
    }
