"""What the centre and the grid worker decide: re-routing, verification, reopening, withdrawal, links."""

from __future__ import annotations

from typing import Any

import pytest

from services.router.domain.closing import RECHECK
from services.router.domain.linking import MAX_LINKS
from services.router.domain.model import MAX_TASKS, next_due
from shared.contracts import commands as say
from shared.contracts.cases import CaseClosed, CaseReopened, Outcome, TaskAssigned
from shared.contracts.escalations import ClockKind
from shared.decision import Rejected
from tests.support.routing import CENTRE, GRID, HOUR, MINUTE, NINE, PHOTOS, FakeWorld, Story, dept, index

URBAN, HOUSING = dept("urban"), dept("housing")
DISPUTE = "620802-260701-dddddddd"


def tasks(story: Story) -> list[tuple[str, int, str, str]]:
    """Return (department, number, role, state) of every task."""
    return [(task.department, task.number, task.role.value, task.state.value) for task in story.known().tasks]


def refused(story: Story, kind: type[say.Command], actor: Any, **fields: Any) -> Rejected:
    """Give a command that must be refused."""
    with pytest.raises(Rejected) as refusal:
        story.say(kind, actor, **fields)
    return refusal.value


def resolved(world: FakeWorld | None = None) -> Story:
    """Return a case whose only department has completed after an hour."""
    story = Story(world=world or FakeWorld()).opened()
    story.now += HOUR
    story.say(say.CompleteTask, URBAN, department="urban")
    return story


def test_who_keeps_its_role_keeps_its_task_and_its_clock() -> None:
    """Only what changes is told."""
    story = Story().opened("E03002")
    assert story.say(say.AssignCase, CENTRE, lead="urban", assists=("water",)) == "assigned"
    assert story.said() == ["task.superseded", "task.assigned"]
    assert tasks(story) == [
        ("urban", 1, "lead", "assigned"),
        ("housing", 1, "assist", "superseded"),
        ("water", 1, "assist", "assigned"),
    ]


def test_another_role_is_another_task() -> None:
    """At no moment does a department have two live ones."""
    story = Story().opened("E03002")
    story.say(say.AssignCase, CENTRE, lead="housing", assists=("urban",))
    assert story.said() == ["task.superseded", "task.superseded", "task.assigned", "task.assigned"]
    assert tasks(story)[2:] == [("housing", 2, "lead", "assigned"), ("urban", 2, "assist", "assigned")]


def test_a_returned_task_is_put_away_when_the_centre_has_decided() -> None:
    """So whoever times the centre's decision hears of it."""
    story = Story().opened()
    story.say(say.ReturnTask, URBAN, department="urban", reason="not ours")
    story.say(say.AssignCase, CENTRE, lead="housing")
    assert story.said() == ["task.superseded", "task.assigned"]


def test_the_centre_may_give_a_task_back_to_who_returned_it() -> None:
    """Under a new number."""
    story = Story().opened()
    story.say(say.ReturnTask, URBAN, department="urban", reason="not ours")
    story.say(say.AssignCase, CENTRE, lead="urban")
    assert tasks(story) == [("urban", 1, "lead", "superseded"), ("urban", 2, "lead", "assigned")]


def test_dropping_a_returned_assist_is_told_too() -> None:
    """Otherwise nothing would end the centre's clock."""
    story = Story().opened("E03002")
    story.say(say.ReturnTask, HOUSING, department="housing", reason="not ours")
    assert story.say(say.AssignCase, CENTRE, lead="urban") == "assigned"
    assert story.said() == ["task.superseded"]


def test_assigning_what_is_assigned_changes_nothing() -> None:
    """And tells nothing."""
    story = Story().opened("E03002")
    before = story.case
    assert story.say(say.AssignCase, CENTRE, lead="urban", assists=("housing", "urban")) == "assigned_as_before"
    assert story.case is before


def test_dropping_the_last_one_missing_resolves_the_case() -> None:
    """As of the centre's decision."""
    story = Story().opened("E03002")
    story.say(say.CompleteTask, URBAN, department="urban", evidence=PHOTOS)
    story.now += HOUR
    assert story.say(say.AssignCase, CENTRE, lead="urban") == "resolved"
    assert story.said() == ["task.superseded", "case.resolved"]
    assert story.events[-1].occurred_at == story.now


def test_an_unknown_department_is_refused() -> None:
    """As lead and as assist."""
    story = Story().opened()
    assert refused(story, say.AssignCase, CENTRE, lead="moon").error == "unknown-department"
    assert refused(story, say.AssignCase, CENTRE, lead="urban", assists=("moon",)).error == "unknown-department"


def test_a_case_takes_only_so_many_tasks() -> None:
    """A script that re-assigns in a loop is stopped before the document is too large."""
    story = Story().opened()
    for number in range(MAX_TASKS - 1):
        story.say(say.AssignCase, CENTRE, lead=("housing", "urban")[number % 2])
    assert len(story.known().tasks) == MAX_TASKS
    assert refused(story, say.AssignCase, CENTRE, lead="water").error == "illegal-transition"


def test_the_reports_own_limit_goes_with_the_lead_and_never_moves() -> None:
    """Through re-routing and reopening alike."""
    due = NINE + 48 * HOUR
    story = Story().opened("E06010", due_at=due)
    story.now += HOUR
    story.say(say.AssignCase, CENTRE, lead="housing")
    story.say(say.CompleteTask, HOUSING, department="housing")
    story.say(say.VerifyCase, GRID, ok=False)
    assert [event.due_at for event in story.events if isinstance(event, TaskAssigned)] == [due] * 3


def test_a_verified_case_is_closed() -> None:
    """Its handling time ends with the lead's completion, however long the verification took."""
    story = resolved()
    story.now += 5 * HOUR
    assert story.say(say.VerifyCase, GRID, ok=True) == "verified"
    assert story.said() == ["case.verified", "case.closed"]
    closed = story.events[-1]
    assert isinstance(closed, CaseClosed)
    assert (closed.outcome, closed.handling_seconds) == (Outcome.SOLVED, 3600)


def test_a_failed_verification_opens_the_case_again_with_the_old_clock() -> None:
    """Lead and assists get new tasks in a new episode; the reporter's clock is untouched."""
    story = Story().opened("E03002")
    for department in ("urban", "housing"):
        story.say(say.CompleteTask, dept(department), department=department, evidence=PHOTOS)
    story.now += HOUR
    assert story.say(say.VerifyCase, GRID, ok=False, reason="still there", at=NINE + MINUTE) == "verification_failed"
    assert story.said() == ["case.verified", "case.reopened", "task.assigned", "task.assigned"]
    verified, reopened, lead, _ = story.events[-4:]
    assert isinstance(reopened, CaseReopened)
    assert (verified.episode, reopened.episode, lead.episode) == (1, 2, 2)
    assert (reopened.reason, reopened.occurred_at) == ("still there", NINE + MINUTE)
    assert lead.occurred_at == NINE + HOUR, "a verification noted offline takes no time from the department"
    assert (story.known().state, story.known().opened_at) == ("dispatched", NINE)


def test_a_closed_case_is_reopened_by_the_centre() -> None:
    """And can be closed again; its handling time still runs from the report."""
    story = resolved()
    story.say(say.VerifyCase, GRID, ok=True)
    story.now += 2 * HOUR
    assert story.say(say.ReopenCase, CENTRE, reason="again") == "reopened"
    assert story.said() == ["case.reopened", "task.assigned"]
    story.say(say.CompleteTask, URBAN, department="urban")
    story.say(say.VerifyCase, GRID, ok=True)
    closed = story.events[-1]
    assert isinstance(closed, CaseClosed)
    assert (closed.episode, closed.handling_seconds) == (2, 3 * 3600)


def test_nobody_verified_in_time_and_the_case_closes_by_itself() -> None:
    """As of the due instant, whenever the news came."""
    story = resolved()
    due = NINE + 9 * HOUR
    story.now = due + HOUR
    assert story.apply(story.breach(ClockKind.VERIFY, due)) == "closed_unverified"
    closed = story.events[-1]
    assert isinstance(closed, CaseClosed)
    assert (closed.outcome, closed.occurred_at) == (Outcome.SOLVED_UNVERIFIED, due)


def test_it_does_not_where_the_profile_says_so() -> None:
    """It stays resolved, and overdue."""
    story = resolved(FakeWorld(index(verification={"auto_close": False})))
    assert story.apply(story.breach(ClockKind.VERIFY, NINE)) == "verification_overdue"
    assert story.known().state == "resolved"


@pytest.mark.parametrize("change", [{"episode": 7}, {}])
def test_a_breach_that_was_overtaken_closes_nothing(change: dict[str, Any]) -> None:
    """Another episode's, or after the case has gone on."""
    story = resolved()
    breach = story.breach(ClockKind.VERIFY, NINE, **change)
    if not change:
        story.say(say.VerifyCase, GRID, ok=False)
    assert story.apply(breach) == "overtaken"
    assert story.known().open


def test_what_was_seen_before_the_case_closed_by_itself_still_counts() -> None:
    """The grid worker's word may arrive late; it is what happened that decides."""
    due = NINE + 9 * HOUR
    for ok, reason, outcome in ((True, "verified_late", Outcome.SOLVED), (False, "verification_failed", None)):
        story = resolved()
        story.now = due + HOUR
        story.apply(story.breach(ClockKind.VERIFY, due))
        assert refused(story, say.VerifyCase, GRID, ok=ok, at=due + MINUTE).error == "illegal-transition"
        assert story.say(say.VerifyCase, GRID, ok=ok, at=due - MINUTE) == reason
        assert story.known().outcome is outcome


def test_withdrawing_ends_every_open_task() -> None:
    """The case is over, without an outcome."""
    story = Story().opened("E03002")
    story.say(say.CompleteTask, URBAN, department="urban", evidence=PHOTOS)
    story.say(say.WithdrawCase, CENTRE, reason="a mistake")
    assert story.said() == ["task.superseded", "case.withdrawn"]
    assert tasks(story) == [("urban", 1, "lead", "completed"), ("housing", 1, "assist", "superseded")]


def test_withdrawing_from_triage_forgets_the_text() -> None:
    """Nobody will need it any more."""
    story = Story().opened(None)
    story.say(say.WithdrawCase, CENTRE, reason="a mistake")
    assert story.known().waiting is None


def test_links_are_noted_once_and_only_to_other_cases_of_the_district() -> None:
    """The same link again is no mistake."""
    story = Story().opened()
    assert story.say(say.LinkCase, CENTRE, other=DISPUTE) == "linked"
    assert story.say(say.LinkCase, CENTRE, other=DISPUTE) == "linked_before"
    for other in (story.known().case_id, "620171-260701-dddddddd", "the other one"):
        assert refused(story, say.LinkCase, CENTRE, other=other).error == "invalid-command"


def test_links_are_bounded() -> None:
    """Each costs a look whenever the case would close."""
    story = Story().opened()
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    for number in range(MAX_LINKS):
        story.say(say.LinkCase, CENTRE, other=f"620802-260701-{letters[number % 32]}{letters[number // 32]}aaaaaa")
    assert refused(story, say.LinkCase, CENTRE, other=DISPUTE).error == "illegal-transition"


def test_a_case_does_not_close_while_a_linked_dispute_is_open() -> None:
    """The verification counts; the closing waits and is tried again until the dispute has ended."""
    story = resolved(FakeWorld(disputes=(DISPUTE,)))
    assert story.say(say.VerifyCase, GRID, ok=True) == "closing_waits"
    assert (story.said(), story.known().state) == (["case.verified"], "resolved")
    assert next_due(story.known()) == story.now + RECHECK
    assert refused(story, say.VerifyCase, GRID, ok=True).error == "illegal-transition"
    story.now += RECHECK
    assert story.tick() == "closing_waits"
    assert story.said() == []
    story.world.disputes = ()
    story.now += RECHECK
    assert story.tick() == "closed"
    closed = story.events[-1]
    assert isinstance(closed, CaseClosed)
    assert (closed.outcome, closed.occurred_at, closed.handling_seconds) == (Outcome.SOLVED, story.now, 3600)
    assert next_due(story.known()) is None


def test_a_closing_by_itself_waits_too_and_a_verification_makes_it_a_verified_one() -> None:
    """Nothing that was said is lost while it waits."""
    story = resolved(FakeWorld(disputes=(DISPUTE,)))
    assert story.apply(story.breach(ClockKind.VERIFY, NINE)) == "closing_waits"
    assert story.say(say.VerifyCase, GRID, ok=True) == "closing_waits"
    assert story.known().closing is Outcome.SOLVED


def test_a_dispute_itself_closes_whatever_it_is_linked_with() -> None:
    """Or two linked disputes would hold each other open for ever."""
    story = Story(world=FakeWorld(disputes=(DISPUTE,))).opened("D0402")
    story.say(say.CompleteTask, dept("justice"), department="justice")
    assert story.say(say.VerifyCase, GRID, ok=True) == "verified"
    assert story.known().state == "closed"


def test_reopening_forgets_a_closing_that_waits() -> None:
    """The case has more to do."""
    story = resolved(FakeWorld(disputes=(DISPUTE,)))
    story.say(say.VerifyCase, GRID, ok=True)
    assert story.say(say.VerifyCase, GRID, ok=False) == "verification_failed"
    assert (story.known().closing, next_due(story.known())) == (None, None)
