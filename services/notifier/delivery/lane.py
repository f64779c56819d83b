"""One lane a channel, so that a channel that hangs holds up nobody else: claim, plan, send, save, again.

Within a lane each recipient is served by one task at a time, in order; what comes for them meanwhile piles up and may
leave as a digest. A message is begun only while the claim surely outlasts it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.notifier.adapters.contacts import Contacts, Person
from services.notifier.adapters.queue import Claim, NoticeQueue
from services.notifier.channels.base import Channel
from services.notifier.delivery.letters import Letters
from services.notifier.delivery.saver import Saver
from services.notifier.domain.delivery import CaseNow, is_stale
from services.notifier.domain.grouping import HOUR, Message, plan
from services.notifier.domain.keys import message_id
from services.notifier.domain.notice import Attempted, Dropped, NoticeState, Postponed
from services.notifier.domain.outcome import Failed, Notice, Outcome, Unknown
from services.notifier.domain.rendering import Unspeakable
from services.notifier.domain.surroundings import Profiles
from services.notifier.domain.view import ERASED
from services.notifier.metrics import NotifierMetrics
from shared.decision import Poison, Transient
from shared.infra.clock import Clock, monotonic, pause
from shared.infra.faults import WrapStep
from shared.infra.log import get_logger
from shared.infra.mongo import as_transient

PAGE = 200
POLL_SECONDS = 0.5
"""How often a lane looks by itself, for what became due and for what another process queued."""

WAITED_SECONDS = 60.0
"""A notice that waited longer than this is looked at again before it leaves: its case may be over."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What all lanes share."""

    queue: NoticeQueue
    saver: Saver
    letters: Letters
    contacts: Contacts
    profiles: Profiles
    clock: Clock
    metrics: NotifierMetrics
    pace: float = 1.0
    concurrency: int = 16
    send_seconds: float = 15.0
    wrap_step: WrapStep = lambda _, step: step


@dataclass(frozen=True, slots=True)
class Page:
    """What one claim brought, and what is needed to decide about it."""

    claim: Claim
    now: datetime
    sent: Mapping[str, list[datetime]]
    cases: Mapping[str, CaseNow]
    people: Mapping[str, Person | None]


@dataclass(slots=True)
class Lane:
    """Delivers the notices of one channel. `condition` picks them: its name, or "none of those at hand"."""

    name: str
    condition: Any
    channel: Channel
    tools: Tools
    wake: asyncio.Event
    busy: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _slots: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.tools.concurrency)

    async def run(self) -> None:
        """Deliver for ever."""
        while True:
            try:
                with as_transient():
                    claimed = await self.round()
            except Transient as error:
                get_logger().warning("lane_waits", channel=self.name, error=str(error))
                await pause(1.0)
            except Exception:  # noqa: BLE001 - one bad page must not end the lane; its lease ends and it comes again
                get_logger().exception("lane_failed", channel=self.name)
                await pause(1.0)
            else:
                await self._rest(claimed)

    async def round(self) -> int:
        """Claim one page and set it going; return how many notices."""
        self.wake.clear()
        now = self.tools.clock.now()
        claim = await self.tools.queue.claim(self.condition, now, self.busy.keys(), PAGE)
        notices = [one for one in claim.notices if self._has_profile(one)]
        if notices:
            page = await self._read(claim, notices, now)
            for to, mine in _by_recipient(notices).items():
                self.busy[to] = asyncio.create_task(self._guarded(to, mine, page))
        return len(claim.notices)

    async def _rest(self, claimed: int) -> None:
        """Wait for room, and after an empty page for something to do."""
        while len(self.busy) >= self.tools.concurrency:
            await asyncio.wait(self.busy.values(), return_when=asyncio.FIRST_COMPLETED)
        if not claimed:
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self.wake.wait()
            except TimeoutError:
                return

    async def drain(self) -> None:
        """Wait until what was begun is finished."""
        if self.busy:
            await asyncio.wait(list(self.busy.values()))

    def _has_profile(self, notice: NoticeState) -> bool:
        """Say whether the notice's district is known; if not, it comes again when its claim ends."""
        try:
            self.tools.profiles.current(notice.district)
        except Poison:
            get_logger().warning("notice_without_profile", district=notice.district)
            return False
        return True

    async def _read(self, claim: Claim, notices: Sequence[NoticeState], now: datetime) -> Page:
        tools = self.tools
        windows = [tools.profiles.current(one.district).profile.notify.digest.window for one in notices]
        sent = await tools.queue.sent({one.to for one in notices}, now - max([HOUR, *windows]))
        waited = {one.case_id for one in notices if self._waited(one, now)}
        reporters = {one.reporter for one in notices if one.reporter}
        cases = await tools.queue.cases_now(waited) if waited else {}
        people = await tools.contacts.people(reporters) if reporters else {}
        return Page(claim, now, sent, cases, people)

    def _waited(self, notice: NoticeState, now: datetime) -> bool:
        patience = timedelta(seconds=WAITED_SECONDS * self.tools.pace)
        return notice.held or notice.attempts > 0 or now - notice.queued_at > patience

    async def _guarded(self, to: str, notices: list[NoticeState], page: Page) -> None:
        try:
            async with self._slots:
                await self._serve(notices, page)
        except Exception:  # noqa: BLE001 - nothing is lost: what was not saved comes again when the lease ends
            get_logger().exception("delivery_failed", channel=self.name)
        finally:
            del self.busy[to]
            self.wake.set()

    async def _serve(self, notices: list[NoticeState], page: Page) -> None:
        """Do for one recipient what the plan says."""
        dropped = {one.id: reason for one in notices if (reason := self._pointless(one, page))}
        profile = self.tools.profiles.current(notices[0].district).profile
        wanted = [one for one in notices if one.id not in dropped]
        planned = plan(wanted, page.sent.get(notices[0].to, ()), page.now, profile.notify, profile.zone)
        quiet: list[tuple[str, Any]] = [(id_, Dropped(reason)) for id_, reason in dropped.items()]
        quiet += [(wait.notice.id, Postponed(wait.until, wait.reason)) for wait in planned.waits]
        saves = [asyncio.create_task(self.tools.saver.save(quiet))]
        for message in planned.messages:
            if not page.claim.holds_for(self.tools.send_seconds):
                await self.tools.queue.release([one.id for one in message.notices], page.claim.token)
                continue
            outcome = await self._send(message, page)
            saves.append(asyncio.create_task(self.tools.saver.save(_attempts(message, outcome))))
        await asyncio.gather(*saves)

    def _pointless(self, notice: NoticeState, page: Page) -> str | None:
        """Return why a notice is not sent after all."""
        if self._waited(notice, page.now) and is_stale(notice, page.now, page.cases.get(notice.case_id, CaseNow())):
            return "stale"
        if notice.reporter is None:
            return None
        if notice.reporter not in page.people:
            return ERASED
        return "unreadable_contact" if page.people[notice.reporter] is None else None

    async def _send(self, message: Message, page: Page) -> Outcome:
        try:
            notice = self.tools.letters.write(message, page.people, self.channel.takes)
        except Unspeakable as error:
            get_logger().error("template_failed", channel=self.name, error=str(error))
            return Failed("template", retryable=False)
        return await self._hand_over(notice)

    async def _hand_over(self, notice: Notice) -> Outcome:
        """Give a notice to the channel; a channel that does not come back, or breaks, may have sent it."""
        begin = monotonic()
        outcomes: list[Outcome] = []

        async def send(one: Notice) -> None:
            async with asyncio.timeout(self.tools.send_seconds):
                outcomes.append(await self.channel.send(one))

        try:
            await self.tools.wrap_step("send", send)(notice)
        except TimeoutError:
            get_logger().warning("channel_hangs", channel=self.name)
        except Exception:  # noqa: BLE001 - a channel with a bug must not take the lane with it
            get_logger().exception("channel_broke", channel=self.name)
        self.tools.metrics.delivery_seconds.labels(self.name).observe(monotonic() - begin)
        return outcomes[0] if outcomes else Unknown()


def _by_recipient(notices: Sequence[NoticeState]) -> dict[str, list[NoticeState]]:
    groups: dict[str, list[NoticeState]] = defaultdict(list)
    for notice in notices:
        groups[notice.to].append(notice)
    return groups


def _attempts(message: Message, outcome: Outcome) -> list[tuple[str, Any]]:
    """Return what happened to each notice of a message; the first one stands for it where messages are counted."""
    size = len(message.notices)
    digest = message_id([one.id for one in message.notices]) if size > 1 else None
    return [
        (one.id, Attempted(outcome, one.attempts + 1, digest, size, counts=message.counts and n == 0))
        for n, one in enumerate(message.notices)
    ]
