"""What can become of a case, as scripts: wait for what the system says, then say something, as a department would.

Each script is played many times. Played before anything is disturbed, it shows what has to come of every later playing.
Scripts never look at a clock: what follows depends on what was said, in the order in which it was said.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

from deploy.partner.messages import Data
from shared.contracts import commands as say
from shared.contracts.commands import Command

CENTRE = "centre"
MEMBERS = ("police", "civil-affairs")
HOLD = timedelta(seconds=3)

QUEUED = "notice.queued"
"""Followed by a step: somebody is told of it. Who acts before being told has no need to be told any more."""


@dataclass(frozen=True, slots=True)
class Line:
    """A command of a partner; `task` is the task's department and number, e.g. `housing#1`."""

    by: str
    command: type[Command]
    task: str = ""
    data: Data = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cue:
    """Once so many events of a type have been told of the case, these lines are said."""

    after: str
    lines: tuple[Line, ...] = ()
    times: int = 1


@dataclass(frozen=True, slots=True)
class Story:
    """One script. The last cue, without lines, is its end; `errors` are the dead letters that belong to it.

    `sent` is how often the report itself is sent, `changed`: once more with another content. `share` weighs how
    often it is played.
    """

    lead: str
    cues: tuple[Cue, ...]
    assists: tuple[str, ...] = ()
    keyword: str = ""
    errors: tuple[str, ...] = ()
    category: bool = True
    late: bool = False
    sent: int = 1
    changed: bool = False
    share: int = 1
    words: str = ""


def _task(by: str, command: type[Command], number: int = 1, **data: object) -> Line:
    return Line(by, command, f"{by}#{number}", data)


def _centre(command: type[Command], task: str = "", **data: object) -> Line:
    return Line(CENTRE, command, task, data)


PHOTOS = [{"url": f"https://media.example.invalid/{n}.jpg", "mime": "image/jpeg"} for n in (1, 2, 3)]


def _complete(by: str, number: int = 1) -> Line:
    return _task(by, say.CompleteTask, number, evidence=PHOTOS)


def _told(kind: str, times: int = 1) -> Cue:
    return Cue(kind, times=times)


def _then(kind: str, *lines: Line, times: int = 1) -> Cue:
    return Cue(kind, lines, times)


ODD = "楼道\u202e堆放\u200b杂物\u0000\ufeff\u2066 \U0001f3e0 e\u0301"
"""Bidirectional, zero-width and null characters, a byte order mark, a picture, a combining mark: odd, but a report."""

_RAW: dict[str, Story] = {
    "filed": Story("housing", (_told("case.opened"),), assists=("justice",), share=8),
    "odd": Story("urban-management", (_told("case.opened"),), words=ODD),
    "repeated": Story("justice", (_told("case.opened"),), sent=3),
    "contradicted": Story("justice", (_told("case.opened"),), changed=True, errors=("conflicting-duplicate",)),
    "accepted": Story(
        "police",
        (_then("task.assigned", _task("police", say.AcceptTask)), _told("task.accepted")),
        share=2,
    ),
    "solved": Story(
        "urban-management",
        (
            _then("task.assigned", _task("urban-management", say.AcceptTask)),
            _then("task.accepted", _complete("urban-management")),
            _then("case.resolved", _centre(say.VerifyCase, ok=True)),
            _told("case.closed"),
        ),
        share=4,
    ),
    "reopened": Story(
        "housing",
        (
            _then("task.assigned", _complete("housing"), _complete("justice"), times=2),
            _then("case.resolved", _centre(say.VerifyCase, ok=False, reason="未解决")),
            _then("task.assigned", _complete("housing", 2), _complete("justice", 2), times=4),
            _then("case.resolved", _centre(say.VerifyCase, ok=True), times=2),
            _told("case.closed"),
        ),
        assists=("justice",),
    ),
    "refused": Story(
        "health",
        (
            _then("task.assigned", _task("health", say.ReturnTask, reason="不属于职责范围")),
            _then("task.returned", _centre(say.AssignCase, lead="agriculture")),
            _then("task.assigned", _complete("agriculture"), times=2),
            _told("case.resolved"),
        ),
    ),
    "paused": Story(
        "agriculture",
        (
            # By the centre, which may date it back: a broker that was away for a minute must not make it another story.
            _then("task.assigned", _centre(say.HoldTask, "agriculture#1", reason="等待配件", until="@hold")),
            _then("task.resumed", _complete("agriculture")),
            _told("case.resolved"),
        ),
    ),
    "withdrawn": Story(
        "natural-resources",
        (_then("case.opened", _centre(say.WithdrawCase, reason="误报")), _told("case.withdrawn")),
    ),
    "forbidden": Story(
        "court",
        (
            _then("task.assigned", Line("petitions", say.CompleteTask, "court#1", {"evidence": PHOTOS})),
            _then("!forbidden", _task("court", say.AcceptTask)),
            _told("task.accepted"),
        ),
        errors=("forbidden",),
    ),
    "sorted": Story(
        "petitions",
        (_then("case.triaged", _centre(say.ClassifyCase, category="E06010")), _told("case.opened")),
        category=False,
    ),
    "whistled": Story(
        "civil-affairs",
        (
            _then("clock.started", _centre(say.BlowWhistle, departments=list(MEMBERS))),
            _then("team.summoned", *(Line(one, say.AnswerTeam, data={"coming": True}) for one in MEMBERS)),
            _then("team.answered", *(Line(one, say.CheckInTeam, data={"@": "check-in"}) for one in MEMBERS), times=2),
            _then(f"{QUEUED} on_scene", _complete("civil-affairs")),
            _told("team.stood-down"),
        ),
    ),
    "overdue": Story(
        "human-resources",
        (
            _then(f"{QUEUED} summoned", _complete("human-resources")),
            _then("case.resolved", _centre(say.VerifyCase, ok=True)),
            _told("case.closed"),
        ),
        late=True,
        share=2,
    ),
}


STORIES: dict[str, Story] = {name: replace(story, keyword=f"剧本{name}剧终") for name, story in _RAW.items()}
"""By name; the keyword in its report is how the rules of the profile know it."""


def draw_order(dice: Random, count: int) -> list[str]:
    """Return so many names of stories, each in its share, shuffled by the dice."""
    names = [name for name, story in STORIES.items() for _ in range(story.share)]
    order = [names[number % len(names)] for number in range(count)]
    dice.shuffle(order)
    return order
