"""What a lane works with, and what it has to know of a page of notices before it decides about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notifier.adapters.contacts import Contacts, Person
from services.notifier.adapters.queue import Claim, NoticeQueue
from services.notifier.delivery.letters import Letters
from services.notifier.delivery.saver import Known, Saver
from services.notifier.domain.delivery import CaseNow, is_stale
from services.notifier.domain.grouping import HOUR, is_limited
from services.notifier.domain.notice import NoticeState
from services.notifier.domain.surroundings import Profiles
from services.notifier.domain.view import ERASED
from services.notifier.metrics import NotifierMetrics
from shared.infra.clock import Clock
from shared.infra.faults import WrapStep
from shared.infra.tracing import Tracing

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
    tracing: Tracing | None = None

    @property
    def claim_seconds(self) -> float:
        """How long a claim must still hold when a message is begun: until it has left, and as long for its receipt.

        Without the second half a message begun last is saved when its claim is over, and leaves again elsewhere.
        """
        return 2 * self.send_seconds


@dataclass(frozen=True, slots=True)
class Page:
    """What one round took, under which claims, and what is needed to decide about it."""

    claims: Mapping[str, Claim]
    now: datetime
    sent: Mapping[str, list[datetime]]
    cases: Mapping[str, CaseNow]
    people: Mapping[str, Person | None]
    waited: frozenset[str]

    def known(self, ids: Iterable[str]) -> Known:
        """Return the notices as they were read."""
        return {id_: slot for id_ in ids if (slot := self.claims[id_].slots.get(id_)) is not None}


async def read_page(tools: Tools, claims: Mapping[str, Claim], notices: Sequence[NoticeState], now: datetime) -> Page:
    """Read what must be known of some notices, in a query of each kind at most."""
    waited = [one for one in notices if _waited(one, now, tools.pace)]
    reporters = {one.reporter for one in notices if one.reporter}
    sent = await _sent_before(tools, notices, now)
    cases = await tools.queue.cases_now({one.case_id for one in waited}) if waited else {}
    people = await tools.contacts.people(reporters) if reporters else {}
    return Page(claims, now, sent, cases, people, frozenset(one.id for one in waited))


async def _sent_before(tools: Tools, notices: Sequence[NoticeState], now: datetime) -> Mapping[str, list[datetime]]:
    """Return when messages went out to the recipients whose number is limited."""
    policies = {one.to: tools.profiles.current(one.district).profile.notify for one in notices}
    surging = {one.to for one in notices if one.surge}
    limited = {to: notify for to, notify in policies.items() if to in surging or is_limited(notify)}
    if not limited:
        return {}
    return await tools.queue.sent(limited, now - max([HOUR, *(notify.digest.window for notify in limited.values())]))


def _waited(notice: NoticeState, now: datetime, pace: float) -> bool:
    patience = timedelta(seconds=WAITED_SECONDS * pace)
    return notice.held or notice.attempts > 0 or now - notice.queued_at > patience


def pointless(notice: NoticeState, page: Page) -> str | None:
    """Return why a notice is not sent after all."""
    if notice.id in page.waited and is_stale(notice, page.now, page.cases.get(notice.case_id, CaseNow())):
        return "stale"
    if notice.reporter is None:
        return None
    if notice.reporter not in page.people:
        return ERASED
    return "unreadable_contact" if page.people[notice.reporter] is None else None
