"""Agreements in their case: who may say what, what it means for mediation and the case, and who is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.contracts import agreeing as say
from shared.contracts.limits import LimitUnit
from shared.contracts.money import fen
from tests.support.model.case import CaseFile, Refused
from tests.support.model.days import BEIJING
from tests.support.model.mediators import MOST_TIERS, UNDER_WAY
from tests.support.model.promises import Owed, Pledges
from tests.support.model.routes import centre

if TYPE_CHECKING:
    from tests.support.model.district import DistrictModel


GRACED_IN = {LimitUnit.CALENDAR_DAYS: timedelta(days=1), LimitUnit.CLOCK_HOURS: timedelta(hours=1)}
"""In what the model's districts give grace, from the end of a day."""


class Agreements:
    """What may be done with the agreement of a dispute that is mediated in tiers."""

    def __init__(self, district: DistrictModel) -> None:
        self.district, self.policy = district, district.profile.agreements
        self.mediation = district.mediation

    @staticmethod
    def must(holds: bool, error: str = "illegal-transition") -> None:  # noqa: FBT001 - reads as a sentence
        """Refuse unless it holds."""
        if not holds:
            raise Refused(error)

    def of(self, case: CaseFile) -> Pledges:
        """What was promised in a case."""
        if case.pledges is None:
            grace = self.policy.grace
            case.pledges = Pledges(grace=grace.amount * GRACED_IN[grace.unit])
        pledges: Pledges = case.pledges
        return pledges

    def tell(self, case: CaseFile, what: str, at: datetime, **more: Any) -> None:
        """Let everybody know."""
        self.district.happened(case, what, at, **more)

    def speaks(self, case: CaseFile, command: Any) -> None:
        """The centre, or whoever mediates, leads or follows an agreement up."""
        own = {case.lead, *case.owners.values()}
        for one in (case, self.district.batches.parent(case)):
            if one is not None and one.dispute is not None:
                tier = one.dispute.tier
                own |= {tier.owner, tier.co, *tier.members}
        who = command.actor.department
        self.must(command.actor.kind == "centre" or (who is not None and who in own), "forbidden")

    def sign(self, case: CaseFile, command: say.SignAgreement) -> None:
        """签约, or a new agreement in place of the old one."""
        self.speaks(case, command)
        pledges, at = self.of(case), command.occurred_at
        self.must(case.open and case.state != "triage" and case.is_dispute)
        self.must(command.amends == pledges.binding)
        self.must(pledges.binding is None or at > pledges.signed_at[pledges.binding])
        self.must(not any(paid > at for one in pledges.owed for _, paid in one.paid.values()))
        day = at.astimezone(BEIJING).date()
        self.must(all(one.due >= day for one in command.obligations), "invalid-command")
        promised = [(one.party, fen(one.amount) if one.amount else None, one.due) for one in command.obligations]
        total, principal = sum(fen or 0 for _, fen, _ in promised), fen(command.principal) if command.principal else 0
        self.must(total == principal, "instalments-do-not-sum")
        self.agree(case, at, command)
        owner = case.dispute.tier.owner
        pledges.sign(promised, principal, at, [self.district.days.due(at, limit) for limit in self.policy.visits])
        number = len(pledges.signed_at)
        self.act(case, at)
        case.owners[number], case.confirmation = owner, "wanted" if command.confirm else ""
        case.way = None
        self.tell(case, "agreement.signed", at, number=number, owner=owner, confirm=command.confirm)
        for one in pledges.current():
            self.tell(case, "obligation.recorded", at, owed=one, owner=owner)

    def agree(self, case: CaseFile, at: datetime, command: Any) -> None:
        """Mediation ends with it, if it goes on."""
        dispute = case.dispute
        if dispute.state not in UNDER_WAY:
            return
        tier = self.mediation.in_time_before(case, command) or dispute.tier
        self.must(command.tier_id in (None, f"{case.id}/tier#{tier.number}"), "tier-ended")
        self.must(not dispute.is_batch)
        self.mediation.must_be_in_time(dispute, tier, at)
        self.must(tier.name == "court" or len(tier.consents) >= 2, "consent-missing")
        self.mediation.be_agreement(case, tier, command)
        case.state = "in_progress"

    def pay(self, case: CaseFile, command: say.PayAgreement) -> None:
        """Money came in."""
        one, pledges = self.named(case, command), self.of(case)
        error = pledges.pay(command.payment_id, one, fen(command.amount), command.occurred_at)
        self.must(error is None, error or "")
        self.act(case, command.occurred_at)

    def perform(self, case: CaseFile, command: say.PerformAgreement) -> None:
        """Something was done."""
        one, pledges = self.named(case, command), self.of(case)
        error = pledges.perform(one, command.occurred_at)
        self.must(error is None, error or "")
        self.act(case, command.occurred_at)

    def named(self, case: CaseFile, command: Any) -> Owed:
        """The obligation that is meant."""
        self.speaks(case, command)
        owed = self.of(case).owed
        found = [one for one in owed if command.obligation_id == f"{case.id}/obligation#{one.number}"]
        self.must(bool(found), "unknown-obligation")
        return found[0]

    def confirm(self, case: CaseFile, command: say.ConfirmAgreement) -> None:
        """司法确认: applied for in time, then decided."""
        self.speaks(case, command)
        pledges, at = self.of(case), command.occurred_at
        self.must(pledges.binding is not None)
        if command.step == "applied":
            self.must(case.confirmation in ("", "wanted"))
            signed = pledges.signed_at[len(pledges.signed_at)]
            latest = self.district.days.due(signed, self.policy.confirm_within)
            self.must(signed <= at <= latest, "confirmation-too-late")
        else:
            self.must(case.confirmation == "applied")
        case.confirmation = command.step.value
        self.tell(case, "agreement.confirmed", at)

    def choose(self, case: CaseFile, command: say.RouteAgreement) -> None:
        """The centre sends a broken agreement elsewhere; a court enforces only what it has confirmed (强制执行)."""
        self.must(self.of(case).binding is not None and self.of(case).in_default())
        self.must(command.route == "mediation" or case.confirmation == "confirmed", "not-enforceable")
        if command.route == case.way:
            return
        case.way = str(command.route)
        if case.way == "mediation":
            self.mediate_again(case)
        else:
            self.stop_mediating(case)

    def listed(self, case: CaseFile, command: say.DefaulterCommand) -> None:
        """失信名单: entered, objected, decided."""
        pledges, party, at = self.of(case), command.party, command.occurred_at
        before = pledges.listed.get(party)
        if isinstance(command, say.EnterDefaulter):
            error = pledges.enter(party)
        elif isinstance(command, say.AppealDefaulter):
            error = pledges.appeal(party)
        else:
            error = pledges.decide(party, upheld=bool(getattr(command, "upheld", False)))
        self.must(error is None, error or "")
        now = pledges.listed.get(party)
        if now != before:
            self.record(case, party, now or "cleared", at)

    def record(self, case: CaseFile, party: str, standing: str, at: datetime) -> None:
        """Tell how a party stands."""
        facts = {"party": party, "standing": standing, "centre": centre(self.district.profile)}
        self.tell(case, "defaulter.recorded", at, **facts)

    # ---- what follows

    def broke(self, case: CaseFile, number: int) -> None:
        """Its grace has passed."""
        pledges = self.of(case)
        pledges.broke(number)
        self.act(case, pledges.owed[number - 1].ends)

    def void(self, case: CaseFile, at: datetime) -> None:
        """The case is over for another reason."""
        if case.pledges is not None:
            self.of(case).end()
            self.act(case, at)

    def act(self, case: CaseFile, at: datetime) -> None:
        """Let everything have its effect that follows from what was kept or broken, in order."""
        log = self.of(case).log
        while log:
            what, about = log.pop(0)
            getattr(self, f"it_{what}")(case, at, about)

    def it_breached(self, case: CaseFile, _: datetime, about: tuple[Owed, bool]) -> None:
        """To those who follow it up, and, if the court has not confirmed it, back to the mediators."""
        one, first = about
        self.tell(case, "agreement.breached", one.ends, owed=one, owner=case.owners[one.agreement])
        if first:
            case.way = str(self.policy.breach) if case.confirmation == "confirmed" else "mediation"
        if first and case.way == "mediation":
            self.mediate_again(case)

    def mediate_again(self, case: CaseFile) -> None:
        """Back to its mediators, if it is not with them; the agreement binds until it is amended."""
        if case.dispute.state == "agreed" and len(case.dispute.tiers) < MOST_TIERS:
            self.mediation.resume(case)

    def it_recorded(self, case: CaseFile, at: datetime, one: Owed) -> None:
        """How it stands."""
        when = one.met_at if one.state == "fulfilled" and one.met_at else at
        self.tell(case, "obligation.recorded", when, owed=one, owner=case.owners[one.agreement])

    def it_cleared(self, case: CaseFile, at: datetime, party: str) -> None:
        """Credit restored."""
        self.record(case, party, "cleared", at)

    def it_kept(self, case: CaseFile, *_: Any) -> None:
        """Nothing is in default any more: who mediated it again need not."""
        if case.way == "mediation":
            self.stop_mediating(case)
        case.way = None

    def stop_mediating(self, case: CaseFile) -> None:
        """Agreed as before."""
        dispute = case.dispute
        if dispute.state in UNDER_WAY:
            self.mediation.end(case, dispute.tier, "kept", self.district.now)
            dispute.state, dispute.total_due = "agreed", None

    def it_fulfilled(self, case: CaseFile, _: datetime, at: datetime) -> None:
        """结案: as of the last of it."""
        case.way = None
        self.tell(case, "agreement.fulfilled", at)
        if case.open:
            self.stop_mediating(case)
            self.mediation.over(case, "fulfilled", at)


RULES: dict[type[Any], Callable[[Agreements, CaseFile, Any], None]] = {
    say.SignAgreement: Agreements.sign,
    say.PayAgreement: Agreements.pay,
    say.PerformAgreement: Agreements.perform,
    say.ConfirmAgreement: Agreements.confirm,
    say.RouteAgreement: Agreements.choose,
    say.EnterDefaulter: Agreements.listed,
    say.AppealDefaulter: Agreements.listed,
    say.DecideDefaulter: Agreements.listed,
}
