"""What stands in for the services' adapters when their cores run in memory, and how their figures are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from services.intake.domain.model import Draft, ReportState
from services.intake.domain.nearness import Match, Sighting, best_match
from services.intake.domain.undoing import Undo
from services.router.domain.batches import named_batch
from services.router.domain.change import Mediating
from services.router.domain.model import Case
from shared.contracts.commands import UnmergeReport
from shared.district.lookup import DirectoryIndex
from shared.district.policies import NearDuplicates
from shared.infra.engine import Input
from shared.infra.engine.fold import Applied, ParkedRecord, Rejection
from tests.support.editions import Editions
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

    editions: Editions
    cases: MemoryStore[Case]

    def index(self, district: str, version: int) -> DirectoryIndex:
        """Return the profile."""
        return self.editions.at(district, version)

    def open_disputes(self, case_id: str) -> tuple[str, ...]:
        """Return the open disputes at the other end of a link, whichever end it was noted at."""
        states = self.cases.states()
        mine = states[case_id].links if case_id in states else ()
        tied = [one for one in states.values() if one.case_id in mine or case_id in one.links]
        return tuple(one.case_id for one in tied if one.open and one.is_dispute)

    def is_missing(self, case_id: str) -> bool:
        """Say whether there is no such case."""
        return case_id not in self.cases.documents

    def mediating(self, case: Case | None, district: str, batch: str | None) -> Mediating:
        """Return what disputes need of others."""
        del district
        states = self.cases.states()
        indexed = [one.dispute.index("", one.outcome, open_=one.open) for one in states.values() if one.dispute]
        loads = Counter(one["mediator"].removeprefix("/") for one in indexed if one["mediator"])
        files = [one["batch"].partition("/") for one in indexed if one["batch"]]
        mine = Counter(how for parent, _, how in files if case is not None and parent == case.case_id)
        return Mediating(loads, states.get(batch or (named_batch(case) if case else None) or ""), mine)


def nearest(draft: Draft, reports: Iterable[ReportState]) -> Match | None:
    """Return what intake's query and its rule would find among the reports there are."""
    sighting, district = draft.sighting(), draft.origin.district
    others = [
        Sighting(one.case_id, district, str(one.category), float(one.lon), float(one.lat), one.at, one.sketch)
        for one in reports
        if one.near is not None and one.lon is not None and one.lat is not None and one.at is not None
    ]
    policy = draft.origin.index.profile.near_duplicates
    return best_match(sighting, others, policy) if isinstance(sighting, Sighting) else None


def undoing(
    id_: str, command: UnmergeReport, record: ParkedRecord, reports: Mapping[str, ReportState], policy: NearDuplicates
) -> Input:
    """Return what intake makes of the command to take a report out of a case; its vault knows whoever has a contact."""
    undo = Undo(command, policy)
    known = reports.get(undo.aggregate)
    if known is not None and b"reporter_ref" in (known.told or b""):
        undo = replace(undo, contact="sealed")
    return Input(undo.aggregate, f"{command.district}/{command.actor.partner}/{id_}", undo, record)


FIGURES = frozenset({
    "reports", "commands", "cases", "tasks", "clocks", "breaches", "levels", "whistles", "teams", "attendance",
    "notices", "advisories",
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
