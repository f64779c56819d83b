"""Standing a task's clock still: who may, how often, how long, and when it runs again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.contracts import commands as say
from shared.contracts.cases import TaskHeld
from tests.support.routing import CENTRE, HOUR, MINUTE, NINE, Story
from tests.unit.router.test_work import URBAN, refused, with_policy


def test_completing_ends_a_hold_without_a_resumption() -> None:
    """Told late, a resumption let the clocks run past their limits before the completion was heard."""
    story = Story().opened()
    story.say(say.HoldTask, URBAN, department="urban", reason="rain")
    story.say(say.CompleteTask, URBAN, department="urban")
    assert story.said() == ["task.accepted", "task.completed", "case.resolved"]


def test_a_hold_that_needs_approval_is_asked_for_and_then_given_by_the_centre() -> None:
    """Until then nothing changes."""
    story = with_policy(holds={"approval_required": True})
    assert story.say(say.HoldTask, URBAN, department="urban", reason="rain") == "hold_requested"
    assert (story.said(), story.task_state("urban")) == (["task.hold-requested"], "assigned")
    assert story.say(say.HoldTask, CENTRE, department="urban", reason="rain") == "held"
    assert story.task_state("urban") == "on_hold"


def test_a_hold_with_an_end_ends_by_itself() -> None:
    """At that instant, whenever somebody looks."""
    story = Story().opened()
    story.say(say.HoldTask, URBAN, department="urban", reason="rain", until=NINE + HOUR)
    story.now += HOUR - MINUTE
    assert story.tick() == "nothing_due"
    story.now += 2 * HOUR
    assert story.tick() == "hold_ended"
    assert (story.said(), story.events[-1].occurred_at) == (["task.resumed"], NINE + HOUR)
    assert story.task_state("urban") == "assigned"


def test_a_command_after_the_end_of_a_hold_finds_the_task_running() -> None:
    """No sweep is needed for it; the end of the hold is told first."""
    story = Story().opened()
    story.say(say.HoldTask, URBAN, department="urban", reason="rain", until=NINE + HOUR)
    story.now += 2 * HOUR
    assert story.say(say.AcceptTask, URBAN, department="urban") == "accepted"
    assert story.said() == ["task.resumed", "task.accepted"]


def test_a_resumed_task_is_where_it_was_before() -> None:
    """A hold is a pause and no step."""
    story = Story().opened()
    story.say(say.AcceptTask, URBAN, department="urban")
    story.say(say.HoldTask, URBAN, department="urban", reason="rain")
    story.say(say.ResumeTask, CENTRE, department="urban")
    assert story.task_state("urban") == "accepted"


def test_holds_are_bounded_and_must_end_after_they_begin() -> None:
    """Two holds of a task are allowed here."""
    story = Story().opened()
    past = refused(story, say.HoldTask, URBAN, department="urban", reason="rain", until=NINE)
    assert past.error == "invalid-command"
    for _ in range(2):
        story.say(say.HoldTask, URBAN, department="urban", reason="rain")
        story.say(say.ResumeTask, URBAN, department="urban")
    assert refused(story, say.HoldTask, URBAN, department="urban", reason="rain").error == "holds-exhausted"


def told_until(story: Story) -> datetime | None:
    """Return when the hold that was told last ends."""
    held = story.events[-1]
    assert isinstance(held, TaskHeld)
    return held.until


def test_a_hold_without_approval_has_an_end() -> None:
    """Or a department could stop its clock for good; what the centre holds, stands until it says so."""
    story = with_policy(holds={"max_hold": "2 clock_hours"})
    ask: dict[str, Any] = {"department": "urban", "reason": "rain"}
    assert refused(story, say.HoldTask, URBAN, until=NINE + 3 * HOUR, **ask).error == "hold-too-long"
    story.say(say.HoldTask, URBAN, **ask)
    assert told_until(story) == NINE + 2 * HOUR
    story.now += 2 * HOUR
    assert story.tick() == "hold_ended"
    story.say(say.HoldTask, CENTRE, **ask)
    assert told_until(story) is None
