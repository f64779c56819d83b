"""A small district, its events, and the notifier's pure cores run by hand, for unit tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from services.notifier.domain import decide as deciding
from services.notifier.domain import delivery
from services.notifier.domain.grouping import plan
from services.notifier.domain.model import AddressKind, CaseView
from services.notifier.domain.notice import Attempted, NoticeState, Postponed, index_fields
from services.notifier.domain.outcome import Outcome
from services.notifier.domain.surroundings import Surroundings, Unreadable
from shared.contracts.base import Event
from shared.contracts.notifications import NoticeQueued, NoticeSuppressed
from shared.decision import Companion, Decision
from shared.district.lookup import DirectoryIndex
from shared.district.model import Profile
from tests.unit.notifier.events import DISTRICT, NOON, SEALED

NIGHT = datetime(2026, 7, 1, 15, 30, tzinfo=UTC)
"""23:30 in the district."""

MORNING = datetime(2026, 7, 1, 23, tzinfo=UTC)
"""07:00 of the next day, when quiet hours end."""


def desk(code: str, role: str = "duty_officer", **more: Any) -> dict[str, Any]:
    """Return a line of a roster that answers on the file channel and, if that fails, by mail."""
    contacts = [
        {"channel": "file", "address": f"{role}-{code}"},
        {"channel": "email", "address": f"{role}-{code}@example.invalid"},
    ]
    return {"role": role, "person": f"{code} {role}", "channels": contacts, **more}


def department(code: str, kind: str = "department", **more: Any) -> dict[str, Any]:
    """Return a department with a duty officer and a head."""
    return {
        "code": code,
        "name": f"{code}局",
        "name_en": code.title(),
        "kind": kind,
        "duty": [desk(code), desk(code, "head")],
        **more,
    }


def raw_profile(**notify: Any) -> dict[str, Any]:
    """Return a small profile as it would stand in a file."""
    return {
        "code": DISTRICT,
        "name": "崆峒区",
        "name_en": "Kongtong",
        "version": 1,
        "townships": [{"code": "620802001", "name": "中街"}],
        "communities": [{"code": "620802001001", "name": "解放社区"}],
        "grids": [{"code": "620802001001001", "name": "一网格", "worker": "w-001"}],
        "departments": [
            department("centre", "centre"),
            department("housing"),
            department("police"),
            department("street", "township", areas=["620802001"]),
        ],
        "categories": [{"key": "E06010", "name": "暴露垃圾", "name_en": "Exposed rubbish"}],
        "default": {
            "lead": "housing",
            "accept": "1 working_hours",
            "stages": ["handle=4 working_hours"],
            "verify": "2 working_days",
        },
        "escalation": {
            "ladder": [
                {"level": 1, "audience": ["head"]},
                {"level": 2, "after": "4 working_hours", "audience": ["centre_director"]},
            ]
        },
        "notify": {
            "quiet_hours": "22:00-07:00",
            "channels": ["email", "file"],
            "grid_worker_contacts": [{"channel": "file", "address": "{worker}"}],
            "digest": {"after": 5, "window": "10 minutes"},
            "rate_limit": {"per_hour": 60},
            **notify,
        },
    }


def index_of(raw: dict[str, Any]) -> DirectoryIndex:
    """Return a profile, indexed."""
    return DirectoryIndex(Profile.model_validate(raw))


@dataclass(frozen=True, slots=True)
class OneProfile:
    """Answers with the same profile whatever version is asked for; `newer` is the current one, if it is another."""

    index: DirectoryIndex
    newer: DirectoryIndex | None = None

    def at(self, district: str, version: int) -> DirectoryIndex:
        """Return the profile of the case."""
        del district, version
        return self.index

    def current(self, district: str) -> DirectoryIndex:
        """Return the newest profile."""
        del district
        return self.newer or self.index


def reach(sealed: str, owners: Sequence[str]) -> tuple[str, tuple[AddressKind, ...]]:
    """Return how a made-up sealed contact can be used: `test:phone` by telephone only."""
    if sealed == SEALED:
        return owners[0], (AddressKind.EMAIL, AddressKind.PHONE)
    if sealed == "test:phone":
        return owners[0], (AddressKind.PHONE,)
    if sealed == "test:nameless":
        return owners[0], ()
    raise Unreadable


CHANNELS = {"file": AddressKind.ANY, "email": AddressKind.EMAIL, "webhook": AddressKind.URL}


def as_document(notice: NoticeState) -> Companion:
    """Return a notice as a companion that carries the state itself."""
    return Companion("notices", {"_id": notice.id, "state": notice, **index_fields(notice)})


def around(profile: dict[str, Any] | None = None, newer: dict[str, Any] | None = None, **more: Any) -> Surroundings:
    """Return surroundings with one profile."""
    profiles = OneProfile(index_of(profile or raw_profile()), index_of(newer) if newer else None)
    fields: dict[str, Any] = {"channels": CHANNELS, "reach": reach, "document": as_document, **more}
    return Surroundings(profiles, **fields)


@dataclass(slots=True)
class World:
    """The two cores over dictionaries: events in, notices queued; attempts in, outcomes applied."""

    surroundings: Surroundings = field(default_factory=around)
    now: datetime = NOON
    cases: dict[str, CaseView] = field(default_factory=dict)
    notices: dict[str, NoticeState] = field(default_factory=dict)
    documents: list[Companion] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def tell(self, *events: Event) -> str:
        """Let the case core decide on events in order; return the last reason."""
        reason = ""
        for event in events:
            decision = deciding.decide(self.cases.get(event.case_id), event, self.now, self.surroundings)
            self.cases[event.case_id] = decision.state
            self._take(decision)
            reason = decision.reason
        return reason

    def happen(self, notice: str, what: Any) -> str:
        """Let the notice core decide; return the reason."""
        decision = delivery.decide(self.notices[notice], what, self.now, self.surroundings)
        self.notices[notice] = decision.state
        self._take(decision)
        return decision.reason

    def _take(self, decision: Decision[Any]) -> None:
        self.events += decision.events
        for companion in decision.companions:
            self.documents.append(companion)
            if companion.collection == "notices":
                self.notices.setdefault(companion.document["_id"], companion.document["state"])

    def attempt(self, notice: NoticeState, outcome: Outcome) -> str:
        """Let one attempt come to something."""
        return self.happen(notice.id, Attempted(outcome, notice.attempts + 1))

    def due(self) -> dict[str, list[NoticeState]]:
        """Return the notices that are due, by recipient and channel."""
        groups: dict[str, list[NoticeState]] = {}
        for notice in self.notices.values():
            if notice.due is not None and notice.due <= self.now:
                groups.setdefault(notice.to, []).append(notice)
        return groups

    def sent(self, to: str) -> list[datetime]:
        """Return when messages that count went to a recipient."""
        since = self.now - timedelta(hours=1)
        mine = [one.sent_at for one in self.notices.values() if one.to == to and one.sent_at is not None]
        return [instant for instant in mine if instant > since]

    def deliver(self, channel: Any) -> int:
        """Deliver what is due as a lane would, through `channel(name, notices)`; return how many messages."""
        messages = 0
        for to, waiting in self.due().items():
            profile = self.surroundings.profiles.current(DISTRICT).profile
            planned = plan(waiting, self.sent(to), self.now, profile.notify, profile.zone)
            for wait in planned.waits:
                self.happen(wait.notice.id, Postponed(wait.until, wait.reason))
            for message in planned.messages:
                messages += 1
                outcome = channel(message.notices[0].channel, message.notices)
                size = len(message.notices)
                for n, one in enumerate(message.notices):
                    digest = "d" * 8 if size > 1 else None
                    what = Attempted(outcome, one.attempts + 1, digest, size, counts=message.counts and n == 0)
                    self.happen(one.id, what)
        return messages

    def queued(self) -> list[tuple[str, str, str]]:
        """Return step, recipient and channel of every notice queued."""
        found = [one for one in self.events if isinstance(one, NoticeQueued)]
        return [(one.step.partition(":")[0], one.recipient, one.channel) for one in found]

    def suppressed(self) -> list[tuple[str, str, str]]:
        """Return step, recipient and reason of every notice suppressed."""
        found = [one for one in self.events if isinstance(one, NoticeSuppressed)]
        return [(one.step.partition(":")[0], one.recipient, one.reason) for one in found]
