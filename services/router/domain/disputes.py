"""Mediating a dispute (调解): how it begins, what its mediator records, how it ends.

Only the tier's mediator speaks, or who mediates as well: the police station of a police alert, the departments of a
task force; and the centre. Who that is for a household's file of a batch, its parent says.
"""

from __future__ import annotations

from datetime import datetime

from services.router.domain.addressing import is_centre
from services.router.domain.change import Change, View, illegal
from services.router.domain.closing import close
from services.router.domain.dispute import UNDER_WAY, Dispute, DisputeState, Tier, tier_id
from services.router.domain.model import Case, CaseState, Waiting
from services.router.domain.tiers import (
    agree,
    dispute_of,
    enter,
    leave,
    made_in_time_before,
    must_be_in_time,
    promote,
    takes_files,
    tier_ended,
    to_court,
    told_of_tier,
)
from shared.contracts.actors import PartnerKind
from shared.contracts.cases import Outcome
from shared.contracts.disputes import MediationRecorded, TierName, TierOutcome
from shared.contracts.mediation import MediationCommand, MediationOutcome, RecordMediation
from shared.decision import Decision, Rejected

MAX_HEARINGS = 200
"""Hearings of one dispute: enough for any, and nobody can count without end by a loop."""


def begin(change: Change, waiting: Waiting, at: datetime, view: View) -> Change:
    """Put a new dispute into the first tier; the police station mediates what the police reported (警调对接)."""
    case, subject = change.case, waiting.subject
    dispute = Dispute(
        subject=f"{subject.kind}:{subject.name}" if subject else None,
        township=waiting.township,
        community=waiting.community,
    )
    change = change.add(dispute=dispute)
    if waiting.batch is not None and takes_files(view.mediation.parent):
        change = change.add(dispute=dispute.changed(batch=waiting.batch))
        return enter(change, TierName.BATCH, at, "batch", view, owner=case.lead)
    police = None
    if waiting.partner_kind is PartnerKind.POLICE_110:
        police = view.index.departments.resolve("@police-station", waiting.township, waiting.community)
    first = view.index.profile.mediation.tiers[0].name
    return enter(change, first, at, "opened", view, co_mediator=police)


def speaks(case: Case, command: MediationCommand, view: View) -> Tier:
    """Return the tier a command is about: the running one, of which its sender is the mediator.

    Raises:
        Rejected: `not-a-dispute`, `illegal-transition`, `tier-ended` or `forbidden`.
    """
    dispute = dispute_of(case)
    if dispute.state not in UNDER_WAY or not case.open:
        raise illegal(f"The dispute is {dispute.state}; nothing more is recorded of its mediation.", dispute.state)
    tier = made_in_time_before(case, command) or dispute.tier
    if command.tier_id not in (None, tier_id(case.case_id, tier.number)):
        raise tier_ended(
            f"{command.tier_id} is not the tier that runs; it is {tier_id(case.case_id, tier.number)}.", dispute
        )
    of = _mediates(tier, view)
    if not is_centre(command.actor) and not _is_mediator(of, command):
        raise Rejected("forbidden", f"Only {of.mediator or of.owner} mediates it in tier {tier.name}.", tier.name)
    return tier


def _mediates(tier: Tier, view: View) -> Tier:
    """Return the tier that says who mediates: for a household's file that of the parent, as it stands."""
    parent = view.mediation.parent
    if tier.name is TierName.BATCH and parent is not None and parent.dispute is not None:
        return parent.dispute.tier
    return tier


def _is_mediator(tier: Tier, command: MediationCommand) -> bool:
    department = command.actor.department
    if department is None:
        return False
    as_well = department == tier.co_mediator or department in tier.members
    who = getattr(command, "mediator", None)
    return as_well or (department == tier.owner and who == tier.mediator)


def decide_record(case: Case, command: RecordMediation, view: View) -> Decision[Case]:
    """Record a session: who consented, a hearing, and how the tier ended, if it did."""
    tier = speaks(case, command, view)
    dispute = dispute_of(case)
    leaves = command.outcome is MediationOutcome.WITHDRAWN
    if not leaves:
        must_be_in_time(dispute, tier, command.occurred_at, view)
    _says_something(command, dispute)
    change = _noted(Change(case), tier, command, view)
    if command.outcome is None:
        return change.decided("mediation_recorded")
    return _ENDINGS[command.outcome](change, command, view)


def _says_something(command: RecordMediation, dispute: Dispute) -> None:
    if command.outcome is None and not command.consent and not command.hearing:
        raise Rejected("invalid-command", "The record says neither who consented, nor of a hearing, nor an outcome.")
    if command.to_court and command.outcome is not MediationOutcome.WITHDRAWN:
        raise Rejected("invalid-command", "Who leaves for court withdraws from mediation: outcome withdrawn.")
    if command.hearing and dispute.hearings >= MAX_HEARINGS:
        raise illegal(f"{MAX_HEARINGS} hearings have been held; there can be no more.", dispute.state)


def _noted(change: Change, tier: Tier, command: RecordMediation, view: View) -> Change:
    """Note consents and a hearing, and tell of them."""
    if not command.consent and not command.hearing:
        return change.add(state=CaseState.IN_PROGRESS)
    dispute = dispute_of(change.case)
    consented = tier.changed(consents=tuple(dict.fromkeys((*tier.consents, *command.consent))))
    hearings = dispute.hearings + command.hearing
    parties = tuple(dict.fromkeys((*dispute.parties, *command.consent)))
    event = MediationRecorded(
        **told_of_tier(change.case, tier, command.occurred_at, view),
        by=command.actor.partner,
        consents=consented.consents,
        hearing=hearings if command.hearing else None,
        present=command.present,
    )
    return change.add(
        event, dispute=dispute.put(consented, hearings=hearings, parties=parties), state=CaseState.IN_PROGRESS
    )


def _agreement(change: Change, command: RecordMediation, view: View) -> Decision[Case]:
    return agree(change, command, view).decided("agreed")


def _failed(change: Change, command: RecordMediation, view: View) -> Decision[Case]:
    """Promote a dispute that could not be settled; at the top somebody has judged, and it is over."""
    dispute, at = dispute_of(change.case), command.occurred_at
    above = view.index.profile.mediation.after(dispute.tier.name)
    if above is None:
        _must_have_no_open_files(dispute, view)
    change = leave(change, TierOutcome.FAILED, at, command.actor.partner, view, reason=command.reason)
    higher = promote(change, told_at(command), "failed", view)
    if higher is not None:
        return higher.decided("promoted")
    return end(change, Outcome.JUDGED, at, view).decided("judged")


def _withdrawn(change: Change, command: RecordMediation, view: View) -> Decision[Case]:
    """Let the parties go: to court, which they may choose at any time, or home."""
    dispute, at, by = dispute_of(change.case), command.occurred_at, command.actor.partner
    if not command.to_court:
        _must_have_no_open_files(dispute, view)
        change = leave(change, TierOutcome.WITHDRAWN, at, by, view, reason=command.reason)
        return end(change, Outcome.DISPUTE_WITHDRAWN, at, view).decided("dispute_withdrawn")
    if dispute.state is DisputeState.COURT:
        raise illegal("The dispute is before arbitration or court already; there is no tier above.", dispute.tier.name)
    change = leave(change, TierOutcome.LEFT_FOR_COURT, at, by, view, reason=command.reason)
    return to_court(change, told_at(command), "left_for_court", view).decided("left_for_court")


_ENDINGS = {
    MediationOutcome.AGREEMENT: _agreement,
    MediationOutcome.FAILED: _failed,
    MediationOutcome.WITHDRAWN: _withdrawn,
}


def _must_have_no_open_files(dispute: Dispute, view: View) -> None:
    """Check that no household's file of a batch is open: with its parent it would lose its mediators."""
    still = sum(number for how, number in view.mediation.files.items() if how not in ENDED_FILES)
    if dispute.is_batch and still:
        raise Rejected("files-open", f"{still} files of this batch are open; they end before it.", dispute.state)


ENDED_FILES = frozenset({"fulfilled", "ended"})


def told_at(command: MediationCommand) -> datetime:
    """Return when the next tier begins: not before the system could have told anybody, whatever a record claims."""
    return command.recorded_at


def end(change: Change, outcome: Outcome, at: datetime, view: View) -> Change:
    """Close the case of a dispute that has come to its end: fulfilled, judged, or withdrawn by the parties."""
    ended = dispute_of(change.case).changed(state=DisputeState.ENDED, total_due_at=None, count_at=None)
    return close(change.add(dispute=ended), outcome, at, view)
