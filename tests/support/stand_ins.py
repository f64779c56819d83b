"""What stands in for the services' adapters when their cores run in memory, and how their figures are read."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from services.router.domain.model import Case
from shared.district.lookup import DirectoryIndex
from shared.infra.engine.fold import Applied, Rejection
from tests.support.memory import MemoryStore


def run(work: Coroutine[Any, Any, Any]) -> None:
    """Run a coroutine that waits for nobody."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise RuntimeError("a core waited for something")


@dataclass
class Ear:
    """The engine's observer: counts what was saved."""

    count: Callable[[Applied[Any]], None]

    def applied(self, applied: Applied[Any]) -> None:
        """One decision was saved."""
        self.count(applied)

    def rejected(self, rejection: Rejection) -> None:
        """One record was refused; its letter is on the bus."""

    def counted(self, outcome: str, number: int) -> None:
        """Records ended in another way."""


@dataclass
class RouterWorld:
    """What the router's adapters would fetch."""

    profile: DirectoryIndex
    cases: MemoryStore[Case]

    def index(self, district: str, version: int) -> DirectoryIndex:
        """Return the profile."""
        del district, version
        return self.profile

    def open_disputes(self, case_id: str) -> tuple[str, ...]:
        """Return the open disputes at the other end of a link, whichever end it was noted at."""
        states = self.cases.states()
        mine = states[case_id].links if case_id in states else ()
        tied = [one for one in states.values() if one.case_id in mine or case_id in one.links]
        return tuple(one.case_id for one in tied if one.open and one.is_dispute)

    def is_missing(self, case_id: str) -> bool:
        """Say whether there is no such case."""
        return case_id not in self.cases.documents


@dataclass
class NotifierProfiles:
    """Who is told by the case's profile, how they are reached by the newest; here it is one."""

    profile: DirectoryIndex

    def at(self, district: str, version: int) -> DirectoryIndex:
        """Return the profile of the case."""
        del district, version
        return self.profile

    def current(self, district: str) -> DirectoryIndex:
        """Return the newest profile."""
        del district
        return self.profile


FIGURES = frozenset({
    "reports", "commands", "cases", "tasks", "clocks", "breaches", "levels", "whistles", "teams", "attendance",
    "notices",
})  # fmt: skip


LABELS = ("partner", "department", "kind", "level", "reason", "channel", "event", "outcome")
"""Labels in the order in which a figure is named."""


def figures(families: Iterable[Any], district: str) -> dict[tuple[str, ...], int]:
    """Return the counters of a district that are not zero, by name and labels: (`tasks`, `housing`, `accepted`)."""
    found: dict[tuple[str, ...], int] = {}
    for sample in (sample for family in families for sample in family.samples):
        name = sample.name.removesuffix("_total").split("_", 2)[-1]
        if name in FIGURES and sample.name.endswith("_total") and sample.labels.get("district") == district:
            labels = [sample.labels[label] for label in LABELS if label in sample.labels]
            found[name, *labels] = found.get((name, *labels), 0) + int(sample.value)
    return {key: number for key, number in found.items() if number}
