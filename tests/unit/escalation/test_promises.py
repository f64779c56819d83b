"""What parties promised, watched: reminded, given grace, broken; visits, confirmation, appeals; what it outlives."""

from __future__ import annotations

from typing import Any

import pytest

from services.escalation.domain.ledger import explain
from shared.contracts.agreements import (
    AgreementConfirmed,
    AgreementSigned,
    Confirmation,
    DefaulterRecorded,
    Duty,
    ObligationRecorded,
    ObligationState,
    Standing,
)
from shared.contracts.disputes import TierEnded, TierEntered, TierName, TierOutcome
from shared.contracts.escalations import CaseEscalated, ClockBreached, ClockStopped, ClockWarned
from tests.unit.escalation.district import limit, local
from tests.unit.escalation.world import World, names, of

KEY = "obligation#1"


def promised(world: World | None = None, **more: Any) -> World:
    """Return a resolved case in which 1 July's agreement promised something for 10 July, with three days of grace."""
    world = world or World()
    if world.case is None:
        world.opened(limits=())
        world.resolved(verify=None)
    facts: dict[str, Any] = {
        "due_at": local("2026-07-11T00:00"),
        "grace": limit("3 calendar_days"),
        "remind_at": local("2026-07-08T00:00"),
        "what": Duty.PAY,
        "party": "respondent",
    }
    record(world, ObligationState.OPEN, **{**facts, **more})
    return world


def record(world: World, state: ObligationState, occurred: str | None = None, **more: Any) -> list[Any]:
    """Let the router say how the obligation stands."""
    facts: dict[str, Any] = {
        "agreement": 1,
        "obligation_id": f"{world.case_id}/{KEY}",
        "party": "respondent",
        "what": Duty.PAY,
        "due_at": local("2026-07-11T00:00"),
        "owner": "housing",
        "state": state,
    }
    return world.tell(ObligationRecorded, occurred, **{**facts, **more})


def agreed(world: World) -> list[str]:
    """Return what the ledger of the obligation differs in from the calendar: nothing."""
    return list(explain(world.clock(KEY), world.directory).differences)


def test_a_party_is_reminded_then_given_grace_then_in_breach() -> None:
    """Each told once at its instant, with the due instant that holds then."""
    world = promised()
    world.tick("2026-07-20T00:00")
    told = [event for event in world.said if isinstance(event, ClockWarned | ClockBreached)]
    said = [(event.occurred_at, event.due_at) for event in told]
    assert said == [
        (local("2026-07-08T00:00"), local("2026-07-11T00:00")),
        (local("2026-07-11T00:00"), local("2026-07-14T00:00")),
        (local("2026-07-14T00:00"), local("2026-07-14T00:00")),
    ]
    assert [event.fraction for event in of(world.said, ClockWarned)][1] == 1
    assert agreed(world) == []


def test_what_is_due_too_soon_to_be_reminded_of_is_not_warned_of_before_its_day() -> None:
    """At no fraction of the time until then either."""
    world = promised(remind_at=None)
    world.tick("2026-07-10T23:59")
    assert of(world.said, ClockWarned) == []
    world.tick("2026-07-11T00:00")
    assert [event.fraction for event in of(world.said, ClockWarned)] == [1]


def test_within_grace_is_in_time_but_late_by_the_agreed_day() -> None:
    """Both verdicts are kept, as for every limit that was moved."""
    world = promised()
    world.at("2026-07-12T09:00")
    (stopped,) = of(record(world, ObligationState.FULFILLED), ClockStopped)
    assert (stopped.verdict, stopped.original_verdict) == ("on_time", "late")
    assert agreed(world) == []


def test_what_was_met_in_time_and_told_late_is_no_breach() -> None:
    """The router tells when the last of it came in."""
    world = promised()
    world.at("2026-07-14T12:00")
    said = record(world, ObligationState.FULFILLED, "2026-07-13T20:00")
    assert names(said) == ["clock.breach-withdrawn", "clock.stopped"]
    assert agreed(world) == []


def test_what_was_agreed_late_is_neither_reminded_of_nor_broken_before_it_was_known() -> None:
    """An agreement of last week that is told today: its day and grace have passed, so it is broken now."""
    world = World("2026-07-16T09:00")
    world.opened(limits=())
    promised(world, remind_at=None)
    assert names(world.said)[-2:] == ["clock.warned", "clock.breached"]
    assert {event.occurred_at for event in world.said[-2:]} == {local("2026-07-16T09:00")}


def test_nobody_climbs_a_ladder_for_what_parties_let_pass() -> None:
    """It goes to enforcement or back to mediation; a department could do nothing about it."""
    world = promised()
    world.tick("2026-09-01T00:00")
    assert of(world.said, CaseEscalated) == []


def test_a_visit_that_the_centre_misses_climbs_but_whistles_nobody() -> None:
    """Up to the rung that would summon departments to the place."""
    world = promised(what=Duty.VISIT, party="centre", grace=None)
    world.tick("2026-09-01T00:00")
    rungs = [rung.level for rung in world.directory.profile.escalation.ladder if rung.action != "whistle"]
    assert [event.level for event in of(world.said, CaseEscalated)] == rungs
    assert world.state.team is None
    assert world.clock(KEY).owner == "centre"


@pytest.mark.parametrize("how", ["resolved", "reopened"])
def test_what_parties_promised_outlives_the_departments_work(how: str) -> None:
    """Their clocks end with the promise or with the case, not with a task."""
    world = World()
    world.opened(limits=())
    promised(world)
    world.resolved(verify=None) if how == "resolved" else world.reopened()
    assert world.live() == {KEY}
    world.closed()
    assert world.live() == set()


def test_what_was_replaced_has_no_verdict_and_a_part_ends_nothing() -> None:
    """An amended agreement starts clocks of its own."""
    world = promised()
    assert record(world, ObligationState.PARTLY_PAID) == []
    (stopped,) = of(record(world, ObligationState.SUPERSEDED), ClockStopped)
    assert stopped.verdict == "void"
    assert record(world, ObligationState.SUPERSEDED) == []


def test_confirmation_must_be_applied_for_within_the_time_of_the_law() -> None:
    """From the signature on, whenever it was told; a new agreement has a time of its own."""
    world = promised()
    facts: dict[str, Any] = {"parties": ("applicant", "respondent"), "obligations": 1, "owner": "housing"}
    within = limit("30 calendar_days")
    world.tell(AgreementSigned, agreement=1, **facts, confirm_within=within)
    assert world.clock("confirm#1").due_at == local("2026-08-01T00:00")
    world.tell(AgreementConfirmed, agreement=1, step=Confirmation.APPLIED)
    assert world.clock("confirm#1").verdict == "on_time"
    world.tell(AgreementSigned, agreement=2, amends=1, **facts, confirm_within=within)
    world.tell(AgreementSigned, agreement=3, amends=2, **facts)
    assert world.clock("confirm#2").verdict == "void"


def test_the_centre_has_its_time_to_decide_on_an_appeal() -> None:
    """It ends with the decision, or when the party leaves the list otherwise."""
    world = promised()
    facts: dict[str, Any] = {"party": "respondent", "decide_within": limit("15 calendar_days")}
    world.tell(DefaulterRecorded, standing=Standing.APPEALED, **facts)
    clock = world.clock("appeal#1")
    assert (clock.owner, clock.due_at) == ("centre", local("2026-07-17T00:00"))
    world.tell(DefaulterRecorded, standing=Standing.DISMISSED, party="respondent")
    assert world.clock("appeal#1").verdict == "on_time"


def test_a_dispute_that_was_mediated_again_in_vain_runs_no_clock_any_more() -> None:
    """The broken agreement is kept after all: neither tier nor mediation as a whole can run out behind it."""
    world = World()
    world.opened(limits=())
    tier: dict[str, Any] = {"tier_id": f"{world.case_id}/tier#2", "tier": TierName.COMMUNITY, "owner": "housing"}
    limits: dict[str, Any] = {"limit": limit("3 calendar_days"), "total": limit("6 calendar_days")}
    world.tell(TierEntered, **tier, **limits, reason="agreement_broken")
    assert world.live() == {"tier#2", "mediation#1"}
    world.tell(TierEnded, **tier, outcome=TierOutcome.KEPT, by="clock")
    assert world.live() == set()
    assert {world.clock(key).verdict for key in ("tier#2", "mediation#1")} == {"void"}
