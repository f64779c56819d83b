"""The time of mediation: a clock a tier, one for the whole, verdicts by when the parties agreed."""

from __future__ import annotations

from typing import Any

import pytest

from services.escalation.domain.ledger import explain
from shared.contracts.base import Event
from shared.contracts.disputes import MediationExtended, MediatorAssigned, TierEnded, TierEntered, TierOutcome
from shared.contracts.escalations import ClockStopped, Verdict
from tests.unit.escalation.district import CASE, local
from tests.unit.escalation.world import World, names, of

TEN, THIRTY = "10 calendar_days", "30 calendar_days"


class Mediated(World):
    """A case whose dispute is mediated."""

    def later(self, text: str) -> Mediated:
        """Let time pass, with sweeps."""
        self.tick(text)
        return self

    def entered(self, number: int = 1, tier: str = "community", **fields: Any) -> list[Event]:
        """Let the dispute enter a tier."""
        known = {"limit": TEN, "total": THIRTY if number == 1 else None, "reason": "opened", **fields}
        return self.tell(TierEntered, **self.of_tier(number, tier), **known)

    def ended(self, outcome: str, number: int = 1, occurred: str | None = None) -> list[Event]:
        """Let it leave the tier."""
        return self.tell(TierEnded, occurred, **self.of_tier(number), outcome=outcome, by="east")

    def extended(self, by: str, occurred: str | None = None, number: int = 1) -> list[Event]:
        """Give it more time."""
        known = {"limit": by, "consents": ("a", "b"), "reason": "x", "by": "east", "count": 1}
        return self.tell(MediationExtended, occurred, **self.of_tier(number), **known)

    @staticmethod
    def of_tier(number: int, tier: str = "community") -> dict[str, Any]:
        """Return what events of a tier have in common."""
        return {"tier_id": f"{CASE}/tier#{number}", "tier": tier, "owner": "housing", "mediator": "east-1"}


def begun() -> Mediated:
    """Return a dispute in its first tier since 09:00 of the first of July."""
    world = Mediated()
    world.opened(limits=())
    world.entered()
    return world


def verdicts(events: list[Event]) -> dict[str, Verdict]:
    """Return the verdict on each clock that stopped."""
    return {one.clock_id.rpartition("/")[2]: one.verdict for one in of(events, ClockStopped)}


def test_a_tier_and_the_whole_have_a_clock() -> None:
    """Ten days and thirty, by the calendar; the mediator's department answers for the one, the lead for the other."""
    world = begun()
    assert world.live() == {"tier#1", "mediation#1"}
    assert world.clock("tier#1").due_at == local("2026-07-12T00:00")
    assert world.clock("mediation#1").due_at == local("2026-08-01T00:00")


def test_an_agreement_ends_both_in_time() -> None:
    """With a verdict each."""
    said = begun().later("2026-07-05T10:00").ended(TierOutcome.AGREEMENT)
    assert verdicts(said) == {"tier#1": Verdict.ON_TIME, "mediation#1": Verdict.ON_TIME}


def test_an_expired_tier_is_late_and_the_whole_goes_on() -> None:
    """The router hears the breach, promotes, and says so: then the clock ends, with no level beyond the first."""
    world = begun()
    said = names(world.at("2026-07-12T00:00").said)
    assert "clock.breached" in said
    ended = world.ended(TierOutcome.EXPIRED, occurred="2026-07-12T00:00")
    (stopped,) = of(ended, ClockStopped)
    assert (stopped.verdict, stopped.original_verdict) == (Verdict.LATE, Verdict.LATE)
    world.entered(2, "gold")
    assert world.live() == {"mediation#1", "tier#2"}
    level = world.state.level
    world.at("2026-07-20T00:00")
    assert world.state.level == level


@pytest.mark.parametrize("outcome", ["withdrawn", "left_for_court", "referred", "closed", "overtaken"])
def test_whoever_leaves_a_tier_leaves_no_verdict(outcome: str) -> None:
    """The mediator was neither in time nor late."""
    assert verdicts(begun().ended(outcome))["tier#1"] is Verdict.VOID


def test_a_court_ends_the_time_for_mediation() -> None:
    """Void, where it had not run out."""
    world = begun()
    world.ended(TierOutcome.FAILED)
    assert verdicts(world.entered(2, "court", limit=None)) == {"mediation#1": Verdict.VOID}
    assert world.live() == set()


def test_mediation_that_ran_out_is_late_as_a_whole() -> None:
    """Its last tier had time left, which says nothing of it."""
    world = begun()
    world.ended(TierOutcome.FAILED)
    world.entered(2, "gold", limit="60 calendar_days")
    world.at("2026-08-01T00:00")
    assert verdicts(world.ended(TierOutcome.EXPIRED, 2)) == {"tier#2": Verdict.VOID}
    assert verdicts(world.entered(3, "court", limit=None)) == {"mediation#1": Verdict.LATE}


def test_more_time_moves_both_and_the_ledger_can_be_computed_again() -> None:
    """The original limit stays for the figures."""
    world = begun()
    world.extended("5 calendar_days")
    assert world.clock("tier#1").due_at == local("2026-07-17T00:00")
    assert world.clock("mediation#1").due_at == local("2026-08-06T00:00")
    tier, whole = of(world.later("2026-07-15T10:00").ended(TierOutcome.AGREEMENT), ClockStopped)
    assert {tier.original_verdict, whole.original_verdict} == {Verdict.LATE, Verdict.ON_TIME}
    assert explain(world.clock("tier#1"), world.directory).differences == ()


def test_an_agreement_in_time_that_is_known_too_late_takes_the_verdict_back() -> None:
    """It expired, the dispute climbed, and then the parties' paper of the day before came in."""
    world = begun()
    world.at("2026-07-12T00:00")
    world.ended(TierOutcome.EXPIRED)
    world.entered(2, "gold")
    world.at("2026-07-12T09:00")
    world.ended(TierOutcome.OVERTAKEN, 2)
    said = world.ended(TierOutcome.AGREEMENT, 1, occurred="2026-07-11T18:00")
    assert "clock.breach-withdrawn" in names(said)
    assert verdicts(said) == {"mediation#1": Verdict.ON_TIME, "tier#1": Verdict.ON_TIME}
    assert explain(world.clock("tier#1"), world.directory).differences == ()


def test_another_mediators_department_answers_from_then_on() -> None:
    """The due instant stays."""
    world = begun()
    due = world.clock("tier#1").due_at
    world.tell(MediatorAssigned, **{**Mediated.of_tier(1), "owner": "police"}, reason="回避")
    assert (world.clock("tier#1").owner, world.clock("tier#1").due_at) == ("police", due)
    assert explain(world.clock("tier#1"), world.directory).differences == ()


def test_a_file_of_a_batch_has_no_clock() -> None:
    """Its parent has."""
    world = Mediated()
    world.opened(limits=())
    world.entered(tier="batch", limit=None, total=None)
    assert world.live() == set()
    assert world.ended(TierOutcome.AGREEMENT) == []


def test_a_closed_case_leaves_no_clock_of_mediation() -> None:
    """Nor does one that has ended start any."""
    world = begun()
    world.closed()
    assert world.live() == set()
    world.entered(2, "gold")
    assert world.live() == set()
