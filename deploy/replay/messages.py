"""Raw messages of Chinese citizens through intake: two date formats, long texts, and not one of them lost."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from deploy.partner.messages import Data, Sender
from deploy.replay.feed import Item
from deploy.replay.profile import MESSAGES, MESSAGES_PARTNER, MESSAGES_ZONE
from shared.contracts.base import Event
from shared.contracts.incidents import ReportAccepted, ReportFacts

ID, SUBJECT, WHEN, BODY = "留言编号", "留言主题", "留言时间", "留言详情"
FORMS = ("%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S")


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `when` exactly as the file writes it."""

    id: str
    when: str
    text: str

    @property
    def at(self) -> datetime:
        """The instant meant, read here only to check what intake made of it."""
        local = next(filter(None, (_parsed(self.when, form) for form in FORMS)))
        return local.replace(tzinfo=ZoneInfo(MESSAGES_ZONE))

    def item(self) -> Item:
        """Return the message as its portal would report it."""
        data: Data = {"report_id": self.id, "occurred_at": self.when, "text": self.text}
        return Item(self.at, Sender(MESSAGES, MESSAGES_PARTNER).bare(self.id, data), f"taken/{self.id}")


def _parsed(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is added by the caller
    except ValueError:
        return None


def read(path: Path) -> list[Message]:
    """Return every message of the file."""
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
        return [
            Message(row[ID].strip(), row[WHEN].strip(), f"{row[SUBJECT].strip()}\n{row[BODY].strip()}")
            for row in csv.DictReader(file)
        ]


@dataclass(slots=True)
class Intaken:
    """What became of the messages: where each went, and when intake believes it was written."""

    accepted: dict[str, datetime] = field(default_factory=dict)
    merged: dict[str, datetime] = field(default_factory=dict)

    def hear(self, event: Event) -> None:
        """Take in what intake says."""
        if isinstance(event, ReportFacts) and event.district == MESSAGES:
            into = self.accepted if isinstance(event, ReportAccepted) else self.merged
            into[event.report_id] = event.occurred_at

    def wrong_times(self, messages: list[Message]) -> Iterator[Message]:
        """Yield the messages whose time intake read otherwise than it was written."""
        for message in messages:
            believed = self.accepted.get(message.id) or self.merged.get(message.id)
            if believed is not None and believed != message.at:
                yield message
