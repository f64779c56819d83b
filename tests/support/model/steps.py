"""What each event gives to tell: the step, and which departments it is about. The table of the notifier's page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.support.model.case import CaseFile, Task


@dataclass(frozen=True)
class Step:
    """Something to tell. `moot`: pointless once the case is over; `until`: pointless after that instant."""

    name: str
    about: tuple[str, ...] = ()
    public: bool = False
    moot: bool = False
    task: Task | None = None
    until: datetime | None = None
    pressing: bool = False
    level: int | None = None


@dataclass(frozen=True)
class Fact:
    """Something that happened, as somebody sees it who has to tell of it. `lead` is who leads, as far as is known."""

    case: CaseFile
    what: str
    at: datetime
    task: Task | None
    known: datetime
    more: dict[str, Any]
    lead: str

    @property
    def about(self) -> tuple[str, ...]:
        """The department it is about: the task's, the one it names, its clock's owner, else the lead."""
        if self.task:
            return (self.task.department,)
        return (self.more.get("department") or self.more.get("owner") or self.lead,)

    @property
    def name(self) -> str:
        """The task's part of its id."""
        return self.task.short if self.task else ""

    @property
    def team(self) -> str:
        """The id of the team."""
        return f"{self.case.id}/team#{self.case.team.number if self.case.team else 0}"

    @property
    def whistle(self) -> str:
        """The team and the whistle."""
        return f"{self.team}:{self.case.team.round if self.case.team else 0}"

    @property
    def clock(self) -> str:
        """The id of the clock."""
        return f"{self.case.id}/{self.more['clock'].key}"


def stamp(instant: datetime) -> str:
    """An instant as it stands in a key: UTC, to the second."""
    return f"{instant.astimezone(UTC):%y%m%d%H%M%S}"


def both(name: str, fact: Fact, *, moot: bool = False) -> list[Step]:
    """A step for officials and in other words for reporters."""
    return [Step(name, fact.about, moot=moot), Step(name, fact.about, public=True, moot=moot)]


def assigned(fact: Fact) -> list[Step]:
    """The reporter hears once that somebody has it."""
    officials = Step(f"task_assigned:{fact.name}", fact.about, moot=True, task=fact.task)
    return [officials, Step("assigned", fact.about, public=True, moot=True)]


def approval(fact: Fact) -> list[Step]:
    """The centre is asked."""
    wish = fact.what.removeprefix("task.").removesuffix("-requested")
    return [Step(f"approval:{wish}:{fact.name}:{stamp(fact.at)}", fact.about, moot=True, task=fact.task)]


def warned(fact: Fact) -> list[Step]:
    """Each fraction of each due instant once, and none when it is too late to warn."""
    due = fact.more["due"]
    if fact.known >= due:
        return []
    name = f"warned:{fact.clock}:{fact.more['fraction']:g}:{stamp(due)}"
    return [Step(name, fact.about, moot=True, task=fact.task, until=due)]


def called(name: str, departments: tuple[str, ...], fact: Fact) -> list[Step]:
    """Somebody has to come, by a time that quiet hours must not eat up."""
    return [Step(name, departments, moot=True, until=fact.more["until"], pressing=True)]


def stood_down(fact: Fact) -> list[Step]:
    """Everybody who was called may go home."""
    seats = fact.case.team.seats if fact.case.team else []
    return [Step(f"stood_down:{fact.team}", tuple(seat.holder for seat in seats))]


def breached(fact: Fact) -> list[Step]:
    """A limit has passed; that a promise was broken is told as that."""
    name = f"breached:{fact.clock}:{stamp(fact.more['due'])}"
    return [] if fact.more["clock"].kind == "obligation" else [Step(name, fact.about)]


def appealed(fact: Fact) -> list[Step]:
    """The centre is to decide."""
    name = f"defaulter_appeal:{fact.more['party']}:{stamp(fact.at)}"
    return [Step(name, fact.about, moot=True)] if fact.more["standing"] == "appealed" else []


def tier(fact: Fact) -> list[Step]:
    """Everybody who mediates; the reporter hears once that somebody has it."""
    now = fact.more["tier"]
    about = tuple(dict.fromkeys([now.owner, *now.members, *([now.co] if now.co else [])]))
    return [Step(f"tier:tier#{now.number}", about, moot=True), Step("assigned", fact.about, public=True, moot=True)]


def mediator(fact: Fact) -> list[Step]:
    """The new one."""
    now = fact.more["tier"]
    return [Step(f"mediator:tier#{now.number}:{now.mediator}", (now.owner,), moot=True)]


STEPS: dict[str, Callable[[Fact], list[Step]]] = {
    "case.triaged": lambda fact: [Step("triage", fact.about, moot=True)],
    "case.opened": lambda fact: [Step("opened", fact.about), Step("assigned", fact.about, public=True, moot=True)],
    "task.assigned": assigned,
    "task.returned": lambda fact: [Step(f"returned:{fact.name}:{fact.more['count']}", fact.about, moot=True)],
    "task.hold-requested": approval,
    "task.extension-requested": approval,
    "case.resolved": lambda fact: both("verify", fact, moot=True),
    "case.closed": lambda fact: [Step("closed", fact.about), Step("solved", fact.about, public=True)],
    "case.reopened": lambda fact: both("reopened", fact, moot=True),
    "case.withdrawn": lambda fact: both("withdrawn", fact),
    "clock.warned": warned,
    "clock.breached": breached,
    "agreement.breached": lambda fact: [
        Step(f"agreement_breached:obligation#{fact.more['owed'].number}:{stamp(fact.at)}", fact.about)
    ],
    "defaulter.recorded": appealed,
    "advisory.proposed": lambda fact: [Step("advisory_proposed", fact.about, moot=True)],
    "advisory.issued": lambda fact: [Step("advisory_issued", fact.about)],
    "advisory.declined": lambda fact: [Step("advisory_declined", fact.about)],
    "advisory.replied": lambda fact: [Step("advisory_replied", fact.about)],
    "clock.extension-ignored": lambda fact: [
        Step(f"extension_ignored:{fact.clock}:{stamp(fact.more['asked'])}", fact.about, moot=True, task=fact.task)
    ],
    "case.escalated": lambda fact: [Step(f"escalated:{fact.more['level']}", fact.about, level=fact.more["level"])],
    "case.moved": lambda fact: [Step(f"moved:{fact.more['grid']}", fact.about, moot=True)],
    "tier.entered": tier,
    "mediator.assigned": mediator,
    "batch.progressed": lambda fact: [Step(f"batch:{stamp(fact.at)}", fact.about, moot=True)],
    "team.summoned": lambda fact: called(f"summoned:{fact.whistle}", fact.more["members"], fact),
    "team.substituted": lambda fact: called(
        f"substituted:{fact.whistle}:{fact.more['department']}:{fact.more['by']}",
        (fact.more["by"], fact.more["department"]),
        fact,
    ),
    "team.absent": lambda fact: [Step(f"absent:{fact.whistle}:{fact.more['department']}", fact.about)],
    "team.on-scene": lambda fact: [Step(f"on_scene:{fact.whistle}", fact.about)],
    "team.muster-failed": lambda fact: [Step(f"muster_failed:{fact.whistle}", fact.about)],
    "team.stood-down": stood_down,
}


def steps(fact: Fact) -> Iterator[Step]:
    """Everything that a fact gives to tell."""
    if fact.what in STEPS:
        yield from STEPS[fact.what](fact)
