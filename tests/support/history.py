"""Random histories of a district: what somebody may do next, legal or not, as the model sees the moment.

A move is made from a `Chance` (hypothesis or a seeded generator), so the same moves make the histories of the test in
memory and of the test on the running stack.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol, TypeVar

from tests.support.merging import take_apart
from tests.support.model.case import CaseFile, Task
from tests.support.model.days import BEIJING
from tests.support.model.district import DistrictModel

T = TypeVar("T")
MINUTE = timedelta(minutes=1)
HERE = (106.6651, 35.5428)
PHOTO = {"url": "https://media.example.invalid/1.jpg", "mime": "image/jpeg"}
FILM = {"url": "https://media.example.invalid/1.mp4", "mime": "video/mp4"}
DEPARTMENTS = ("housing", "water", "police", "street", "centre")
TEXTS = ("楼道里堆满了垃圾", "小区门口发生内涝，水深没膝", "物业多收费用拒不退还")
CATEGORIES = ("E06010", "垃圾", "E08001", "E03002", "D0402", "D0402", None, "不知道")

STARTS = tuple(
    datetime.fromisoformat(text).replace(tzinfo=BEIJING)
    for text in (
        "2026-07-01T09:00:00",  # a Wednesday
        "2026-07-03T17:20:00",  # before a weekend
        "2026-02-13T16:00:00",  # before the make-up Saturday and Spring Festival
        "2026-02-27T11:30:00",  # before the make-up Saturday after it, and lunch
        "2025-12-31T21:40:00",  # before quiet hours, New Year and its make-up Sunday
        "2026-09-30T15:00:00",  # before National Day
        "2026-09-19T23:50:00",  # before midnight and a make-up Sunday
    )
)


class Chance(Protocol):
    """Where choices come from."""

    def pick(self, options: Sequence[T]) -> T:
        """Return one of several."""

    def number(self, least: int, most: int) -> int:
        """Return a number between two, both included."""


class Seeded:
    """Choices of a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def pick(self, options: Sequence[T]) -> T:
        """Return one of several."""
        return self.random.choice(options)

    def number(self, least: int, most: int) -> int:
        """Return a number between two."""
        return self.random.randint(least, most)


@dataclass(frozen=True)
class Sent:
    """What a partner sends: a report (without a name) or a command."""

    id: str
    partner: str
    name: str | None
    content: dict[str, Any]


@dataclass
class History:
    """A district's history while it is being made up; the model says what there is to act on."""

    model: DistrictModel
    chance: Chance
    sent: list[Sent] = field(default_factory=list)
    longest: int = 4_000

    # ---- what may be sent

    def next(self) -> Sent:
        """Make up what is sent next."""
        if not self.model.cases:
            return self.report()
        moves: list[Callable[[], Sent]] = [
            self.report, *[self.work] * 4, *[self.go_on] * 2, *[self.centre_acts] * 2, *[self.team_acts] * 2,
            self.whistle, self.again, self.nonsense, self.push_around, partial(take_apart, self),
        ]  # fmt: skip
        return self.chance.pick(moves)()

    def send(self, partner: str, name: str | None, content: dict[str, Any]) -> Sent:
        """Note what is sent, under a name of its own."""
        content = {key: value for key, value in content.items() if value is not None}
        self.sent.append(Sent(f"m{len(self.sent)}", partner, name, content))
        return self.sent[-1]

    def report(self) -> Sent:
        """Somebody reports something: here or there, with a category or not, lately or long ago, the same or not."""
        pick, earlier = self.chance.pick, [one for one in self.sent if one.name is None]
        kind = pick(["new", "new", "new", "near", "twice", "other content"]) if earlier else "new"
        if kind in ("twice", "other content"):
            old = pick(earlier)
            changed = {"text": pick(TEXTS)} if kind == "other content" else {}
            return self.send(old.partner, None, {**old.content, **changed})
        category, text = pick(CATEGORIES), pick((*TEXTS, None))
        east = pick([0.0, 0.0002, 0.002, 0.02])
        if kind == "near":
            old = pick(earlier)
            category, text = old.content.get("category"), pick((old.content.get("text"), None))
            east = pick([0.0, 0.0002, 0.0006, 0.002])
        partner = pick(["grid-app", "grid-app", "hotline", "camera", "housing"])
        content = {
            "report_id": f"r{len(self.sent)}",
            "category": category,
            "text": text if category or text else TEXTS[0],
            "location": pick([{"lon": HERE[0] + east, "lat": HERE[1], "datum": "wgs84"}, None]),
            "severity": pick([None, None, 2, 4]),
            "reporter": pick([None, {"phone": "13800000000"}]),
            "occurred_at": self.claim(),
            "due_at": self.at(self.chance.number(30, 600)) if partner == "hotline" and pick([True, False]) else None,
        }
        return self.send(partner, None, content)

    def claim(self) -> str | None:
        """When it is said to have happened: now, a little or very long ago, in the future, or not said."""
        back = self.chance.pick([None, 0, 0, 0, "while", "past", "future"])
        if back is None:
            return None
        minutes = {
            "while": self.chance.number(-300, -1),
            "past": self.chance.number(-5_000, -301),
            "future": self.chance.pick([4, 90]),
            0: 0,
        }
        return self.at(minutes[back])

    def at(self, minutes: int) -> str:
        """An instant so many minutes from now, as a partner writes it."""
        return (self.model.now + minutes * MINUTE).isoformat()

    # ---- commands

    def command(self, partner: str, name: str, case: CaseFile, **content: Any) -> Sent:
        """A command on a case."""
        return self.send(partner, name, {"case_id": case.id, "occurred_at": self.claim(), **content})

    def case(self) -> CaseFile:
        """A case to act on, an open one mostly."""
        cases = list(self.model.cases.values())
        return self.chance.pick([one for one in cases if one.open] * 3 + cases)

    def work(self) -> Sent:
        """The department that has a task does something with it, or another tries to."""
        case, pick = self.case(), self.chance.pick
        if not case.tasks:
            return self.centre_acts()
        task = pick([one for one in case.tasks if one.live] * 4 + case.tasks)
        who = pick([task.department] * 8 + ["centre", "police"])
        return self.on_task(who, case, task)

    def on_task(self, who: str, case: CaseFile, task: Task) -> Sent:
        """Any command on a task."""
        pick, name = self.chance.pick, self.chance.pick(list(TASK_COMMANDS))
        content = {key: pick(values) for key, values in TASK_COMMANDS[name].items()}
        if name == "task.hold":
            content["until"] = pick([None, self.at(self.chance.number(-20, 600))])
        return self.command(who, name, case, task_id=task.id, **content)

    def go_on(self) -> Sent:
        """Somebody does what is to be done next, so that cases get far."""
        case = self.case()
        task = next((one for one in case.tasks if one.live), None)
        if task is not None:
            return self.command(task.department, "task.complete", case, task_id=task.id, evidence=[PHOTO])
        if case.state == "resolved":
            return self.command("grid-app", "case.verify", case, ok=self.chance.pick([True, True, False]))
        if case.state == "triage":
            return self.command("centre", "case.classify", case, category="E06010")
        if case.state == "closed":
            return self.command("centre", "case.reopen", case, reason="again")
        return self.assign(case)

    def push_around(self) -> Sent:
        """A department refuses, again and again; the centre gives it to the next."""
        case = self.case()
        task = next((one for one in case.tasks if one.live), None)
        if task is None or (case.refusals and self.chance.pick([True, False])):
            return self.assign(case)
        return self.command(task.department, "task.return", case, task_id=task.id, reason="not ours")

    def assign(self, case: CaseFile) -> Sent:
        """The centre routes a case anew."""
        others = [self.chance.pick(DEPARTMENTS) for _ in range(self.chance.number(0, 2))]
        return self.command("centre", "case.assign", case, lead=self.chance.pick(DEPARTMENTS), assists=others)

    def centre_acts(self) -> Sent:
        """The centre, or whoever takes itself for it, decides something about a case."""
        case, pick = self.case(), self.chance.pick
        who = pick(["centre"] * 6 + ["housing", "grid-app", "camera"])
        name = pick(["assign", "classify", "verify", "reopen", "link", "link", "withdraw", "task", "task"])
        if name == "task" and case.tasks:
            return self.on_task("centre", case, pick(case.tasks))
        disputes = [one.id for one in self.model.cases.values() if one.is_dispute and one.open]
        choices: dict[str, dict[str, Any]] = {
            "classify": {"category": pick(["E06010", "D0402", "垃圾", "X"])},
            "verify": {"ok": pick([True, False])},
            "reopen": {"reason": "again"},
            "link": {"other": pick(disputes * 3 + list(self.model.cases))},
            "withdraw": {"reason": "a mistake"},
        }
        content = choices.get(name, {})
        return self.command(who, f"case.{name}", case, **content) if content else self.assign(case)

    def whistle(self) -> Sent:
        """Somebody blows the whistle by hand."""
        case, pick = self.case(), self.chance.pick
        content = {
            "departments": list(dict.fromkeys(pick(DEPARTMENTS) for _ in range(self.chance.number(1, 3)))),
            "optional": pick([[], ["street"], ["nobody"]]),
            "muster_within_minutes": pick([None, 20, 90]),
            "quorum": pick([None, 1]),
            "place": pick([None, "第一网格东侧", "社区广场"]),
        }
        return self.command(pick(["centre", "grid-app", "street", "housing"]), "case.whistle", case, **content)

    def team_acts(self) -> Sent:
        """A member answers, comes, sends another; or the centre sends the team home."""
        case, pick = self.case(), self.chance.pick
        with_team = [one for one in self.model.cases.values() if one.team]
        case = pick(with_team * 6 + [case])
        members = [seat.holder for seat in case.team.seats] if case.team else []
        who, name = pick(members * 3 + ["police"]), pick(["answer", "check-in", "check-in", "substitute", "stand-down"])
        lon = HERE[0] + pick([0.0, 0.0, 0.0, 0.1])
        choices: dict[str, dict[str, Any]] = {
            "answer": {"coming": pick([True, False])},
            "check-in": {"lon": lon, "lat": HERE[1], "nonce": f"check-in-{pick(['same', len(self.sent)])}"},
            "substitute": {"by": pick([*DEPARTMENTS, "nobody"])},
            "stand-down": {},
        }
        content = choices[name]
        who = pick(["centre", who]) if name == "stand-down" else who
        return self.command(who, f"team.{name}", case, **content)

    def again(self) -> Sent:
        """The same command once more, as an act of its own."""
        old = self.chance.pick(self.sent)
        return self.send(old.partner, old.name, old.content)

    def nonsense(self) -> Sent:
        """A command about nothing that there is."""
        case = self.case()
        if self.chance.pick([True, False]):
            return self.command("housing", "task.accept", case, task_id=f"{case.id}/housing#9")
        return self.send("centre", "case.reopen", {"case_id": f"{case.id[:14]}aaaaaaaa", "reason": "no such case"})

    # ---- time

    def pause(self) -> datetime:
        """Until when nothing is sent: to the very instant at which something happens, or near it, or far beyond."""
        now, due = self.model.now, self.model.next_instant()
        if due is not None and due - now < timedelta(days=12) and self.chance.pick([True, False]):
            return max(now, due + self.chance.pick([0, 0, -1, 1, 30]) * MINUTE)
        return now + self.chance.number(0, self.chance.pick([2, 90, self.longest])) * MINUTE


TASK_COMMANDS: dict[str, dict[str, list[Any]]] = {
    "task.accept": {},
    "task.progress": {"stage": [None, "stop", "fine", "demolish"]},
    "task.complete": {"evidence": [[], [PHOTO], [PHOTO], [FILM]]},
    "task.return": {"reason": ["not ours"], "suggest": [None, "police", "nobody"]},
    "task.hold": {"reason": ["rain"]},
    "task.resume": {},
    "task.extend": {
        "reason": ["frost"],
        "limit": [{"amount": amount, "unit": unit} for amount, unit in
                  ((2, "working_days"), (3, "working_days"), (90, "clock_minutes"), (5, "working_hours"))],
    },
}  # fmt: skip
