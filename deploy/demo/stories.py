"""The scripted cases: who does what, when, on which case; everything else about them goes through the same topics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from deploy.demo.habits import ZONE
from deploy.demo.reports import Draft
from deploy.demo.say import Say
from deploy.demo.submission import Submission
from shared.contracts.base import Event
from shared.contracts.ids import case_id


class Script(Protocol):
    """One scripted case."""

    @property
    def title(self) -> str:
        """What the story is about, in a few words."""

    @property
    def drafts(self) -> Sequence[Draft]:
        """The reports that begin it; the first one opens the case, the others are about the same thing."""

    def hear(self, event: Event) -> Iterator[Say]:
        """Yield what anybody in the story does about an event of its case."""


def case_of(draft: Draft, district: str) -> str:
    """Return the case number a report will get, as any partner can work it out from the contracts."""
    opened = draft.happened.astimezone(ZONE).date()
    return case_id(district, opened, draft.sender.partner, draft.data["report_id"])


@dataclass(frozen=True, slots=True)
class Stories:
    """All scripts of the play by case."""

    scripts: dict[str, Script]

    def script(self, case: str) -> Script | None:
        """Return the script of a case, None for an ordinary one."""
        return self.scripts.get(case)

    def submissions(self) -> Iterator[Submission]:
        """Yield the reports that begin the stories."""
        for script in self.scripts.values():
            for draft in script.drafts:
                yield draft.submission()


def later(at: datetime, minutes: float) -> datetime:
    """Return the instant so many minutes later."""
    return at + timedelta(minutes=minutes)
