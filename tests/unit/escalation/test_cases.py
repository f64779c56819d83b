"""The life of a case as far as time goes: triage, opening, refusals, re-routing, verification, end, reopening."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from services.escalation.domain.decide import HEEDED, KEPT, LEDGER, decide
from services.escalation.domain.model import Phase
from shared.contracts.base import Event
from shared.contracts.cases import CaseLinked, Outcome
from shared.contracts.escalations import ClockStarted, ClockStopped
from shared.decision import Poison, Tick, UnknownCase
from tests.unit.escalation.district import CASE, local
from tests.unit.escalation.world import World, names, of


def verdicts(said: Iterable[Event]) -> dict[str, str]:
    """Return the verdicts by the clock's own part of its id."""
    return {
        event.clock_id.removeprefix(f"{CASE}/"): event.verdict.value
        for event in said
        if isinstance(event, ClockStopped)
    }


def test_a_case_in_triage_is_the_centres() -> None:
    """Until a human has named its category; then the reporter's clock counts from the report."""
    world = World()
    (started,) = of(world.triaged(), ClockStarted)
    assert (started.kind, started.owner, started.due_at) == ("triage", "centre", local("2026-07-01T10:00"))
    said = world.at("2026-07-01T09:50").opened(opened_at=local("2026-07-01T09:00"))
    assert verdicts(said) == {"triage": "on_time"}
    assert world.clock("case").due_at == local("2026-07-01T17:00")
    assert world.state.phase is Phase.OPEN


def test_a_case_is_triaged_and_opened_once() -> None:
    """What the router says again has been overtaken."""
    world = World()
    world.triaged()
    assert world.triaged() == []
    world.opened()
    assert world.opened() == []
    assert world.reasons == ["triaged", "overtaken", "opened", "overtaken"]


def test_a_case_without_limits_is_still_looked_at() -> None:
    """No open case is ever without a due instant: a day after it began, and whenever its age has doubled."""
    world = World()
    world.opened(limits=())
    assert world.state.next_at == local("2026-07-02T09:00")
    world.at("2026-07-05T09:00")
    assert world.reasons[-3:] == ["looked_again"] * 3
    assert world.state.next_at == local("2026-07-09T09:00")


def test_a_sweep_that_finds_nothing_due_changes_nothing() -> None:
    """Another replica was faster."""
    world = World()
    world.opened()
    decision = decide(world.state, Tick(CASE), world.now, lambda *_: world.directory)
    assert decision.state is world.state
    assert decision.reason == "nothing_due"


def test_a_case_without_a_lead_is_the_centres() -> None:
    """A case without an owner has a default owner."""
    world = World()
    world.opened(lead="")
    assert world.clock("case").owner == "centre"


def test_a_refusal_voids_the_task_and_gives_the_centre_its_time() -> None:
    """A new lead ends it; the reporter's clock goes with the lead and does not start again."""
    world = World()
    world.opened()
    world.assigned()
    said = world.at("2026-07-01T09:10").returned()
    assert verdicts(said) == {"housing#1/accept": "void", "housing#1/handle": "void"}
    (started,) = of(said, ClockStarted)
    assert (started.kind, started.owner) == ("arbitrate", "centre")
    said = world.at("2026-07-01T09:20").assigned("civil", role="lead", reason="reassigned")
    assert verdicts(said) == {"arbitrate#1": "on_time"}
    assert (world.clock("case").owner, world.clock("case").due_at) == ("civil", local("2026-07-01T17:00"))
    assert world.state.lead == "civil"


def test_a_second_refusal_does_not_give_the_centre_more_time() -> None:
    """At most one clock of a kind and owner lives, and it is the one that began first."""
    world = World()
    world.opened(assists=("civil",))
    world.assigned()
    world.assigned("civil", role="assist")
    world.at("2026-07-01T09:10").returned("civil", role="assist")
    said = world.at("2026-07-01T09:20").returned("housing", count=2)
    assert of(said, ClockStarted) == []
    assert world.clock("arbitrate#1").due_at == local("2026-07-01T10:10")
    world.assigned("police", role="assist")
    assert "arbitrate#1" in world.live(), "the lead is still open"
    world.assigned("emergency", role="lead")
    assert "arbitrate#1" not in world.live()


def test_the_refusal_of_an_assist_is_settled_by_a_new_assist() -> None:
    """The lead keeps its task, so no new lead will come."""
    world = World()
    world.opened(assists=("civil",))
    world.assigned()
    world.assigned("civil", role="assist")
    world.at("2026-07-01T09:10").returned("civil", role="assist")
    said = world.at("2026-07-01T09:20").assigned("police", role="assist")
    assert verdicts(said) == {"arbitrate#1": "on_time"}
    assert world.state.assists == ("police",)


def test_a_refused_assist_that_is_dropped_needs_no_more_decision() -> None:
    """Nobody is named in its stead; the returned task is put away."""
    world = World()
    world.opened(assists=("civil",))
    world.assigned()
    world.assigned("civil", role="assist")
    world.at("2026-07-01T09:10").returned("civil", role="assist")
    said = world.at("2026-07-01T10:30").superseded("civil", role="assist")
    assert verdicts(said) == {"arbitrate#1": "late"}
    assert world.reasons[-1] == "arbitrated"
    assert world.superseded("civil", role="assist") == []


def test_superseded_tasks_end_void_even_when_they_were_late() -> None:
    """What they measured ceased to matter."""
    world = World()
    world.opened()
    world.assigned()
    assert verdicts(world.at("2026-07-01T10:00").superseded()) == {
        "housing#1/accept": "void",
        "housing#1/handle": "void",
    }


def test_a_department_that_gets_a_second_task_has_one_clock_of_a_kind() -> None:
    """The older one ends void."""
    world = World()
    world.opened()
    world.assigned()
    said = world.assigned(number=2)
    assert verdicts(said) == {"housing#1/accept": "void", "housing#1/handle": "void"}
    assert world.live() == {"case", "housing#2/accept", "housing#2/handle"}


def test_a_resolved_case_is_verified_in_time() -> None:
    """The reporter's clock ends with the resolution, the verification's with the close."""
    world = World()
    world.opened()
    world.assigned(accept_limit=None)
    world.at("2026-07-01T12:00").completed()
    said = world.resolved()
    assert verdicts(said) == {"case": "on_time"}
    assert world.live() == {"verify#1"}
    assert verdicts(world.at("2026-07-02T12:00").closed()) == {"verify#1": "on_time"}
    assert world.state.phase is Phase.CLOSED
    assert world.state.next_at is None


def test_a_case_closed_unverified_was_not_verified_in_time() -> None:
    """Although the close carries the very due instant."""
    world = World()
    world.opened()
    world.resolved()
    world.at("2026-07-03T18:05")
    said = world.closed(Outcome.SOLVED_UNVERIFIED, occurred="2026-07-03T18:00")
    assert names(said) == ["clock.stopped"]
    assert verdicts(said) == {"verify#1": "late"}


def test_a_verified_case_that_waits_for_another_is_not_late() -> None:
    """Somebody looked; what it waits for is a dispute it is linked to."""
    world = World()
    world.opened()
    world.resolved()
    assert verdicts(world.at("2026-07-02T12:00").verified()) == {"verify#1": "on_time"}
    assert world.tick("2026-07-09T09:00") == []
    assert world.closed() == []
    assert world.verified() == []
    assert world.reasons[-2:] == ["closed", "overtaken"]


def test_a_case_closed_without_verification_ends_the_reporters_clock_with_a_verdict() -> None:
    """What is left of others ends void."""
    world = World()
    world.opened()
    world.assigned("civil", role="assist")
    said = world.at("2026-07-01T18:00").closed()
    assert verdicts(said) == {"case": "late", "civil#1/accept": "void", "civil#1/handle": "void"}
    assert world.live() == set()


def test_a_withdrawn_case_ends_without_verdicts() -> None:
    """And with it its team."""
    world = World()
    world.opened()
    world.assigned()
    world.whistle("civil")
    said = world.at("2026-07-01T18:00").withdrawn()
    assert set(verdicts(said).values()) == {"void"}
    assert names(said)[-1] == "team.stood-down"
    assert world.live() == set()
    assert world.state.next_at is None


@pytest.mark.parametrize("end", ["closed", "withdrawn"])
def test_an_ended_case_stays_ended(end: str) -> None:
    """Events that come later are history; nothing lives again without a reopening."""
    world = World()
    world.opened()
    world.assigned()
    getattr(world, end)()
    assert [*world.closed(), *world.withdrawn(), *world.assigned(number=2), *world.returned(), *world.resolved()] == []
    assert world.reasons[-5:] == ["overtaken"] * 5
    assert world.live() == set()


def test_a_failed_verification_ends_its_clock_with_a_verdict() -> None:
    """The reporter's clock goes on with the old due instant and warns of nothing twice."""
    world = World()
    world.opened()
    world.at("2026-07-01T14:00").resolved()
    said = world.at("2026-07-01T16:00").reopened()
    assert verdicts(said) == {"verify#1": "on_time"}
    (started,) = of(said, ClockStarted)
    assert (started.clock_id, started.due_at, started.episode) == (f"{CASE}/case#2", local("2026-07-01T17:00"), 2)
    assert names(world.tick("2026-07-01T17:00")) == ["clock.breached", "case.escalated"]


def test_a_reopening_that_was_overtaken_changes_nothing() -> None:
    """Its episode has begun already."""
    world = World()
    world.opened()
    world.closed()
    world.reopened()
    assert world.reopened() == []
    assert world.reasons[-1] == "overtaken"


def test_old_clocks_move_out_of_the_document() -> None:
    """All but the last ended ones, and never the reporter's."""
    world = World()
    world.opened()
    for number in range(1, 12):
        world.assigned(number=number)
        world.superseded(number=number)
    moved = [item for decision in world.decisions for item in decision.companions]
    assert {item.collection for item in moved} == {LEDGER}
    assert moved[0].document["_id"] == f"{CASE}/housing#1/accept"
    assert len(world.state.clocks) == KEPT + 1
    assert len(moved) + KEPT == 22
    world.resolved()
    world.closed()
    assert names(world.reopened()) == ["clock.started"]


def test_an_unknown_case_is_unknown() -> None:
    """Also to a sweep."""
    world = World()
    with pytest.raises(UnknownCase):
        world.assigned()
    with pytest.raises(UnknownCase):
        world.sweep("2026-07-01T10:00")


def test_what_nobody_here_decides_on_is_not_heeded() -> None:
    """The engine passes it over."""
    assert CaseLinked.type not in HEEDED


def test_a_case_whose_profile_is_not_there_is_refused_with_a_reason() -> None:
    """`decide` lets the refusal of its policies through."""
    world = World()
    world.opened()

    def nothing(*_: object) -> object:
        raise Poison("unknown-district", "No profile.")

    with pytest.raises(Poison):
        decide(world.state, Tick(CASE), world.now, nothing)  # type: ignore[arg-type]
