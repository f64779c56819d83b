"""From something to tell to notices in the queue: one for each recipient, on the first channel that is at hand.

What cannot be told ends as a `notice.suppressed` with its reason, never in silence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.notifier.domain.audience import Asked, Recipient, audiences, recipients
from services.notifier.domain.facts import Facts, visible
from services.notifier.domain.keys import notice_id, notice_key, told_mark
from services.notifier.domain.model import MAX_TOLD, CaseView, Owed
from services.notifier.domain.notice import NoticeState, Route
from services.notifier.domain.quiet import quiet_until
from services.notifier.domain.steps import DEFAULT_SEVERITY, Telling
from services.notifier.domain.surroundings import Surroundings
from shared.contracts.base import Event
from shared.contracts.notifications import NoticeEvent, NoticeQueued, NoticeSuppressed
from shared.decision import Companion
from shared.district.lookup import DirectoryIndex
from shared.district.model import Audience

UNKNOWN_CHANNEL = "unknown_channel"
NO_TEMPLATE = "no_template"
NO_CHANNEL = "none"
EVERY_REPORTER = "reporters"


@dataclass(slots=True)
class Desk:
    """What one decision gathers: the view as it changes, the notices, the events."""

    case_id: str
    view: CaseView
    now: datetime
    around: Surroundings
    events: list[Event] = field(default_factory=list)
    companions: list[Companion] = field(default_factory=list)

    def change(self, **fields: Any) -> None:
        """Change the view."""
        self.view = self.view.model_copy(update=fields)

    def policy(self) -> DirectoryIndex:
        """Return the profile the case is kept under; before its version is known, the newest."""
        version = self.view.profile_version
        profiles = self.around.profiles
        return profiles.at(self.view.district, version) if version else profiles.current(self.view.district)

    def tell_all(self, given: tuple[Telling, ...], live: tuple[Telling, ...]) -> None:
        """Tell what is `live` of what an event gave; an audience that no template is meant for shows as suppressed."""
        for telling in live:
            self.tell(telling)
        served = {telling.public for telling in given}
        for audience in audiences(self.policy().profile, self.view, given[0]) if live else ():
            if (audience is Audience.REPORTER) not in served:
                self.suppress(given[0], audience, Recipient(audience.value, reason=NO_TEMPLATE))

    def tell(self, telling: Telling) -> None:
        """Queue one telling for each of its audiences."""
        for audience in audiences(self.policy().profile, self.view, telling):
            if (audience is Audience.REPORTER) is telling.public:
                self._tell(telling, audience)

    def _tell(self, telling: Telling, audience: Audience) -> None:
        if audience is Audience.REPORTER and telling.reporter is None and not self._new_for_reporters(telling):
            return
        index = self.around.profiles.current(self.view.district)
        due = self._due(telling, index)
        asked = Asked(telling, self.view, index, due, dict(self.around.channels))
        for recipient in recipients(audience, asked):
            if audience is Audience.REPORTER or self._new(telling, recipient.name):
                self._queue(telling, audience, recipient, due)

    def _new(self, telling: Telling, recipient: str) -> bool:
        """Say whether this recipient was not told this step yet, and remember that it is now."""
        mark = told_mark(telling.episode, telling.step, recipient)
        if mark in self.view.told:
            return False
        self.change(told=(*self.view.told, mark)[-MAX_TOLD:])
        return True

    def _new_for_reporters(self, telling: Telling) -> bool:
        """The same for all reporters at once; the first one, if not known yet, is owed it."""
        if not self._new(telling, EVERY_REPORTER):
            return False
        if not self.view.reported:
            facts = telling.facts
            owed = Owed(
                step=telling.step,
                template=telling.template,
                asks=telling.asks,
                episode=telling.episode,
                department=facts.department,
                outcome=facts.outcome,
                moot=telling.moot,
            )
            self.change(owed=(*self.view.owed, owed))
        return True

    def _due(self, telling: Telling, index: DirectoryIndex) -> datetime:
        """Return when the notice may go out: now, or when quiet hours end."""
        notify = index.profile.notify
        if telling.facts.severity <= notify.quiet_exempt_severity or self._wakes(index):
            return self.now
        morning = quiet_until(self.now, notify, index.profile.zone)
        if morning is None or (telling.pressing and telling.until is not None and telling.until < morning):
            return self.now
        return morning

    def _wakes(self, index: DirectoryIndex) -> bool:
        policy = index.profile.notify.policies.get(self.view.policy or "")
        return policy is not None and policy.ignore_quiet_hours

    def _queue(self, telling: Telling, audience: Audience, recipient: Recipient, due: datetime) -> None:
        usable = [n for n, route in enumerate(recipient.routes) if route.channel in self.around.channels]
        first = usable[0] if usable else len(recipient.routes)
        for route in recipient.routes[:first]:
            self.suppress(telling, audience, recipient, UNKNOWN_CHANNEL, route.channel)
        if usable:
            self._add(self._notice(telling, audience, recipient, first, due))
        elif not recipient.routes:
            self.suppress(telling, audience, recipient)

    def _notice(
        self, telling: Telling, audience: Audience, recipient: Recipient, first: int, due: datetime
    ) -> NoticeState:
        profile = self.around.profiles.current(self.view.district).profile
        route, *fallbacks = recipient.routes[first:]
        facts = _seen_from(telling, recipient)
        return NoticeState(
            district=self.view.district,
            case_id=self.case_id,
            episode=telling.episode,
            step=telling.step,
            template=telling.template,
            audience=audience.value,
            recipient=recipient.name,
            channel=route.channel,
            address=route.address,
            reporter=recipient.reporter and reporter_document(self.case_id, recipient.reporter),
            fallbacks=tuple(fallbacks),
            languages=profile.notify.languages,
            facts=_stated(visible(facts, audience)),
            severity=facts.severity,
            wakes=self._wakes(self.around.profiles.current(self.view.district)),
            moot=telling.moot,
            pressing=telling.pressing,
            task=telling.task,
            until=telling.until,
            serial=self.view.serial,
            queued_at=self.now,
            due=due,
            held=due > self.now,
            expires=self.now + timedelta(days=profile.retention.notices_days),
            surge=None if audience is Audience.REPORTER else self.view.surge,
        )

    def _add(self, notice: NoticeState) -> None:
        self.change(serial=self.view.serial + 1)
        self.companions.append(self.around.document(notice))
        self.events.append(queued(notice, self.now))

    def suppress(
        self, telling: Telling, audience: Audience, recipient: Recipient, reason: str = "", channel: str = NO_CHANNEL
    ) -> None:
        """Say that somebody is not told, and why."""
        key = notice_key(self.case_id, telling.episode, telling.step, recipient.name, channel)
        self.events.append(
            NoticeSuppressed(
                district=self.view.district,
                case_id=self.case_id,
                occurred_at=self.now,
                recorded_at=self.now,
                notice_id=notice_id(key),
                audience=audience.value,
                recipient=recipient.name,
                channel=channel,
                step=telling.step,
                reason=reason or recipient.reason,
            )
        )


def _seen_from(telling: Telling, recipient: Recipient) -> Facts:
    """Return the facts with the recipient's own department, where the telling is about several."""
    if recipient.department not in telling.about:
        return telling.facts
    return telling.facts.model_copy(update={"department": recipient.department})


def owed_telling(owed: Owed, case_id: str, view: CaseView, ref: str) -> Telling:
    """Return what the first reporter should have heard before, for that reporter alone."""
    facts = Facts(
        case_id=case_id,
        severity=view.severity or DEFAULT_SEVERITY,
        episode=owed.episode,
        category=view.category,
        department=owed.department,
        outcome=owed.outcome,
    )
    kind = (owed.step, owed.template, owed.asks, owed.episode)
    return Telling(*kind, facts, public=True, reporter=ref, moot=owed.moot)


def reporter_document(case_id: str, ref: str) -> str:
    """Return the id under which the sealed contact of a reporter is kept."""
    return f"{case_id}/{ref}"


def event_fields(notice: NoticeState, now: datetime) -> dict[str, Any]:
    """Return the fields that every event about a notice has."""
    return {
        "district": notice.district,
        "case_id": notice.case_id,
        "occurred_at": now,
        "recorded_at": now,
        "notice_id": notice.id,
        "audience": notice.audience,
        "recipient": notice.recipient,
        "channel": notice.channel,
        "step": notice.step,
    }


def queued(notice: NoticeState, now: datetime) -> NoticeEvent:
    """Return the event of a new notice."""
    return NoticeQueued(**event_fields(notice, now), template=notice.template)


def next_route(fallbacks: tuple[Route, ...], channels: Any) -> int | None:
    """Return the place of the first fallback whose channel is at hand."""
    return next((n for n, route in enumerate(fallbacks) if route.channel in channels), None)


def _stated(facts: dict[str, Any]) -> dict[str, Any]:
    """Return the facts without what is absent; the renderer puts it back."""
    return {name: value for name, value in facts.items() if value not in (None, (), "")}
