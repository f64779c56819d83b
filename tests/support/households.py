"""Random histories of all that becomes of disputes: agreed, visited, broken, sent elsewhere, and by batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shared.contracts.money import yuan
from shared.district.model import Profile
from tests.support.history import Sent
from tests.support.model.case import CaseFile
from tests.support.model.mediators import Tier
from tests.support.model.promises import PARTIES, Owed
from tests.support.pledging import Pledging, pledging

VISITS = ["20 clock_hours", "2 calendar_days"]
WORDS = ("开发商逾期交房拒付违约金", "物业多收费用拒不退还")


def settling() -> Profile:
    """Return the district that mediates, which looks twice after an agreement."""
    body = pledging().body()
    return Profile.model_validate({**body, "agreements": {**body["agreements"], "visits": VISITS}, "version": 1})


class Households(Pledging):
    """A history in which disputes of many households are as usual as those of two parties."""

    def next(self) -> Sent:
        """Make up what is sent next."""
        moves: list[Callable[[], Sent]] = [self.declare, self.household, self.look, *[self.go_further] * 5]
        if self.disputes() and self.chance.pick(["this", "that"]) == "this":
            return self.chance.pick(moves)()
        return super().next()

    def disputes(self) -> list[CaseFile]:
        """The disputes there are; batches first, for they are what one acts on mostly."""
        found = [one for one in self.model.cases.values() if one.dispute]
        return [one for one in found if one.dispute.is_batch and one.open] * 4 + found

    # ---- batches

    def declare(self) -> Sent:
        """The centre, or whoever takes itself for it, lets files be opened under a dispute, or under what is none."""
        pick = self.chance.pick
        case = pick([*self.disputes() * 3, *self.model.cases.values()])
        return self.command(pick(["centre"] * 6 + ["housing"]), "mediation.batch", case, expected=pick([None, 1, 2, 3]))

    def household(self) -> Sent:
        """A household reports that it is one of many, or of a dispute that takes no files; sometimes not what it is."""
        pick = self.chance.pick
        content = {
            "report_id": f"r{len(self.sent)}",
            "category": pick(["D0402", "D0402", "D0402", None, "E06010"]),
            "text": pick(WORDS),
            "location": pick([{"lon": 106.6651, "lat": 35.5428, "datum": "wgs84"}, None]),
            "reporter": pick([None, {"phone": "13800000000"}]),
            "occurred_at": self.claim(),
            "batch": pick(self.disputes()).id,
        }
        return self.send(pick(["grid-app", "hotline", "police-110"]), None, content)

    def mediates(self, case: CaseFile, tier: Tier) -> Tier:
        """Mostly whoever mediates the batch speaks of its files."""
        of: Tier = self.model.batches.who_mediates(case, tier)
        return self.chance.pick([of, of, of, tier]) if of is not tier else tier

    # ---- agreements

    def go_further(self) -> Sent:
        """Somebody does what is to be done next, so that disputes get to their end; files of batches first."""
        found = [one for one in self.disputes() if one.open and not one.dispute.is_batch]
        if not found:
            return self.declare()
        case = self.chance.pick([one for one in found if one.dispute.batch] * 3 + found)
        if case.pledges is not None and case.pledges.binding is not None:
            return self.keep_on(case)
        if not self.is_ripe(case):
            return self.command("centre", "mediation.record", case, consent=list(PARTIES), occurred_at=None)
        return self.sign(case)

    def keep_on(self, case: CaseFile) -> Sent:
        """Of what binds: the court is asked, somebody visits, what is broken is sent elsewhere, what is owed is met."""
        pick, owed = self.chance.pick, [one for one in case.pledges.current() if one.met_at is None]
        if case.confirmation in ("", "wanted", "applied") and pick(["confirm", ""]):
            step = "confirmed" if case.confirmation == "applied" else "applied"
            return self.command("centre", "agreement.confirm", case, step=step)
        if case.pledges.in_default() and pick(["elsewhere", ""]):
            return self.route(case)
        return self.meet(case, pick([one for one in owed if one.visit is None] * 2 + owed))

    def meet(self, case: CaseFile, one: Owed) -> Sent:
        """What was promised is done, wholly."""
        named: dict[str, Any] = {"obligation_id": f"{case.id}/obligation#{one.number}"}
        if one.fen is None:
            return self.command("centre", "agreement.perform", case, **named)
        money = {"amount": str(yuan(one.left)), "payment_id": f"m{len(self.sent)}"}
        return self.command("centre", "agreement.pay", case, **named, **money)

    def route(self, case: CaseFile) -> Sent:
        """The centre sends a broken agreement elsewhere, to where it cannot go as well."""
        who = self.chance.pick(["centre"] * 6 + ["housing"])
        way = self.chance.pick(["enforcement", "mediation"])
        return self.command(who, "agreement.route", case, route=way)

    def look(self) -> Sent:
        """Somebody visits after an agreement, or says so of what is no visit; or routes what may not be broken."""
        pick = self.chance.pick
        looked_after = [one for one in self.model.cases.values() if one.pledges and one.pledges.owed]
        if not looked_after:
            return self.household()
        case = pick(looked_after)
        if pick(["elsewhere", "", "", ""]):
            return self.route(case)
        owed = case.pledges.owed
        one = pick([each for each in owed if each.visit] * 4 + owed)
        named: dict[str, Any] = {"obligation_id": f"{case.id}/obligation#{one.number}"}
        return self.command(pick([self.voice(case), "centre"]), "agreement.perform", case, **named)
