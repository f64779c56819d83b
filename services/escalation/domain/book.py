"""A township's book while it is written in: the beat as it changes, and what is told of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.escalation.domain.beat import Beat, Round
from services.escalation.domain.draft import DirectoryOf
from shared.contracts.base import Event
from shared.contracts.work import RoundEvent, WorkEvent, work_id
from shared.district.lookup import DirectoryIndex
from shared.district.model import Profile
from shared.district.work import Obligation


@dataclass(slots=True)
class Book:
    """Lives only inside one call of `decide`. `directory` is the newest profile: who works where is always today's."""

    beat: Beat
    now: datetime
    directory: DirectoryIndex
    directory_of: DirectoryOf
    events: list[Event] = field(default_factory=list)

    @property
    def profile(self) -> Profile:
        """The newest profile of the district."""
        return self.directory.profile

    @property
    def id(self) -> str:
        """The number of the book."""
        return work_id(self.beat.township)

    def change(self, **fields: Any) -> None:
        """Change fields of the beat."""
        self.beat = self.beat.model_copy(update=fields)

    def put(self, changed: Round) -> None:
        """Put a round in the place of the one with its key."""
        self.change(rounds=tuple(changed if one.key == changed.key else one for one in self.beat.rounds))

    def asked(self, one: Round) -> Obligation | None:
        """Return the obligation of a round as it was asked for when the round began."""
        then = self.directory_of(self.beat.district, one.version).profile.work.obligations
        return next((obligation for obligation in then if obligation.id == one.obligation), None)

    def day(self, instant: datetime) -> str:
        """Return the day of the district that an instant lies in."""
        return instant.astimezone(self.profile.zone).date().isoformat()

    def say(self, event: type[WorkEvent], at: datetime, **fields: Any) -> None:
        """Tell a fact about the township's work."""
        beat = self.beat
        named = {"district": beat.district, "case_id": self.id, "township": beat.township}
        self.events.append(event(**named, occurred_at=at, recorded_at=self.now, **fields))

    def say_of(self, one: Round, obligation: Obligation, event: type[RoundEvent], at: datetime, **fields: Any) -> None:
        """Tell a fact about a round."""
        named = {"obligation": one.obligation, "kind": obligation.kind}
        self.say(event, at, **named, starts_at=one.starts_at, ends_at=one.ends_at, **fields)
