"""One case in the hands of people who would rather look good than be it; everybody speaks through messages.

The services' cores run in memory, from intake's desk to the notices, as in tests/model.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from services.escalation.domain.model import Case as TimedCase
from services.escalation.domain.model import Clock
from services.router.domain.model import Case, Task
from shared.contracts.base import Event
from shared.contracts.notifications import NoticeQueued
from shared.district.model import Profile
from tests.support.cores import Cores
from tests.support.history import PHOTO
from tests.support.model.days import BEIJING
from tests.support.model.place import district

E = TypeVar("E", bound=Event)


def at(text: str) -> datetime:
    """Read an instant of the district, e.g. `2026-07-01T09:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def changed(kind: str = "usual", **sections: dict[str, Any]) -> Profile:
    """Return the district of the model with other policies."""
    raw = district(kind).model_dump(mode="json", exclude_none=True)
    return Profile.model_validate({**raw, **{name: {**raw.get(name, {}), **more} for name, more in sections.items()}})


class Town:
    """The whole pipeline, the moment, and the case that is talked about."""

    def __init__(self, start: str, profile: Profile | None = None) -> None:
        self.cores = Cores(profile or district(), at(start), lambda options: options[0])
        self.sent = 0
        self.case_id = ""

    def report(self, category: str = "E06010", **more: Any) -> str:
        """Report something; the case is the one that is talked about from now on."""
        before = set(self.cores.cases.states())
        content = {"report_id": f"r{self.sent}", "category": category, "text": "楼道里堆满了垃圾", **more}
        self._submit("grid-app", None, content)
        (self.case_id,) = set(self.cores.cases.states()) - before
        return self.case_id

    def say(self, who: str, name: str, said_at: str | None = None, **content: Any) -> str:
        """Give a command on the case, about its newest task where it is about one; return its dead letter's error."""
        case = content.pop("case_id", self.case_id)
        if name.startswith("task."):
            content.setdefault("task_id", self.case.id_of(self.task()))
        if said_at is not None:
            content["occurred_at"] = at(said_at).isoformat()
        return self._submit(who, name, {"case_id": case, **content})

    def _submit(self, who: str, name: str | None, content: dict[str, Any]) -> str:
        self.sent += 1
        id_ = f"m{self.sent}"
        self.cores.submit(id_, who, name, content)
        self.cores.sweep()
        return next((error for letter, error in self.cores.letters() if letter == id_), "")

    def complete(self, who: str = "housing", evidence: Sequence[Any] = (PHOTO,)) -> str:
        """Complete the newest task."""
        return self.say(who, "task.complete", evidence=list(evidence))

    def until(self, text: str) -> None:
        """Let time pass with sweeps."""
        self.cores.advance(at(text))

    def later(self, **by: float) -> None:
        """Let so much time pass."""
        self.cores.advance(self.cores.clock.now() + timedelta(**by))

    @property
    def case(self) -> Case:
        """The case as the router has it."""
        return self.cores.cases.states()[self.case_id]

    @property
    def time(self) -> TimedCase:
        """Its time, as escalation has it."""
        return self.cores.times.states()[self.case_id]

    def task(self) -> Task:
        """The newest task that somebody is to act on, else the newest."""
        live = [one for one in self.case.tasks if one.live]
        return (live or list(self.case.tasks))[-1]

    def clock(self, key: str) -> Clock:
        """Return a clock of the case."""
        return next(one for one in self.time.clocks if one.key == key)

    def said(self, kind: type[E], topic: str = "escalations") -> list[E]:
        """Return what was said of the case, each thing once."""
        events = dict.fromkeys(self.cores.events(topic))
        return [one for one in events if isinstance(one, kind) and one.case_id == self.case_id]

    def notices(self, step: str) -> set[str]:
        """Return who was told a step of the case."""
        found = self.said(NoticeQueued, "notifications")
        return {one.recipient for one in found if one.step.startswith(step)}
