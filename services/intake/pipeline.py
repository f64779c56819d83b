"""One batch of inbound records: sorted, normalised and located without waiting, then decided and published in rounds.

All that waits for somebody is done once a batch or once a round, never once a record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.intake.adapters.candidates import Candidates
from services.intake.adapters.pins import Pins
from services.intake.adapters.retention import Retention
from services.intake.adapters.separation import Separation
from services.intake.adapters.surges import SurgeWatch
from services.intake.batch import Item, Sorted, places
from services.intake.domain.desk import Desk
from services.intake.domain.model import Draft, ReportState, Submission
from services.intake.domain.nearness import Match, Sighting
from services.intake.domain.rounds import MAX_ROUNDS, Seen, Waiting, find_match, split
from services.intake.domain.saying import Saying
from services.intake.metrics import IntakeMetrics
from services.intake.sealing import Sealer
from shared.classifier.suggester import Suggester
from shared.contracts.commands import EraseReporter
from shared.contracts.topics import UNLOCATED, parse_topic
from shared.district.lookup import DirectoryIndex, Place
from shared.district.policies import NearDuplicates
from shared.infra.classifiers import ClassifierCache
from shared.infra.directory import ProfileCache
from shared.infra.engine import Engine, Input
from shared.infra.engine.inbox import Record
from shared.infra.memory import settle

_NO_POLICY = NearDuplicates(enabled=False)


@dataclass(slots=True)
class Intake:
    """The use case behind both ways in: records of the bus come here; the HTTP gateway puts its messages on the bus.

    `passed` hear of the commands that were passed on.
    """

    engine: Engine[ReportState]
    profiles: ProfileCache
    classifiers: ClassifierCache
    candidates: Candidates
    pins: Pins
    sealer: Sealer
    retention: Retention
    separation: Separation
    surges: SurgeWatch
    metrics: IntakeMetrics
    passed: list[Callable[[Sequence[Input]], None]] = field(default_factory=list)
    desk: Desk = field(default_factory=lambda: Desk({}))

    async def refresh(self) -> None:
        """Pick up new versions of profiles and of trained models.

        Raises:
            Transient: the database is away; what is known stays.
        """
        for district in await self.profiles.refresh():
            self.metrics.know(self.profiles.get(district))
        trained = await self.classifiers.refresh()
        known = {district: self.profiles.get(district) for district in self.profiles.districts}
        if trained or known != self.desk.indexes:
            self.desk = Desk(known, {district: self._suggester(index) for district, index in known.items()})
            settle()

    def _suggester(self, index: DirectoryIndex) -> Suggester:
        """Return what judges a district's texts: the one at work where nothing of it is new."""
        district = index.profile.code
        before, trained = self.desk.suggesters.get(district), self.classifiers.get(district)
        self.metrics.suggestions.version.labels(district).set(trained.version if trained else 0)
        if before is not None and before.index is index and before.trained is trained:
            return before
        return Suggester(index, trained)

    async def forget(self) -> None:
        """Remove what every district has kept long enough."""
        await self.retention.sweep([index.profile for index in self.desk.indexes.values()])

    async def handle(self, records: Sequence[Record]) -> None:
        """Take a batch in; returns when every record of it is either safe and told, or a dead letter.

        Raises:
            Transient: database or broker are away; nothing is lost, deliver the records again.
        """
        await self._know(records)
        batch = Sorted(self.desk, self.engine.clock, self.engine.clock.now(), self.sealer.vault, self.engine.enter)
        batch.take(records)
        await self.retention.erase([one for one in batch.commands if isinstance(one, EraseReporter)])
        items = batch.items(await self.pins.pin(batch.unlocated(), batch.now))
        await self._decide(batch, items)
        self.surges.saw(item.content for item in items if isinstance(item.content, Draft))
        await self.engine.apply([await self.separation.prepare(source) for source in batch.undoings])
        for command in batch.commands:
            self.metrics.command_passed(command)
        for tell in self.passed:
            tell(batch.passed)

    async def _know(self, records: Sequence[Record]) -> None:
        """Look once for the profile of a district we do not know: it may have been applied a moment ago."""
        districts = {parse_topic(topic).district for topic in {record.topic for record in records}}
        if districts - {UNLOCATED} - self.desk.indexes.keys():
            await self.refresh()

    async def _decide(self, batch: Sorted, items: Sequence[Item]) -> None:
        groups: dict[str, list[Item]] = {}
        for item in items:
            groups.setdefault(item.aggregate, []).append(item)
        waiting = [_waiting(id_, group) for id_, group in groups.items()]
        located = places(items)
        rejections, passing = batch.rejections, batch.passing
        for number in range(MAX_ROUNDS):
            first, waiting = split(waiting) if number < MAX_ROUNDS - 1 else (waiting, [])
            known = await self._known(first)
            inputs = [
                self._input(item, located, find_match(one, known)) for one in first for item in groups[one.aggregate]
            ]
            await self.engine.apply(inputs, rejections, passing=passing)
            if not waiting:
                break
            rejections, passing = [], []

    async def _known(self, waiting: Sequence[Waiting]) -> Mapping[int, Sequence[Seen]]:
        """Return by key what is told already of what these may repeat; asked once where all have positions, or none."""
        near = [(one.sighting.at, one) for one in waiting if isinstance(one.sighting, Sighting)]
        said = [(one.sighting.at, one) for one in waiting if isinstance(one.sighting, Saying)]
        found: dict[int, Sequence[Seen]] = {}
        if near:
            found.update(await self.candidates.find(*_asked(near, max(one.policy.window for _, one in near))))
        if said:
            window = max(one.policy.in_words.window for _, one in said)
            found.update(await self.candidates.find_words(*_asked(said, window)))
        return found

    def _input(self, item: Item, located: Mapping[str, Place], match: Match | None) -> Input:
        if not isinstance(item.content, Draft):
            return item.to_input(item.content)
        draft = item.content
        submission = Submission(draft, located[item.cause], match, surge=self.surges.around(draft))
        return item.to_input(self.sealer.seal(submission))


def _waiting(aggregate: str, group: Sequence[Item]) -> Waiting:
    """Return the reports of one id as they wait: the first that can be taken in speaks for them."""
    draft = next((item.content for item in group if isinstance(item.content, Draft)), None)
    return Waiting.of(draft) if draft else Waiting(aggregate, None, _NO_POLICY)


def _asked(group: Sequence[tuple[datetime, Waiting]], window: timedelta) -> tuple[set[int], datetime, datetime]:
    """Return the keys under which matches may be, and between which instants they happened."""
    cells = {cell for _, one in group for cell in one.cells}
    return cells, min(at for at, _ in group) - window, max(at for at, _ in group) + window
