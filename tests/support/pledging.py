"""Random histories of disputes that are agreed: signed, amended, paid, broken, listed, among all that Quarrels say."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from shared.contracts.money import yuan
from shared.district.model import Profile
from tests.support.disputes import Quarrels, mediating
from tests.support.history import Sent
from tests.support.model.case import CaseFile
from tests.support.model.days import BEIJING
from tests.support.model.mediators import UNDER_WAY

OWING = ("applicant", "respondent")


def pledging() -> Profile:
    """Return the district that mediates, with a day of grace and a reminder two days before."""
    policy = {"grace": "1 calendar_days", "remind_before": "2 days", "confirm_within": "4 calendar_days"}
    body = mediating().body()
    # Several broken agreements come back at one midnight, and it would be chance who sees whose load.
    mediators = [{**one, "capacity": 1_000} for one in body["mediators"]]
    return Profile.model_validate({**body, "mediators": mediators, "agreements": policy, "version": 1})


class Pledging(Quarrels):
    """A history in which disputes are agreed early and often."""

    def next(self) -> Sent:
        """Make up what is sent next."""
        pick = self.chance.pick
        ripe = [one for one in self.model.cases.values() if one.dispute and (one.pledges or self.is_ripe(one))]
        if not ripe or pick([True, False, False]):
            return super().next()
        case = pick(ripe)
        if case.pledges is None or not case.pledges.owed or pick([True, *[False] * 7]):
            return self.sign(case)
        return self.keep(case)

    @staticmethod
    def is_ripe(case: CaseFile) -> bool:
        """Say whether the parties could sign."""
        dispute = case.dispute
        return dispute.state == "agreed" or (dispute.state in UNDER_WAY and len(dispute.tier.consents) > 1)

    def voice(self, case: CaseFile) -> str:
        """Who speaks, mostly somebody who may."""
        owner: str = case.dispute.tier.owner
        return self.chance.pick([owner, "centre", "centre", "water"])

    def sign(self, case: CaseFile) -> Sent:
        """A few obligations, due today or in the next days; sometimes they do not sum."""
        pick = self.chance.pick
        day, when = self.signature()
        promised = [
            (pick(OWING), pick([None, 100, 70_050]), day + timedelta(days=self.until_due()))
            for _ in range(self.chance.number(1, 3))
        ]
        total = sum(fen or 0 for _, fen, _ in promised) + pick([0] * 7 + [1])
        obligations = [
            {"party": party, "what": "pay" if fen else "stop", "due": due.isoformat()}
            | ({"amount": str(yuan(fen))} if fen else {})
            for party, fen, due in promised
        ]
        binding = case.pledges.binding if case.pledges else None
        content: dict[str, Any] = {
            "obligations": obligations,
            "principal": str(yuan(total)) if total else None,
            "amends": pick([binding] * 7 + [1]),
            "confirm": pick(["yes", "no"]) == "yes",
            "tier_id": self.named_tier(case),
            **when,
        }
        return self.command(self.voice(case), "agreement.sign", case, **content)

    def signature(self) -> tuple[date, dict[str, str]]:
        """Return the first day on which anything may be due, and when they signed, if that is to be said."""
        return self.model.now.astimezone(BEIJING).date(), {}

    def until_due(self) -> int:
        """Return how many days later something is due."""
        return self.chance.number(0, 4)

    def named_tier(self, case: CaseFile) -> str | None:
        """Mostly none; or the tier that runs; or the one before, which may have expired only after they had agreed."""
        tier = self.chance.pick([None, None, *case.dispute.tiers[-2:]])
        return f"{case.id}/tier#{tier.number}" if tier else None

    def keep(self, case: CaseFile) -> Sent:
        """Something is paid or done, or said about who does not."""
        pick = self.chance.pick
        what = pick(["pay"] * 5 + ["perform"] * 3 + ["confirm"] + ["list"] * 3)
        if what == "list":
            name = pick(["enter", "enter", "appeal", "decide"])
            content: dict[str, Any] = {"party": pick(OWING)}
            if name == "decide":
                content["upheld"] = pick(["yes", "no"]) == "yes"
            return self.command(pick(["centre"] * 5 + ["water"]), f"defaulter.{name}", case, **content)
        if what == "confirm":
            step = pick(["applied", "applied", "confirmed", "refused"])
            return self.command(self.voice(case), "agreement.confirm", case, step=step)
        one = pick(case.pledges.owed)
        if pick([True, False, False]):
            one = pick(case.pledges.current())
        named = {"obligation_id": f"{case.id}/obligation#{one.number}"}
        if one.fen is None and what == "perform":
            return self.command(self.voice(case), "agreement.perform", case, **named)
        amount = str(yuan(pick([max(1, one.left), max(1, one.left), 30, one.left + 1])))
        receipt = f"p{self.chance.number(0, 30)}"
        return self.command(self.voice(case), "agreement.pay", case, **named, amount=amount, payment_id=receipt)
