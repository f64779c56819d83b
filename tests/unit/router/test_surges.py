"""A surge as a case: a parent that is routed like any other, and children that only note whose they are."""

from __future__ import annotations

from typing import Any

from services.router.domain.decide import decide
from services.router.domain.model import Case
from shared.contracts import commands as say
from shared.contracts.cases import CaseLinked, CaseOpened
from shared.contracts.incidents import SurgeDetected, SurgeEnded, SurgeJoined, SurgeKind
from tests.support.routing import CENTRE, HOUR, NINE, FakeWorld, Story

PARENT = "620802-260701-parentaa"
FACTS: dict[str, Any] = {"district": "620802", "occurred_at": NINE, "recorded_at": NINE}


def detected(**more: Any) -> SurgeDetected:
    """Return a surge as intake tells of it."""
    facts: dict[str, Any] = {"kind": SurgeKind.PLACE, "category": "E06010", "count": 12, "cases": ()}
    place = {"lon": 106.66, "lat": 35.54, "radius_m": 300, "since": NINE - HOUR, "profile_version": 3}
    return SurgeDetected(**{**FACTS, "case_id": PARENT, **facts, **place, "text": "集中反映12件", **more})


def parent(**more: Any) -> Case:
    """Return the parent case."""
    return decide(None, detected(**more), NINE, FakeWorld()).state


def test_a_surge_opens_a_parent_case_that_is_routed_as_a_report_would_be() -> None:
    """With lead, task and clocks of its own; whoever reads of it is told what it is."""
    decision = decide(None, detected(text="集中反映12件：小区积水"), NINE, FakeWorld())
    opened = decision.events[0]
    assert isinstance(opened, CaseOpened)
    assert (opened.surge, opened.rule, opened.lead, opened.partner) == ("place", "flood", "housing", "surge")
    assert [event.type for event in decision.events[1:]] == ["gridwhistle.task.assigned.v1"] * 3
    assert (decision.state.surge, decision.state.children, decision.reason) == ("place", 12, "surge_opened")


def test_told_again_it_opens_nothing() -> None:
    """Its number is the same whoever found it."""
    again = decide(parent(), detected(), NINE, FakeWorld())
    assert (again.events, again.reason) == ((), "opened_before")


def test_a_surge_of_a_category_nobody_knows_waits_for_a_human() -> None:
    """As a report of it would; it is a surge all the same."""
    state = parent(category="E99999")
    assert (state.state, state.surge) == ("triage", "place")


def test_a_child_notes_its_parent_once_in_whichever_state_it_is() -> None:
    """Its tasks, clocks and end are its own."""
    story = Story().opened()
    before = story.known()
    joined = SurgeJoined(**{**FACTS, "case_id": before.case_id, "parent": PARENT})
    story.say(say.WithdrawCase, CENTRE, reason="a mistake")
    story.events.clear()
    assert story.apply(joined) == "joined"
    (linked,) = story.events
    assert isinstance(linked, CaseLinked)
    assert (linked.other, linked.parent, story.known().parent) == (PARENT, True, PARENT)
    other = joined.model_copy(update={"parent": "620802-260701-otheraaa"})
    assert story.apply(other) == "joined_before"
    assert (story.known().parent, story.known().state, story.known().links) == (PARENT, "withdrawn", ())


def test_the_end_of_a_surge_closes_neither_parent_nor_child() -> None:
    """The parent knows how many there were; somebody has to deal with the cause."""
    state = parent()
    ended = decide(state, SurgeEnded(**{**FACTS, "case_id": PARENT, "count": 15, "since": NINE}), NINE, FakeWorld())
    assert (ended.events, ended.state.children, ended.state.state) == ((), 15, "dispatched")
