"""Random histories of a district that mediates: what mediators, parties, the centre and others say of its disputes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from shared.district.model import Profile
from tests.support.history import History, Sent
from tests.support.model.case import CaseFile
from tests.support.model.mediators import UNDER_WAY, Tier
from tests.support.model.place import CODE, DISTRICT

TOWN, COMMUNITY = f"{CODE}001", f"{CODE}001001"
PARTIES = ("applicant", "respondent", "neighbour")


def _mediator(code: str, tier: str, department: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "name": code, "tier": tier, "department": department, **more}


MEDIATORS = [
    _mediator("next-door", "community", "street", areas=[COMMUNITY], capacity=1),
    _mediator("in-town", "community", "police", areas=[TOWN], specialities=["D04*"], capacity=1),
    _mediator("specialist", "gold", "housing", specialities=["D04*"], interests=["hotline"]),
    _mediator("anybody", "gold", "water"),
    _mediator("advocate", "lawyer", "housing"),
    _mediator("judge", "court", "centre"),
]
"""No two are equal for any dispute, so nobody has to be drawn. Only those in the first tier can have enough to do: into
the others disputes climb several at a time, when limits end at midnight, and it is chance which sees the load."""


def mediating() -> Profile:
    """Return the usual district with a ladder of mediation; the whole is shorter than its tiers together."""
    raw = {
        **DISTRICT,
        "version": 1,
        "departments": [
            *DISTRICT["departments"],
            {"code": "station", "name": "station", "kind": "police_station", "areas": [TOWN]},
        ],
        "partners": [*DISTRICT["partners"], {"id": "police-110", "kind": "police_110"}],
        "mediators": MEDIATORS,
        "mediation": {
            "categories": ["D*"],
            "tiers": [
                {"name": "community", "limit": "3 calendar_days"},
                {"name": "gold", "limit": "2 working_days"},
                {"name": "lawyer", "limit": "30 clock_hours"},
                {"name": "court", "limit": "20 calendar_days"},
            ],
            "total": "6 calendar_days",
            "max_extensions": 2,
            "max_extension": "2 calendar_days",
        },
    }
    return Profile.model_validate(json.loads(json.dumps(raw)))


class Quarrels(History):
    """A history in which disputes are most of what there is."""

    def next(self) -> Sent:
        """Make up what is sent next."""
        pick, disputes = self.chance.pick, [one for one in self.model.cases.values() if one.dispute]
        if len(disputes) < pick([1, 2, 4]):
            return self.quarrel()
        if pick([True, True, True, False]):
            return self.mediate(pick([one for one in disputes if one.open] * 4 + disputes))
        return super().next()

    def quarrel(self) -> Sent:
        """Somebody reports a dispute, here or nobody knows where; by the police as well."""
        pick = self.chance.pick
        here = {"lon": 106.6651 + pick([0.0, 0.003]), "lat": 35.5428, "datum": "wgs84"}
        content = {
            "report_id": f"r{len(self.sent)}",
            "category": "D0402",
            "text": "物业多收费用拒不退还",
            "location": pick([here, here, None]),
            "reporter": pick([None, {"phone": "13800000000"}]),
            "occurred_at": self.claim(),
        }
        return self.send(pick(["grid-app", "hotline", "police-110"]), None, content)

    def mediate(self, case: CaseFile) -> Sent:
        """Something is said of a dispute, mostly by who may say it."""
        pick = self.chance.pick
        tiers = case.dispute.tiers
        tier = pick([tiers[-1]] * 6 + tiers[-2:])
        of = self.mediates(case, tier)
        who = pick([of.owner] * 6 + ["centre", "police", "station"])
        content: dict[str, Any] = {
            "mediator": pick([of.mediator] * 8 + ["judge", None]),
            "tier_id": pick([f"{case.id}/tier#{tier.number}", f"{case.id}/tier#{tier.number}", None]),
        }
        name = pick(["record"] * 9 + ["extend", "extend", "assign", "task-force"])
        if name == "record":
            return self.command(who, "mediation.record", case, **content, **self.session(case))
        if name == "extend":
            content |= {
                "limit": pick(["1 calendar_days", "1 calendar_days", "30 clock_hours", "3 calendar_days"]),
                "consent": list(pick([PARTIES, PARTIES, PARTIES[:2], PARTIES[:1]])),
            }
            return self.command(who, "mediation.extend", case, **content, reason="survey")
        return self.centre_decides(case, name)

    def mediates(self, _: CaseFile, tier: Tier) -> Tier:
        """Return the tier that says who mediates."""
        return tier

    def session(self, case: CaseFile) -> dict[str, Any]:
        """What a mediator writes down."""
        pick = self.chance.pick
        over = case.dispute.state not in UNDER_WAY
        outcome = pick([None, None, "agreement", "agreement", "failed", "failed", "withdrawn"])
        return {
            "consent": list(pick([(), PARTIES[:1], PARTIES[:2], PARTIES[:2]])),
            "hearing": pick(["yes", "no"]) == "yes",
            "outcome": "failed" if over else outcome,
            "to_court": True if outcome == "withdrawn" and pick(["yes", "no"]) == "yes" else None,
        }

    def centre_decides(self, case: CaseFile, name: str) -> Sent:
        """Another mediator or a task force, by the centre or by whoever takes itself for it."""
        pick, who = self.chance.pick, self.chance.pick(["centre"] * 6 + ["housing"])
        content: dict[str, Any]
        if name == "task-force":
            content = {"lead": pick(["housing", "police", "nobody"]), "departments": pick([[], ["water"]])}
            return self.command(who, "mediation.task-force", case, **content, reason="many households")
        named = pick([None, None, *(one["code"] for one in MEDIATORS), "nobody"])
        content = {"mediator": named, "conflict": pick(["yes", "no"]) == "yes"}
        return self.command(who, "mediation.assign", case, **content, reason="kin")

    def pause(self) -> Any:
        """Until when nothing is sent; limits of mediation are days, so a pause is long now and then."""
        if self.chance.pick([True, False, False]):
            return self.model.now + timedelta(hours=self.chance.number(1, 50))
        return super().pause()
