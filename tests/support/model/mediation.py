"""Disputes a second time (递进式调解): tiers, mediators, consent, the way up and the way to court."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.contracts import mediation as say
from shared.contracts.agreeing import SignAgreement
from shared.contracts.disputes import TierName
from tests.support.model.case import CaseFile, Clock, Refused
from tests.support.model.mediators import MOST_TIERS, UNDER_WAY, Choosing, Dispute, Tier

if TYPE_CHECKING:
    from tests.support.model.district import DistrictModel


class Mediation(Choosing):
    """What mediators, parties and the centre may do with a dispute."""

    def __init__(self, district: DistrictModel) -> None:
        super().__init__(district)
        self.days, self.policy = district.days, district.profile.mediation
        self.ladder = [tier.name for tier in self.policy.tiers]

    @staticmethod
    def must(holds: bool, error: str = "illegal-transition") -> None:  # noqa: FBT001 - reads as a sentence
        """Refuse unless it holds."""
        if not holds:
            raise Refused(error)

    def tell(self, case: CaseFile, what: str, at: datetime, tier: Tier, **more: Any) -> None:
        """Let everybody know."""
        facts = {"tier": tier, "owner": tier.owner, **more}
        self.district.happened(case, what, at, **facts)

    def begin(self, case: CaseFile) -> None:
        """A new dispute: the police station mediates what the police reported, whoever mediates its batch a file."""
        case.dispute = Dispute()
        if self.district.batches.file(case):
            self.enter(case, "batch", owner=case.lead, mediator=None)
            return
        kind = next(one.kind for one in self.district.profile.partners if one.id == case.partner)
        stations = [one for one in self.district.profile.departments if one.kind == "police_station"]
        near = [one.code for one in stations if case.place.get("township") in one.areas]
        self.enter(case, self.ladder[0], co=next(iter(near), None) if kind == "police_110" else None)

    # ---- tiers

    def enter(self, case: CaseFile, name: str, **settled: Any) -> None:
        """Enter a tier now, under whoever is best."""
        dispute, now = self.of(case), self.district.now
        self.must(len(dispute.tiers) < MOST_TIERS)
        limit = next((tier.limit for tier in self.policy.tiers if tier.name == name), None)
        if "owner" not in settled:
            best = self.best(case, name)
            settled |= {"owner": best.department if best else case.lead, "mediator": best.code if best else None}
        due = self.days.due(now, limit) if limit else None
        tier = Tier(len(dispute.tiers) + 1, name, due=due, **settled)
        dispute.tiers.append(tier)
        dispute.state = "court" if name == "court" else "mediating"
        total = None
        if name == "court":
            dispute.total_due = None
        elif dispute.total_due is None and name != "batch":
            total = self.policy.total
            dispute.total_due = self.days.due(now, total)
        self.tell(case, "tier.entered", now, tier, limit=limit, total=total)

    def end(self, case: CaseFile, tier: Tier, outcome: str, at: datetime) -> None:
        """End a tier."""
        tier.ended, tier.outcome = at, outcome
        self.tell(case, "tier.ended", at, tier)

    def above(self, tier: Tier) -> str | None:
        """The next tier up; from a task force only the last is left."""
        if tier.name not in self.ladder:
            return self.ladder[-1]
        return next(iter(self.ladder[self.ladder.index(TierName(tier.name)) + 1 :]), None)

    # ---- who says what

    def meant(self, case: CaseFile, command: Any) -> Tier:
        """The tier that is spoken of, by somebody who may: the running one, or one that expired only afterwards."""
        dispute = self.of(case)
        self.must(dispute.state in UNDER_WAY and case.open)
        tier = self.in_time_before(case, command) or dispute.tier
        self.must(command.tier_id in (None, f"{case.id}/tier#{tier.number}"), "tier-ended")
        who, of = command.actor.department, self.district.batches.who_mediates(case, tier)
        itself = who == of.owner and getattr(command, "mediator", None) == of.mediator
        as_well = who is not None and (who == of.co or who in of.members)
        self.must(command.actor.kind == "centre" or (who is not None and (itself or as_well)), "forbidden")
        return tier

    def in_time_before(self, case: CaseFile, command: Any) -> Tier | None:
        """The tier before, where a command is about it, and happened before it expired."""
        tiers = self.of(case).tiers
        agrees = isinstance(command, SignAgreement) or getattr(command, "outcome", None) == "agreement"
        if not agrees or len(tiers) < 2 or tiers[-1].ended is not None:
            return None
        before = tiers[-2]
        named = command.tier_id == f"{case.id}/tier#{before.number}"
        in_time = before.ended is not None and command.occurred_at <= before.ended
        return before if named and in_time and before.outcome == "expired" else None

    def must_be_in_time(self, dispute: Dispute, tier: Tier, at: datetime) -> None:
        """Below the last tier nothing counts that happened after the limit."""
        limits = [one for one in (tier.due, dispute.total_due) if one is not None]
        self.must(self.above(tier) is None or not limits or at <= min(limits), "tier-ended")

    def record(self, case: CaseFile, command: say.RecordMediation) -> None:
        """A session: who consented, a hearing, and how it ended."""
        tier, dispute, at = self.meant(case, command), self.of(case), command.occurred_at
        if command.outcome != "withdrawn":
            self.must_be_in_time(dispute, tier, at)
        self.must(bool(command.outcome or command.consent or command.hearing), "invalid-command")
        self.must(not command.to_court or command.outcome == "withdrawn", "invalid-command")
        would = list(dict.fromkeys([*tier.consents, *command.consent]))
        if command.outcome == "agreement":
            self.must(not dispute.is_batch)
            self.must(tier.name == "court" or len(would) >= 2, "consent-missing")
        self.must(not (command.to_court and dispute.state == "court"))
        ends_here = command.outcome == "withdrawn" or (command.outcome == "failed" and self.above(dispute.tier) is None)
        if ends_here and not command.to_court:
            self.must(not self.district.batches.has_open_files(case), "files-open")
        case.state = "in_progress"
        if command.consent or command.hearing:
            tier.consents = would
            dispute.parties = list(dict.fromkeys([*dispute.parties, *command.consent]))
            dispute.hearings += command.hearing
            self.tell(case, "mediation.recorded", at, tier)
        if command.outcome is not None:
            getattr(self, f"be_{command.outcome}")(case, tier, command)

    def be_agreement(self, case: CaseFile, tier: Tier, command: say.RecordMediation) -> None:
        """The parties agree; the case stays open."""
        dispute = self.of(case)
        if tier is not dispute.tier:
            self.end(case, dispute.tier, "overtaken", command.recorded_at)
        self.end(case, tier, "agreement", command.occurred_at)
        dispute.state, dispute.total_due = "agreed", None

    def be_failed(self, case: CaseFile, _: Tier, command: say.RecordMediation) -> None:
        """One tier up; at the top somebody has judged."""
        above = self.above(self.of(case).tier)
        self.end(case, self.of(case).tier, "failed", command.occurred_at)
        if above is None:
            self.over(case, "judged", command.occurred_at)
        else:
            self.enter(case, above)

    def be_withdrawn(self, case: CaseFile, _: Tier, command: say.RecordMediation) -> None:
        """The parties go to court, or home."""
        tier = self.of(case).tier
        self.end(case, tier, "left_for_court" if command.to_court else "withdrawn", command.occurred_at)
        if command.to_court:
            self.enter(case, self.ladder[-1])
        else:
            self.over(case, "dispute_withdrawn", command.occurred_at)

    def over(self, case: CaseFile, outcome: str, at: datetime) -> None:
        """It has come to its end, and so has its case."""
        self.of(case).state, self.of(case).total_due, self.of(case).count_at = "ended", None, None
        self.district.casework.close(case, outcome, at)

    def extend(self, case: CaseFile, command: say.ExtendMediation) -> None:
        """More time for tier and whole, with everybody's consent, before either has run out."""
        tier, dispute = self.meant(case, command), self.of(case)
        self.must(dispute.state == "mediating" and tier.name != "batch")
        limits = [one for one in (tier.due, dispute.total_due) if one is not None]
        self.must(command.recorded_at <= min(limits), "tier-ended")
        consent = set(command.consent)
        self.must(set(dispute.parties) <= consent and len(consent) >= 2, "consent-missing")
        self.must(dispute.extensions < self.policy.max_extensions, "extensions-exhausted")
        self.must(not self.district.casework.is_longer(command, self.policy.max_extension), "extension-too-long")
        dispute.extensions += 1
        tier.due = tier.due and self.days.extend(tier.due, command.limit)
        dispute.total_due = dispute.total_due and self.days.extend(dispute.total_due, command.limit)
        self.tell(case, "mediation.extended", command.occurred_at, tier, limit=command.limit)

    def replace(self, case: CaseFile, command: say.AssignMediator) -> None:
        """Another mediator, the one named or the next best; whoever is partial is out for good."""
        tier, dispute = self.meant(case, command), self.of(case)
        self.must(tier.name not in ("task_force", "batch"))
        self.must(command.mediator is None or command.mediator != tier.mediator, "invalid-command")
        partial = dispute.partial | ({tier.mediator} if command.conflict and tier.mediator else set())
        before, dispute.partial = dispute.partial, partial
        try:
            new = self.named(case, tier, command.mediator) if command.mediator else None
            new = new or self.best(case, tier.name, without=tier.mediator)
            self.must(new is not None, "no-mediator")
        except Refused:
            dispute.partial = before
            raise
        tier.mediator, tier.owner = new.code, new.department
        self.tell(case, "mediator.assigned", command.occurred_at, tier)

    def named(self, case: CaseFile, tier: Tier, code: str) -> Any:
        """The mediator whom the centre names."""
        one = next((one for one in self.mediators if one.code == code), None)
        self.must(one is not None, "unknown-mediator")
        assert one is not None
        self.must(one.tier == tier.name and self.rank(case, one) is not None, "wrong-mediator")
        self.must(not self.is_partial(case, one), "conflict-of-interest")
        return one

    def task_force(self, case: CaseFile, command: say.FormTaskForce) -> None:
        """专班: departments mediate together; the time goes on."""
        tier = self.meant(case, command)
        self.must(tier.name not in ("task_force", "court", "batch"))
        members = tuple(dict.fromkeys([command.lead, *command.departments]))
        self.must(all(self.district.casework.knows(case, code) for code in members), "unknown-department")
        case.state = "in_progress"
        self.end(case, tier, "referred", command.occurred_at)
        self.enter(case, "task_force", owner=command.lead, mediator=None, members=members)

    # ---- time

    def expired(self, case: CaseFile, clock: Clock) -> None:
        """A limit has run out: one tier up, or to court where it is that of the whole."""
        dispute = case.dispute
        if dispute is None or not case.open or dispute.state != "mediating":
            return
        due = clock.reckon(self.days).due
        if clock.kind == "tier" and (clock.key != f"tier#{dispute.tier.number}" or dispute.tier.due != due):
            return
        if clock.kind == "mediation" and dispute.total_due != due:
            return
        above = self.ladder[-1] if clock.kind == "mediation" else self.above(dispute.tier)
        self.end(case, dispute.tier, "expired", due)
        if above is not None:
            self.enter(case, above)

    def give_up(self, case: CaseFile, at: datetime) -> None:
        """The centre ends the case."""
        if case.dispute is None:
            return
        if case.dispute.tier.ended is None:
            self.end(case, case.dispute.tier, "closed", at)
        case.dispute.state, case.dispute.total_due, case.dispute.count_at = "ended", None, None

    def resume(self, case: CaseFile) -> None:
        """It is mediated again where it was last, with a new time for the whole; a file by whoever has its batch."""
        dispute = self.of(case)
        dispute.total_due = None
        if dispute.tier.name == "batch" and self.district.batches.takes_files(self.district.batches.parent(case)):
            self.enter(case, "batch", owner=case.lead, mediator=None)
            return
        self.enter(case, dispute.tier.name if dispute.tier.name in self.ladder else self.ladder[0])


RULES: dict[type[say.MediationCommand], Callable[[Mediation, CaseFile, Any], None]] = {
    say.RecordMediation: Mediation.record,
    say.ExtendMediation: Mediation.extend,
    say.AssignMediator: Mediation.replace,
    say.FormTaskForce: Mediation.task_force,
}
