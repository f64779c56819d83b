"""The notifier of the naive pipeline: an event comes, its notices are kept, sent and told, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from faststream.kafka import KafkaBroker

from services.notifier.adapters.contacts import Contacts
from services.notifier.adapters.templates import load_templates
from services.notifier.channels.base import Channel
from services.notifier.channels.discovery import build_all
from services.notifier.delivery.letters import Letters
from services.notifier.domain.decide import HEARD, REPORTERS, decide
from services.notifier.domain.delivery import decide as decide_notice
from services.notifier.domain.grouping import Message
from services.notifier.domain.model import CaseView
from services.notifier.domain.notice import Attempted, NoticeState
from services.notifier.domain.rendering import Templates
from services.notifier.domain.surroundings import Surroundings
from services.notifier.settings import NotifierSettings
from shared.decision import Companion
from shared.infra.engine import Input, read_input
from shared.infra.engine.inbox import Record
from shared.infra.vault import Vault
from tests.bench.naive.keeping import CLOCK, Directory, Keeper, connected

NOTICES = "notices"


@dataclass(frozen=True, slots=True)
class Telling:
    """The parts of the notifier."""

    views: Keeper[CaseView]
    notices: Keeper[NoticeState]
    channels: dict[str, Channel]
    contacts: Contacts
    letters: Letters
    around: Surroundings

    @property
    def broker(self) -> KafkaBroker:
        """The way out."""
        return self.views.broker

    @classmethod
    async def create(cls) -> Self:
        """Connect."""
        settings = NotifierSettings()
        client, broker = connected(settings)
        directory = Directory(client)
        await directory.read()
        database, channels = client["naive_notifier"], build_all()
        vault = Vault.load(settings.vault_keys_file) if settings.vault_keys_file else None
        contacts = Contacts(vault, database[REPORTERS])
        takes = {name: channel.takes for name, channel in channels.items()}
        return cls(
            Keeper("notifier", database, "cases", CaseView, broker),
            Keeper("notifier", database, NOTICES, NoticeState, broker),
            channels,
            contacts,
            Letters(Templates(load_templates()), directory),
            Surroundings(directory, takes, contacts.reach, _document),
        )

    async def handle(self, record: Record) -> None:
        """Take one event in, and send what it gives to tell."""
        source = read_input(record)
        if type(source.event) not in HEARD:
            return
        before = await self.views.load(source.aggregate)
        decision = decide(before, source.event, CLOCK.now(), self.around)
        await self.views.keep(source.aggregate, source, decision, before)
        for one in decision.companions:
            if isinstance(one.state, NoticeState):
                await self._send(one.state)

    async def _send(self, notice: NoticeState) -> None:
        channel = self.channels[notice.channel]
        people = await self.contacts.people([notice.reporter]) if notice.reporter else {}
        outcome = await channel.send(self.letters.write(Message((notice,)), people, channel.takes))
        decision = decide_notice(notice, Attempted(outcome, notice.attempts + 1), CLOCK.now(), self.around)
        await self.notices.keep(notice.id, Input(notice.id, f"notifier/{notice.id}@1", None), decision, notice)


def _document(notice: NoticeState) -> Companion:
    state = notice.model_dump(mode="python", exclude_defaults=True)
    return Companion(NOTICES, {"_id": notice.id, "s": state}, notice)
