"""One lane a channel, so that a channel that hangs holds up nobody else: take, plan, send, save, again.

A lane takes what its own process has just made, and claims from the database what others left there or what was to
wait. Each recipient is served by one task at a time, in order; what comes for them meanwhile piles up and may leave as
a digest. A message is begun only while the claim surely outlasts it and the saving of its receipt.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.notifier.adapters.queue import Claim
from services.notifier.channels.base import Channel
from services.notifier.delivery.bell import Inbox
from services.notifier.delivery.page import Page, Tools, pointless, read_page
from services.notifier.delivery.telling import ids_of, tell
from services.notifier.domain.grouping import Message, plan
from services.notifier.domain.keys import message_id
from services.notifier.domain.notice import Attempted, Dropped, NoticeState, Postponed
from services.notifier.domain.outcome import Failed, Notice, Outcome, Unknown
from services.notifier.domain.rendering import Unspeakable
from shared.decision import Poison, Transient
from shared.infra.clock import epoch_ns, monotonic, pause
from shared.infra.log import get_logger
from shared.infra.mongo import as_transient

PAGE = 200
POLL_SECONDS = 0.5
"""How often a lane looks by itself, for what became due and for what another process queued."""

ROOM = 500
"""New notices that may wait in memory for their lane."""

UNSAVED = 1_000
"""Recipients whose messages have left and are being saved; more would only fill the memory while the database is away.
"""


@dataclass(slots=True)
class Lane:
    """Delivers the notices of one channel. `condition` picks them: its name, or "none of those at hand"."""

    name: str
    condition: Any
    channel: Channel
    tools: Tools
    inbox: Inbox
    busy: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    unsent: int = 0
    _looked: float = 0.0
    _slots: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.tools.concurrency)

    async def run(self) -> None:
        """Deliver for ever."""
        while True:
            try:
                with as_transient():
                    taken = await self.round()
            except Transient as error:
                get_logger().warning("lane_waits", channel=self.name, error=str(error))
                await pause(1.0)
            except Exception:  # noqa: BLE001 - one bad page must not end the lane; its lease ends and it comes again
                get_logger().exception("lane_failed", channel=self.name)
                await pause(1.0)
            else:
                await self._rest(taken)

    async def round(self) -> int:
        """Take one page and set it going; return how many notices."""
        self.inbox.wake.clear()
        now = self.tools.clock.now()
        taken = await self._fresh()
        taken += await self._claimed(now, taken)
        notices = [one for claim in taken for one in claim.notices if self._has_profile(one)]
        if notices:
            claims = {one.id: claim for claim in taken for one in claim.notices}
            page = await read_page(self.tools, claims, notices, now)
            for to, mine in _by_recipient(notices).items():
                self.unsent += 1
                self.busy[to] = asyncio.create_task(self._guarded(to, mine, page))
        return len(notices)

    async def _fresh(self) -> list[Claim]:
        """Take what this process made, of recipients that are not being served; what waited too long goes back."""
        taken, left, over = list[Claim](), list[Claim](), list[Claim]()
        while self.inbox.fresh and len(taken) < PAGE:
            claim = self.inbox.fresh.popleft()
            whom = left if any(one.to in self.busy for one in claim.notices) else taken
            (whom if claim.holds_for(self.tools.claim_seconds) else over).append(claim)
        self.inbox.fresh.extendleft(reversed(left))
        for claim in over:
            await self.tools.queue.release([one.id for one in claim.notices], claim.token)
        return taken

    async def _claimed(self, now: datetime, taken: Sequence[Claim]) -> list[Claim]:
        """Claim a page from the database when something is known to wait there, and from time to time."""
        if not self.inbox.look and monotonic() - self._looked < POLL_SECONDS:
            return []
        self.inbox.look = False
        elsewhere = {one.to for claim in (*taken, *self.inbox.fresh) for one in claim.notices}
        claim = await self.tools.queue.claim(self.condition, now, self.busy.keys() | elsewhere, PAGE)
        self._looked = monotonic()
        self.inbox.look = self.inbox.look or len(claim.notices) >= PAGE
        return [claim]

    async def _rest(self, taken: int) -> None:
        """Wait until the channel keeps up, and when there was nothing for something to do."""
        self._make_room()
        while self.unsent >= self.tools.concurrency or len(self.busy) >= UNSAVED:
            await self.inbox.wake.wait()
            self.inbox.wake.clear()
        self._make_room()
        if not taken:
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self.inbox.wake.wait()
            except TimeoutError:
                return

    def _make_room(self) -> None:
        """Say how many new notices may come straight from this process."""
        waiting = sum(len(claim.notices) for claim in self.inbox.fresh)
        slow = self.unsent >= self.tools.concurrency
        self.inbox.room = 0 if slow or self.inbox.look else ROOM - waiting

    async def drain(self) -> None:
        """Give back what was not begun, and wait until what was begun is finished."""
        self.inbox.room = 0
        while self.inbox.fresh:
            claim = self.inbox.fresh.popleft()
            await self.tools.queue.release([one.id for one in claim.notices], claim.token)
        if self.busy:
            await asyncio.wait(list(self.busy.values()))

    def _has_profile(self, notice: NoticeState) -> bool:
        """Say whether the notice's district is known; if not, it comes again when its claim ends."""
        try:
            self.tools.profiles.current(notice.district)
        except Poison:
            get_logger().warning("notice_without_profile", **ids_of([notice]))
            return False
        return True

    async def _guarded(self, to: str, notices: list[NoticeState], page: Page) -> None:
        try:
            await asyncio.gather(*await self._sent(notices, page))
        except Exception:  # noqa: BLE001 - nothing is lost: what was not saved comes again when the lease ends
            get_logger().exception("delivery_failed", channel=self.name, **ids_of(notices))
        finally:
            del self.busy[to]
            self.inbox.wake.set()

    async def _sent(self, notices: list[NoticeState], page: Page) -> list[asyncio.Future[None]]:
        try:
            return await self._serve(notices, page)
        finally:
            self.unsent -= 1
            self.inbox.wake.set()

    async def _serve(self, notices: list[NoticeState], page: Page) -> list[asyncio.Future[None]]:
        """Do for one recipient what the plan says; return what is being saved of it."""
        dropped = {one.id: reason for one in notices if (reason := pointless(one, page))}
        profile = self.tools.profiles.current(notices[0].district).profile
        wanted = [one for one in notices if one.id not in dropped]
        planned = plan(wanted, page.sent.get(notices[0].to, ()), page.now, profile.notify, profile.zone)
        quiet: list[tuple[str, Any]] = [(id_, Dropped(reason)) for id_, reason in dropped.items()]
        quiet += [(wait.notice.id, Postponed(wait.until, wait.reason)) for wait in planned.waits]
        save = self.tools.saver.save
        saves = [save(quiet, page.known(id_ for id_, _ in quiet))] if quiet else []
        for message in planned.messages:
            ids = [one.id for one in message.notices]
            async with self._slots:
                outcome = await self._send(message, page) if await self._may_send(ids, page) else None
            if outcome is not None:
                saves.append(save(_attempts(message, outcome), page.known(ids)))
        return saves

    async def _may_send(self, ids: Sequence[str], page: Page) -> bool:
        """Say whether the claims surely outlast a message; if not, its notices are given back."""
        claims = {page.claims[id_].token: page.claims[id_] for id_ in ids}
        if all(claim.holds_for(self.tools.claim_seconds) for claim in claims.values()):
            return True
        for token in claims:
            await self.tools.queue.release(ids, token)
        return False

    async def _send(self, message: Message, page: Page) -> Outcome:
        try:
            notice = self.tools.letters.write(message, page.people, self.channel.takes)
        except Unspeakable as error:
            get_logger().error("template_failed", channel=self.name, error=str(error), **ids_of(message.notices))
            return Failed("template", retryable=False)
        begin = epoch_ns()
        outcome = await self._hand_over(notice, ids_of(message.notices))
        if self.tools.tracing is not None:
            tell(self.tools.tracing, self.name, message.notices, page, outcome, begin)
        return outcome

    async def _hand_over(self, notice: Notice, ids: Mapping[str, Any]) -> Outcome:
        """Give a notice to the channel; a channel that does not come back, or breaks, may have sent it."""
        begin = monotonic()
        outcomes: list[Outcome] = []

        async def send(one: Notice) -> None:
            async with asyncio.timeout(self.tools.send_seconds):
                outcomes.append(await self.channel.send(one))

        try:
            await self.tools.wrap_step("send", send)(notice)
        except TimeoutError:
            get_logger().warning("channel_hangs", channel=self.name, **ids)
        except Exception:  # noqa: BLE001 - a channel with a bug must not take the lane with it
            get_logger().exception("channel_broke", channel=self.name, **ids)
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
