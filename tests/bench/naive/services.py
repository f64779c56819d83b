"""The four handlers, each reading its topics a message at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from faststream.kafka import KafkaBroker, KafkaMessage

from services.escalation.domain import decide as escalation
from services.escalation.domain.model import Case as ClockedCase
from services.intake.adapters.candidates import Candidates
from services.intake.batch import Item, Sorted, places
from services.intake.domain.decide import decide as decide_report
from services.intake.domain.desk import Desk
from services.intake.domain.model import Draft, ReportState, Submission
from services.intake.domain.rounds import Waiting, find_match
from services.intake.sealing import Sealer
from services.intake.settings import IntakeSettings
from services.router.domain.change import Mediating
from services.router.domain.decide import HEEDED as ROUTED
from services.router.domain.decide import decide as decide_case
from services.router.domain.model import Case
from shared.infra.engine import Input, read_input
from shared.infra.engine.inbox import Record
from shared.infra.settings import ServiceSettings
from shared.infra.vault import Vault
from tests.bench.naive.keeping import CLOCK, Directory, Keeper, connected
from tests.bench.naive.telling import Telling

Handle = Callable[[Any], Awaitable[None]]


class _World:
    """What the router asks besides the case; nothing is linked in the load."""

    def __init__(self, directory: Directory) -> None:
        self.index = directory.at

    def open_disputes(self, case_id: str) -> tuple[str, ...]:
        """Return none."""
        del case_id
        return ()

    def is_missing(self, case_id: str) -> bool:
        """Say no."""
        del case_id
        return False

    def mediating(self, case: Case | None, district: str, batch: str | None) -> Mediating:
        """Return nothing: the load holds no disputes."""
        del case, district, batch
        return Mediating()


async def intake() -> tuple[KafkaBroker, Handle]:
    """Take a report in: read it, place it, look for the same matter nearby, keep it, tell it."""
    settings = IntakeSettings()
    client, broker = connected(settings)
    directory = Directory(client)
    await directory.read()
    keeper = Keeper("intake", client["naive_intake"], "reports", ReportState, broker)
    candidates = Candidates(keeper.database["reports"])
    await candidates.create_indexes()
    sealer, desk = Sealer(Vault.load(settings.vault_keys_file)), Desk(directory.every)

    async def handle(record: Record) -> None:
        batch = Sorted(desk, CLOCK, CLOCK.now(), sealer.vault)
        batch.take([record])
        for item in batch.items({}):
            submission = await _submission(item, candidates)
            before = await keeper.load(item.aggregate)
            decision = decide_report(before, sealer.seal(submission), batch.now)
            await keeper.keep(item.aggregate, item.to_input(None), decision, before)

    return broker, handle


async def _submission(item: Item, candidates: Candidates) -> Submission:
    if not isinstance(item.content, Draft):
        raise TypeError("the load holds no bad report")
    waiting = Waiting.of(item.content)
    near = {}
    if waiting.sighting:
        at, window = waiting.sighting.at, waiting.policy.window
        near = dict(await candidates.find(waiting.cells, at - window, at + window))
    return Submission(item.content, places([item])[item.cause], find_match(waiting, near))


async def router() -> tuple[KafkaBroker, Handle]:
    """Open a case of a report."""
    client, broker = connected(ServiceSettings())
    directory = Directory(client)
    await directory.read()
    keeper, world = Keeper("router", client["naive_router"], "cases", Case, broker), _World(directory)

    async def handle(record: Record) -> None:
        source = read_input(record)
        if source.event.type in ROUTED:
            before = await keeper.load(source.aggregate)
            decision = decide_case(before, source.event, CLOCK.now(), world)
            await keeper.keep(source.aggregate, source, decision, before)

    return broker, handle


async def clocks() -> tuple[KafkaBroker, Handle]:
    """Start the clocks of a case."""
    client, broker = connected(ServiceSettings())
    directory = Directory(client)
    await directory.read()
    keeper = Keeper("escalation", client["naive_escalation"], "cases", ClockedCase, broker)

    async def handle(record: Record) -> None:
        source: Input = read_input(record)
        if source.event.type in escalation.HEEDED:
            before = await keeper.load(source.aggregate)
            decision = escalation.decide(before, source.event, CLOCK.now(), directory.at)
            await keeper.keep(source.aggregate, source, decision, before)

    return broker, handle


async def notifier() -> tuple[KafkaBroker, Handle]:
    """Tell whoever is to be told, at once."""
    telling = await Telling.create()
    return telling.broker, telling.handle


SERVICES = {"intake": intake, "router": router, "escalation": clocks, "notifier": notifier}


async def subscribed(service: str, topics: list[str]) -> KafkaBroker:
    """Return the broker of a service with its one handler, a message at a time, as FastStream does by default."""
    broker, handle = await SERVICES[service]()

    @broker.subscriber(*topics, group_id=f"naive-{service}", auto_offset_reset="latest")
    async def on_message(body: Any, message: KafkaMessage) -> None:
        del body
        await handle(message.raw_message)

    return broker
