"""What departments do: accept, progress, complete with evidence, late news; holds, extensions, refusals."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.contracts import commands as say
from shared.contracts.cases import CaseClosed, CaseResolved, Outcome, TaskAccepted, TaskReturned
from shared.contracts.escalations import ClockBreachWithdrawn, ClockKind
from shared.contracts.incidents import Media
from shared.contracts.limits import Limit
from shared.decision import Rejected
from shared.district.calendar import WorkingCalendar
from tests.support.routing import CENTRE, GRID, HOUR, MINUTE, NINE, PHOTO, PHOTOS, FakeWorld, Story, dept, index

URBAN, HOUSING = dept("urban"), dept("housing")


def limit(text: str) -> Limit:
    """Return a limit."""
    return Limit.model_validate(text)


def refused(story: Story, kind: type[say.Command], actor: Any, **fields: Any) -> Rejected:
    """Give a command that must be refused."""
    with pytest.raises(Rejected) as refusal:
        story.say(kind, actor, **fields)
    return refusal.value


def with_policy(**changes: Any) -> Story:
    """Return an opened case under other policies."""
    return Story(world=FakeWorld(index(**changes))).opened()


def test_completing_an_assigned_task_implies_that_it_was_accepted() -> None:
    """Both events are told, so that the clock of acceptance stops."""
    story = Story().opened()
    story.say(say.CompleteTask, URBAN, department="urban")
    assert story.said() == ["task.accepted", "task.completed", "case.resolved"]


def test_a_stage_that_ends_on_an_assigned_task_implies_it_too() -> None:
    """Who works has accepted."""
    story = Story().opened("E03002")
    story.say(say.ProgressTask, URBAN, department="urban", stage="stop")
    assert story.said() == ["task.accepted", "task.progressed"]
    assert story.known().state == "in_progress"


def test_a_note_is_no_acceptance() -> None:
    """A word that somebody will look at it keeps nothing alive: the time to accept runs on."""
    story = Story().opened()
    story.say(say.ProgressTask, URBAN, department="urban", note="on the way")
    assert story.said() == ["task.progressed"]
    assert story.known().state == "dispatched"


def test_the_same_picture_twice_is_one_piece_of_evidence() -> None:
    """By its hash where there is one, however it is named."""
    story = Story().opened("E03002")
    twins = tuple(one.model_copy(update={"sha256": "0" * 64}) for one in PHOTOS)
    for shown in ((PHOTO, PHOTO), twins):
        assert refused(story, say.CompleteTask, URBAN, department="urban", evidence=shown).error == "missing-evidence"


def test_an_acceptance_that_arrives_after_the_completion_is_history() -> None:
    """The state does not move back, and it counts once only."""
    story = Story().opened()
    story.now += HOUR
    story.say(say.CompleteTask, URBAN, department="urban")
    assert story.say(say.AcceptTask, URBAN, department="urban", at=NINE + MINUTE) == "accepted_late"
    (event,) = story.last.events if story.last else ()
    assert isinstance(event, TaskAccepted)
    assert event.occurred_at == NINE + MINUTE
    assert story.task_state("urban") == "completed"
    assert refused(story, say.AcceptTask, URBAN, department="urban", at=NINE).error == "illegal-transition"


def test_progress_that_arrives_after_the_completion_is_history() -> None:
    """If it happened before; what is said to have happened after is refused."""
    story = Story().opened()
    story.now += HOUR
    story.say(say.CompleteTask, URBAN, department="urban")
    assert story.say(say.ProgressTask, URBAN, department="urban", at=NINE + MINUTE) == "progressed_late"
    assert story.said() == ["task.progressed"]
    late = NINE + 2 * HOUR
    assert refused(story, say.ProgressTask, URBAN, department="urban", at=late).error == "illegal-transition"


def test_late_news_of_an_earlier_episode_belongs_to_it() -> None:
    """The event says the task's episode, not the case's."""
    story = Story().opened()
    task = story.task_id("urban")
    story.now += HOUR
    story.say(say.CompleteTask, URBAN, department="urban")
    story.say(say.VerifyCase, GRID, ok=False)
    story.say(say.ProgressTask, URBAN, task_id=task, at=NINE + MINUTE)
    assert story.events[-1].episode == 1
    assert story.known().episode == 2


@pytest.mark.parametrize(("stage", "error"), [("stop", None), ("fine", None), ("demolish", "unknown-stage"),
                                              ("paint", "unknown-stage")])  # fmt: skip
def test_progress_may_end_a_stage_but_not_the_last(stage: str, error: str | None) -> None:
    """The last stage ends with the completion."""
    story = Story().opened("E03002")
    if error is None:
        assert story.say(say.ProgressTask, URBAN, department="urban", stage=stage) == "progressed"
    else:
        assert refused(story, say.ProgressTask, URBAN, department="urban", stage=stage).error == error


def test_evidence_the_category_demands_must_be_shown() -> None:
    """Two pictures are needed; a picture and a text are not two pictures."""
    story = Story().opened("E03002")
    text = Media(url="https://media.example.invalid/1.txt", mime="text/plain")
    short = refused(story, say.CompleteTask, URBAN, department="urban", evidence=(PHOTO, text))
    assert (short.error, short.state_met) == ("missing-evidence", "assigned")
    assert story.say(say.CompleteTask, URBAN, department="urban", evidence=(*PHOTOS, text)) == "completed"


def test_a_case_is_resolved_when_everybody_has_completed_whichever_order_the_news_comes_in() -> None:
    """At the time of the last completion, not of the last message."""
    story = Story().opened("E03002")
    story.now += 5 * HOUR
    shown = PHOTOS
    story.say(say.CompleteTask, URBAN, department="urban", evidence=shown, at=NINE + 3 * HOUR)
    assert story.known().state == "in_progress"
    story.say(say.CompleteTask, HOUSING, department="housing", evidence=shown, at=NINE + HOUR)
    resolved = story.events[-1]
    assert isinstance(resolved, CaseResolved)
    assert resolved.occurred_at == NINE + 3 * HOUR


def test_without_verification_the_case_closes_at_once() -> None:
    """Handling time runs from the reporter's clock to the lead's completion."""
    story = with_policy(verification={"by": "none"})
    story.now += HOUR
    assert story.say(say.CompleteTask, URBAN, department="urban") == "closed"
    assert story.said() == ["task.accepted", "task.completed", "case.resolved", "case.closed"]
    closed = story.events[-1]
    assert isinstance(closed, CaseClosed)
    assert (closed.outcome, closed.handling_seconds, closed.department) == (Outcome.SOLVED, 3600, "urban")


def test_extensions_are_bounded_in_number_and_length() -> None:
    """A longer one in another unit is found too long as well."""
    story = Story().opened()
    ask: dict[str, Any] = {"department": "urban", "reason": "frost"}
    for text in ("6 working_days", "200 clock_hours", "60 working_hours"):
        assert refused(story, say.ExtendTask, URBAN, limit=limit(text), **ask).error == "extension-too-long"
    assert story.say(say.ExtendTask, URBAN, limit=limit("30 working_hours"), **ask) == "extended"
    assert refused(story, say.ExtendTask, URBAN, limit=limit("1 working_days"), **ask).error == "extensions-exhausted"


def test_an_absurd_extension_is_refused_without_walking_the_calendar(monkeypatch: pytest.MonkeyPatch) -> None:
    """Centuries of working days take a second to walk through, and one sender can ask a hundred times."""
    story, asked = Story().opened(), list[str]()
    due = WorkingCalendar.due

    def looked_up(calendar: WorkingCalendar, at: datetime, limit: Limit) -> datetime:
        asked.append(str(limit))
        return due(calendar, at, limit)

    monkeypatch.setattr(WorkingCalendar, "due", looked_up)
    ask: dict[str, Any] = {"department": "urban", "reason": "frost", "limit": limit("100000 working_hours")}
    assert refused(story, say.ExtendTask, URBAN, **ask).error == "extension-too-long"
    assert asked == ["5 working_days"]


def test_an_expired_task_is_not_extended_but_one_that_asked_in_time_is() -> None:
    """By when it was asked for, not by when it was granted or when the message came."""
    due = NINE + 2 * HOUR
    story = with_policy(extensions={"approval_required": True})
    ask: dict[str, Any] = {"department": "urban", "reason": "frost", "limit": limit("1 working_days")}
    assert story.say(say.ExtendTask, URBAN, **ask) == "extension_requested"
    story.now = due + HOUR
    assert story.apply(story.breach(ClockKind.HANDLE, due, "urban")) == "expired"
    assert refused(story, say.ExtendTask, URBAN, **ask).error == "task-expired"
    assert story.say(say.ExtendTask, CENTRE, **ask) == "extended"
    assert story.said() == ["task.extended"]


def test_the_centre_does_not_extend_what_expired_unasked() -> None:
    """Nobody may, and none can make up for it by a wish that says it is older than it is."""
    due = NINE + 2 * HOUR
    story = Story().opened()
    story.now = due + HOUR
    story.apply(story.breach(ClockKind.HANDLE, due, "urban"))
    ask: dict[str, Any] = {"department": "urban", "reason": "frost", "limit": limit("1 working_days")}
    assert refused(story, say.ExtendTask, CENTRE, **ask).error == "task-expired"
    backdated = {**ask, "at": due - timedelta(milliseconds=1)}
    assert refused(story, say.ExtendTask, CENTRE, **backdated).error == "task-expired"


def test_a_withdrawn_breach_takes_the_expiry_back() -> None:
    """Escalation found out that it had happened in time."""
    story = Story().opened()
    breach = story.breach(ClockKind.HANDLE, NINE, "urban")
    story.apply(breach)
    assert story.known().tasks[0].expired_at == NINE
    withdrawn = ClockBreachWithdrawn.model_validate(breach.model_dump())
    assert story.apply(withdrawn) == "not_expired"
    assert story.known().tasks[0].expired_at is None


@pytest.mark.parametrize(
    "kind", [kind for kind in ClockKind if kind not in (ClockKind.HANDLE, ClockKind.VERIFY, ClockKind.OBLIGATION)]
)
def test_breaches_of_other_clocks_are_not_the_routers(kind: ClockKind) -> None:
    """They are facts, so they are neither refused nor heeded."""
    story = Story().opened()
    before = story.case
    assert story.apply(story.breach(kind, NINE, "urban")) == "not_concerned"
    assert story.case is before


def test_refusals_are_counted_over_the_whole_life_of_a_case() -> None:
    """Two are allowed here; then nobody may refuse any more, in no department and no episode."""
    story = Story().opened()
    for count, (department, following) in enumerate([("urban", "housing"), ("housing", "water")], start=1):
        story.say(say.ReturnTask, dept(department), department=department, reason="not ours", suggest=following)
        event = story.events[-1]
        assert isinstance(event, TaskReturned)
        assert (event.count, event.allowed, str(event.arbitrate_limit)) == (count, 2, "4 working_hours")
        story.say(say.AssignCase, CENTRE, lead=following)
    third = refused(story, say.ReturnTask, dept("water"), department="water", reason="not ours")
    assert (third.error, third.state_met) == ("refusals-exhausted", "assigned")
    story.say(say.CompleteTask, dept("water"), department="water")
    story.say(say.VerifyCase, GRID, ok=False)
    again = refused(story, say.ReturnTask, dept("water"), department="water", reason="not ours")
    assert again.error == "refusals-exhausted"


def test_whoever_returns_may_only_suggest_a_department_that_there_is() -> None:
    """The whistle may be blown for it."""
    story = Story().opened()
    refusal = refused(story, say.ReturnTask, URBAN, department="urban", reason="not ours", suggest="moon")
    assert refusal.error == "unknown-department"
