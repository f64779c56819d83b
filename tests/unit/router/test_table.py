"""Every command in every state it can meet: what comes of it, or which refusal. The table is the specification."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.router.domain.model import CaseState, TaskState
from shared.contracts import commands as say
from shared.contracts.commands import Command
from shared.contracts.limits import Limit
from shared.decision import Rejected
from tests.support.routing import CENTRE, GRID, HOUR, MINUTE, PHOTOS, FakeWorld, Story, dept

URBAN, HOUSING = dept("urban"), dept("housing")
DAY = Limit.model_validate("1 working_days")

# What each command says besides case, task and time.
SAYS: dict[str, tuple[type[Command], dict[str, Any]]] = {
    "accept": (say.AcceptTask, {}),
    "progress": (say.ProgressTask, {}),
    "complete": (say.CompleteTask, {}),
    "return": (say.ReturnTask, {"reason": "not ours"}),
    "hold": (say.HoldTask, {"reason": "rain"}),
    "resume": (say.ResumeTask, {}),
    "extend": (say.ExtendTask, {"reason": "frost", "limit": DAY}),
    "classify": (say.ClassifyCase, {"category": "E06010"}),
    "assign": (say.AssignCase, {"lead": "housing"}),
    "withdraw": (say.WithdrawCase, {"reason": "a mistake"}),
    "verify": (say.VerifyCase, {"ok": True}),
    "object": (say.VerifyCase, {"ok": False}),
    "reopen": (say.ReopenCase, {"reason": "again"}),
    "link": (say.LinkCase, {"other": "620802-260701-bbbbbbbb"}),
}
TASK_COMMANDS = tuple(SAYS)[:7]
CASE_COMMANDS = tuple(SAYS)[7:]


def _assigned() -> Story:
    return Story().opened()


def _accepted() -> Story:
    story = _assigned()
    story.say(say.AcceptTask, URBAN, department="urban")
    return story


def _held(story: Story) -> Story:
    story.say(say.HoldTask, URBAN, department="urban", reason="rain")
    return story


def _completed() -> Story:
    """The lead is done, but an assist is not: the case goes on."""
    story = Story().opened("E03002")
    story.say(say.CompleteTask, URBAN, department="urban", evidence=PHOTOS)
    return story


def _returned() -> Story:
    story = _accepted()
    story.say(say.ReturnTask, URBAN, department="urban", reason="not ours")
    return story


def _superseded() -> Story:
    story = _accepted()
    story.say(say.AssignCase, CENTRE, lead="water")
    return story


def _resolved() -> Story:
    story = _accepted()
    story.say(say.CompleteTask, URBAN, department="urban")
    return story


def _closed() -> Story:
    story = _resolved()
    story.say(say.VerifyCase, GRID, ok=True)
    return story


def _withdrawn() -> Story:
    story = _accepted()
    story.say(say.WithdrawCase, CENTRE, reason="a mistake")
    return story


SITUATIONS: dict[str, Callable[[], Story]] = {
    "assigned": _assigned,
    "accepted": _accepted,
    "on_hold": lambda: _held(_accepted()),
    "on_hold_new": lambda: _held(_assigned()),
    "completed": _completed,
    "returned": _returned,
    "superseded": _superseded,
    "triage": lambda: Story().opened(None),
    "dispatched": _assigned,
    "in_progress": _accepted,
    "resolved": _resolved,
    "closed": _closed,
    "withdrawn": _withdrawn,
}

# ✗ is illegal-transition. The task's own department speaks; a minute has passed since whatever happened before.
BY_TASK_STATE = """
              accept      progress      complete      return      hold    resume    extend
assigned      accepted    progressed    resolved      returned    held    ✗         extended
accepted      ✗           progressed    resolved      returned    held    ✗         extended
on_hold       ✗           progressed    resolved      returned    ✗       resumed   ✗
on_hold_new   accepted    progressed    resolved      returned    ✗       resumed   ✗
completed     ✗           ✗             ✗             ✗           ✗       ✗         ✗
returned      ✗           ✗             ✗             ✗           ✗       ✗         ✗
superseded    ✗           ✗             ✗             ✗           ✗       ✗         ✗
resolved      ✗           ✗             ✗             ✗           ✗       ✗         ✗
closed        ✗           ✗             ✗             ✗           ✗       ✗         ✗
withdrawn     ✗           ✗             ✗             ✗           ✗       ✗         ✗
"""

BY_CASE_STATE = """
              classify    assign      withdraw     verify      object                 reopen      link
triage        classified  ✗           withdrawn    ✗           ✗                      ✗           linked
dispatched    ✗           assigned    withdrawn    ✗           ✗                      ✗           linked
in_progress   ✗           assigned    withdrawn    ✗           ✗                      ✗           linked
resolved      ✗           ✗           withdrawn    verified    verification_failed    ✗           linked
closed        ✗           ✗           ✗            ✗           ✗                      reopened    linked
withdrawn     ✗           ✗           ✗            ✗           ✗                      ✗           linked
"""


def cells(table: str) -> list[tuple[str, str, str]]:
    """Return (situation, command, expected) of every cell."""
    head, *rows = [line.split() for line in table.strip().splitlines()]
    return [(row[0], command, want) for row in rows for command, want in zip(head, row[1:], strict=True)]


def outcome(story: Story, command: str, actor: Any, **more: Any) -> tuple[str, str | None]:
    """Return the reason or error of a command given one minute later, and the state a refusal met."""
    kind, fields = SAYS[command]
    story.now += MINUTE
    before = story.case
    try:
        return story.say(kind, actor, **fields, **more), None
    except Rejected as refusal:
        assert story.case is before
        return refusal.error, refusal.state_met


@pytest.mark.parametrize(("situation", "command", "want"), cells(BY_TASK_STATE))
def test_a_departments_command_on_its_task(situation: str, command: str, want: str) -> None:
    """What a department may do with its own task, state by state."""
    story = SITUATIONS[situation]()
    met = story.task_state("urban")
    got, state_met = outcome(story, command, URBAN, department="urban")
    assert got == want.replace("✗", "illegal-transition")
    assert state_met == (met if want == "✗" else None)


@pytest.mark.parametrize(("situation", "command", "want"), cells(BY_CASE_STATE))
def test_a_command_on_the_case(situation: str, command: str, want: str) -> None:
    """What may be done with a case, state by state."""
    story = SITUATIONS[situation]()
    assert story.known().state == situation
    got, state_met = outcome(story, command, GRID if command in ("verify", "object") else CENTRE)
    assert got == want.replace("✗", "illegal-transition")
    assert state_met == (situation if want == "✗" else None)


def test_the_tables_leave_no_state_and_no_command_out() -> None:
    """Every state of a task and of a case, and every command there is, stands in a table."""
    assert set(TaskState) | {CaseState.CLOSED} <= {row for row, _, _ in cells(BY_TASK_STATE)}
    assert set(CaseState) == {row for row, _, _ in cells(BY_CASE_STATE)}
    assert {command for _, command, _ in cells(BY_TASK_STATE)} == set(TASK_COMMANDS)
    assert {command for _, command, _ in cells(BY_CASE_STATE)} == set(CASE_COMMANDS)


@pytest.mark.parametrize("command", TASK_COMMANDS)
@pytest.mark.parametrize("situation", ["assigned", "accepted", "on_hold", "completed"])
def test_another_department_may_not_touch_a_task(situation: str, command: str) -> None:
    """Only the department that owns a task may act on it, whatever the state."""
    story = SITUATIONS[situation]()
    assert outcome(story, command, HOUSING, department="urban")[0] == "forbidden"


@pytest.mark.parametrize("command", ["accept", "progress", "complete", "return"])
def test_the_centre_does_not_do_a_departments_work(command: str) -> None:
    """The centre decides on holds, resumptions and extensions; the work is the department's."""
    assert outcome(_accepted(), command, CENTRE, department="urban")[0] == "forbidden"


@pytest.mark.parametrize(("situation", "command", "want"), [
    ("accepted", "hold", "held"), ("on_hold", "resume", "resumed"), ("accepted", "extend", "extended"),
])  # fmt: skip
def test_the_centre_may_hold_resume_and_extend(situation: str, command: str, want: str) -> None:
    """The centre gives these itself."""
    assert outcome(SITUATIONS[situation](), command, CENTRE, department="urban")[0] == want


@pytest.mark.parametrize("command", TASK_COMMANDS)
def test_a_task_that_never_was_is_unknown(command: str) -> None:
    """A task id of another case, or of nobody, is refused as such."""
    story = _accepted()
    assert outcome(story, command, URBAN, task_id=f"{story.known().case_id}/urban#9") == ("unknown-task", "in_progress")


def test_a_linked_case_that_is_not_there_is_refused() -> None:
    """A typing mistake in a link is found at once."""
    story = Story(world=FakeWorld(missing=frozenset({"620802-260701-bbbbbbbb"}))).opened()
    assert outcome(story, "link", CENTRE)[0] == "unknown-case"


def test_time_between_commands_is_not_what_decides() -> None:
    """The tables hold an hour later as well: only the state counts."""
    story = _accepted()
    story.now += HOUR
    assert outcome(story, "complete", URBAN, department="urban")[0] == "resolved"
