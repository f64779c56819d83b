"""What becomes of one dispute in the plan: its way up the ladder, what is agreed, and whether it is kept."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random  # noqa: TID251 - the type of the dice that chance.py makes
from typing import Any

from deploy.demo.habits import ZONE
from deploy.demo.world import shift
from deploy.year.lives import DisputeLife, Promised, TierPlan
from deploy.year.published import DISPUTE_FATES, PAYING, TIERS
from deploy.year.timing import Timing, whole

LADDER = ("community", "gold", "lawyer", "court")
SAYS = {"agreed": "agreement", "withdrawn": "withdrawn", "judged": "failed"}
KINDS = {"spot": 55.0, "instalments": 30.0, "deed": 15.0}
DUE_AFTER = {"spot": (1,), "instalments": (7, 30, 60), "deed": (3, 10)}
DEEDS = ("apologise", "repair")
GRACE_DAYS, MADE_GOOD_DAYS = 3, 12
SURE = timedelta(days=2)


def dispute(case: str, opened: datetime, key: str, timing: Timing, chance: Random, end: datetime) -> DisputeLife:
    """Return what becomes of a dispute."""
    fate = chance.choices(list(DISPUTE_FATES), list(DISPUTE_FATES.values()))[0]
    last = {"withdrawn": "community", "judged": "court"}.get(fate)
    last = last or chance.choices(list(TIERS), list(TIERS.values()))[0]
    climb = LADDER[: LADDER.index(last) + 1]
    tiers: list[TierPlan] = []
    entered = opened
    for tier in climb:
        outcome = SAYS[fate] if tier == climb[-1] else "failed"
        heard = whole(shift(entered + timing.slack + timedelta(hours=chance.uniform(1, 40))))
        ends = whole(shift(heard + timing.slack + timedelta(hours=chance.uniform(2, 90))))
        tiers.append(TierPlan(tier, heard, ends, outcome))
        entered = ends
    life = DisputeLife(case, opened, key, fate, tiers)
    if fate == "agreed":
        _promise(life, entered, timing, chance, end)
    return life


def _promise(life: DisputeLife, agreed: datetime, timing: Timing, chance: Random, end: datetime) -> None:
    signed = timing.soon(agreed, chance, 20)
    kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
    paying = chance.choices(list(PAYING), list(PAYING.values()))[0]
    yuan = 100 * chance.randrange(2, 200)
    dues = [signed.astimezone(ZONE).date() + timedelta(days=days) for days in DUE_AFTER[kind]]
    breached = _midnight_after(dues[-1] + timedelta(days=GRACE_DAYS))
    if breached + SURE > end:
        paying = "kept"
    promised = []
    for number, due in enumerate(dues):
        met = whole(_midnight_after(due) - timedelta(hours=chance.uniform(4, 15)))
        if number == len(dues) - 1 and paying != "kept":
            met = met + timedelta(days=MADE_GOOD_DAYS)
        never = number == len(dues) - 1 and paying == "broken"
        what: dict[str, Any] = {"party": "respondent", "due": due.isoformat()}
        what |= {"what": DEEDS[number]} if kind == "deed" else {"what": "pay", "amount": yuan}
        promised.append(Promised(what, None if never else met))
    life.signed, life.promised = signed, promised
    life.breached = None if paying == "kept" else breached


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), ZONE)
