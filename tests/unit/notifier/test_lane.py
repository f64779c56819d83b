"""The delivery loop over a queue and an engine of dictionaries: what it does with channels that misbehave."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from services.notifier.adapters.contacts import Person
from services.notifier.adapters.queue import Claim
from services.notifier.adapters.templates import load_templates
from services.notifier.channels.base import AddressKind, Delivered, Failed, Notice, Outcome, Unknown
from services.notifier.delivery.bell import Bell
from services.notifier.delivery.courier import Courier
from services.notifier.delivery.letters import Letters
from services.notifier.delivery.page import WAITED_SECONDS, Tools
from services.notifier.delivery.saver import Saver
from services.notifier.domain.delivery import CaseNow
from services.notifier.domain.notice import Attempted, Dropped, NoticeState, Postponed
from services.notifier.domain.rendering import Templates
from services.notifier.metrics import NotifierMetrics
from shared.decision import Transient
from shared.infra.clock import ManualClock, monotonic
from shared.infra.engine import Input
from shared.infra.engine.store import Slot
from tests.unit.notifier.events import NOON, accepted, assigned, opened
from tests.unit.notifier.world import NIGHT, OneProfile, World, index_of, raw_profile

Send = Callable[[Notice], Awaitable[Outcome]]


@dataclass(slots=True)
class FakeChannel:
    """A channel that does what it is told."""

    behave: Send
    sent: list[Notice] = field(default_factory=list)
    takes: AddressKind = AddressKind.ANY

    async def send(self, notice: Notice) -> Outcome:
        """Remember and behave."""
        self.sent.append(notice)
        return await self.behave(notice)

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Office:
    """Queue, engine and contacts in memory; hands each notice out once."""

    waiting: list[NoticeState] = field(default_factory=list)
    outcomes: list[tuple[str, Any]] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    cases: dict[str, CaseNow] = field(default_factory=dict)
    known: dict[str, Person | None] = field(default_factory=dict)
    lease: float = 60.0
    away: int = 0
    batches: list[int] = field(default_factory=list)
    trusted: list[int] = field(default_factory=list)

    async def claim(self, channel: Any, now: datetime, busy: Any, limit: int) -> Claim:
        """Hand out what waits for a channel and for nobody busy."""
        del now, limit
        mine = [one for one in self.waiting if one.channel == channel and one.to not in busy]
        self.waiting = [one for one in self.waiting if one not in mine]
        return Claim("t", tuple(mine), monotonic() + self.lease)

    async def release(self, ids: Sequence[str], token: str) -> None:
        """Take back."""
        del token
        self.released += ids

    async def sent(self, recipients: Any, since: datetime) -> dict[str, list[datetime]]:
        """Return that nobody got anything yet."""
        del recipients, since
        return {}

    async def cases_now(self, ids: Any) -> dict[str, CaseNow]:
        """Return the cases."""
        return {id_: self.cases[id_] for id_ in ids if id_ in self.cases}

    async def people(self, ids: Any) -> dict[str, Person | None]:
        """Return the reporters."""
        return {id_: self.known[id_] for id_ in ids if id_ in self.known}

    async def apply(self, inputs: Sequence[Input], known: Mapping[str, Any], *, relayed: bool) -> None:
        """Take outcomes, unless the database is away; only the first attempt may go by what was read before."""
        assert relayed, "receipts do not wait for the broker"
        self.trusted.append(len(known))
        if self.away:
            self.away -= 1
            raise Transient("away")
        self.batches.append(len(inputs))
        self.outcomes += [(one.aggregate, one.event) for one in inputs]


@contextlib.asynccontextmanager
async def at_work(office: Office, now: datetime = NOON, *, send_seconds: float = 0.2, **channels: FakeChannel) -> Any:
    """Run a courier over the channels."""
    profiles = OneProfile(index_of(raw_profile()))
    fakes: Any = office
    tools = Tools(
        queue=fakes,
        saver=Saver(fakes),
        letters=Letters(Templates(load_templates()), profiles),
        contacts=fakes,
        profiles=profiles,
        clock=ManualClock(now),
        metrics=NotifierMetrics.create(CollectorRegistry(), channels),
        send_seconds=send_seconds,
    )
    bell = Bell(channels)
    running = asyncio.create_task(Courier.of(channels, tools, bell).run())
    try:
        yield bell
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def until(condition: Callable[[], Any]) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - the condition is about lists, which set no event
            await asyncio.sleep(0.005)


async def deliver(_: Notice) -> Outcome:
    """Take it."""
    return Delivered()


async def hang(_: Notice) -> Outcome:
    """Never answer."""
    await asyncio.sleep(3_600)
    return Delivered()


async def explode(_: Notice) -> Outcome:
    """Have a bug."""
    raise ZeroDivisionError


def tasks(number: int = 1, **more: Any) -> list[NoticeState]:
    """Return notices to housing's duty officer."""
    world = World()
    world.tell(opened(), *(assigned(number=n) for n in range(number)))
    return [notice.model_copy(update=more) for notice in world.notices.values()]


@pytest.mark.parametrize(("behave", "expected"), [(deliver, Delivered()), (hang, Unknown()), (explode, Unknown())])
async def test_whatever_a_channel_does_ends_as_an_outcome(behave: Send, expected: Outcome) -> None:
    """One that hangs or breaks may have sent it."""
    office = Office(tasks())
    async with at_work(office, file=FakeChannel(behave)):
        await until(lambda: office.outcomes)
    [(_, event)] = office.outcomes
    assert event == Attempted(expected, 1)


async def test_a_channel_that_hangs_holds_up_no_other() -> None:
    """Mail goes on while the file hangs."""
    office = Office([*tasks(), *tasks(channel="email")])
    answered = asyncio.Event()

    async def hang_until_answered(notice: Notice) -> Outcome:
        await answered.wait()
        return await deliver(notice)

    slow, quick = FakeChannel(hang_until_answered), FakeChannel(deliver)
    async with at_work(office, send_seconds=20, file=slow, email=quick) as bell:
        await until(lambda: quick.sent and slow.sent)
        office.waiting += tasks(2, channel="email")[1:]
        bell.ring(["email"])
        await until(lambda: len(quick.sent) == 2 and len(office.outcomes) == 2)
        answered.set()
        await until(lambda: len(office.outcomes) == 3)


async def test_a_message_is_not_begun_when_the_claim_may_not_outlast_it() -> None:
    """Nor the saving of its receipt: it is given back, for another worker may hold it before all is done."""
    office = Office(tasks(), lease=0.3)
    channel = FakeChannel(deliver)
    async with at_work(office, file=channel):
        await until(lambda: office.released)
    assert channel.sent == []
    assert office.outcomes == []


async def test_a_notice_that_waited_is_looked_at_again_and_a_fresh_one_is_not() -> None:
    """Its case closed while the receiver was away."""
    late = NOON + timedelta(seconds=WAITED_SECONDS + 1)
    assert await came_to(NOON) is Attempted
    assert await came_to(late) is Dropped


async def came_to(now: datetime) -> type:
    """Return what becomes of a notice queued at noon whose case has closed since."""
    office = Office(tasks())
    office.cases[office.waiting[0].case_id] = CaseNow(closed=True)
    async with at_work(office, now, file=FakeChannel(deliver)):
        await until(lambda: office.outcomes)
    return type(office.outcomes[0][1])


async def test_what_was_queued_for_the_day_and_is_due_at_night_is_postponed() -> None:
    """A retry does not wake anybody."""
    office = Office(tasks(attempts=1))
    channel = FakeChannel(deliver)
    async with at_work(office, NIGHT, file=channel):
        await until(lambda: office.outcomes)
    [(_, event)] = office.outcomes
    assert isinstance(event, Postponed)
    assert channel.sent == []


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"": Person("王某", None, "wang@example.invalid")}, Attempted(Delivered(), 1)),
        ({"": None}, Dropped("unreadable_contact")),
        ({}, Dropped("erased")),
    ],
)
async def test_a_reporter_is_reached_by_the_opened_contact_or_not_at_all(
    known: dict[str, Person | None], expected: object
) -> None:
    """By name and address, which stand in no document."""
    world = World()
    world.tell(accepted())
    office = Office(list(world.notices.values()))
    office.known = {str(office.waiting[0].reporter): person for person in known.values()}
    channel = FakeChannel(deliver, takes=AddressKind.EMAIL)
    async with at_work(office, email=channel):
        await until(lambda: office.outcomes)
    assert [event for _, event in office.outcomes] == [expected]
    assert [(one.address, "王某" in one.text) for one in channel.sent] == [("wang@example.invalid", True)] * len(
        channel.sent
    )


async def test_a_template_that_cannot_be_rendered_fails_that_notice_alone() -> None:
    """For good, so that the next channel is tried and somebody sees it."""
    office = Office(tasks(template="nothing"))
    async with at_work(office, file=FakeChannel(deliver)):
        await until(lambda: office.outcomes)
    assert [event.outcome for _, event in office.outcomes] == [Failed("template", retryable=False)]


async def test_outcomes_wait_for_the_database_and_are_saved_together() -> None:
    """What has left must not be forgotten: a forgotten one would be sent again."""
    office = Office(away=1)
    saver = Saver(office)  # type: ignore[arg-type]
    running = asyncio.create_task(saver.run())
    slots = {str(number): Slot[NoticeState](str(number)) for number in range(50)}
    await asyncio.gather(*(saver.save([(id_, Dropped("stale"))], {id_: slot}) for id_, slot in slots.items()))
    running.cancel()
    assert len(office.outcomes) == 50
    assert office.batches == [50]
    assert office.trusted == [50, 0]


async def test_ending_begins_nothing_new_and_saves_what_has_left() -> None:
    """The send is waited for and its outcome is stored."""
    office = Office(tasks())
    gate = asyncio.Event()

    async def slowly(_: Notice) -> Outcome:
        await gate.wait()
        return Delivered()

    channel = FakeChannel(slowly)
    async with at_work(office, file=channel):
        await until(lambda: channel.sent)
        asyncio.get_running_loop().call_later(0.05, gate.set)
    assert [event.outcome for _, event in office.outcomes] == [Delivered()]


class Gone(Office):
    """An office that understands "none of the channels at hand"."""

    async def claim(self, channel: Any, now: datetime, busy: Any, limit: int) -> Claim:
        """Hand out what no channel is there for."""
        return await super().claim("fax" if channel == {"$nin": ["file"]} else channel, now, busy, limit)


async def test_what_is_queued_for_a_channel_that_is_gone_fails_so_that_the_next_is_tried() -> None:
    """Nothing waits for ever for a folder that was removed."""
    office = Gone(tasks(channel="fax"))
    async with at_work(office, file=FakeChannel(deliver)):
        await until(lambda: office.outcomes)
    assert [event.outcome for _, event in office.outcomes] == [Failed("unknown_channel", retryable=False)]
