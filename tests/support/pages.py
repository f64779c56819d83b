"""A ledger in memory, for tests that run the services' cores through the real engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from deploy.figures.book import Book
from shared.infra.clock import Clock
from shared.infra.engine.outbox import Outgoing
from shared.infra.ledger import rows_of
from shared.ledger.rows import entries_of, page_of

AGAIN = 3
"""Every third page is written twice, as after a crash between writing it and emptying the outbox."""

LATE = 4
"""Every fourth waits, as behind a service that died before it had published, until somebody comes for it."""


@dataclass
class Pages:
    """What was written, when, of which district."""

    clock: Clock
    written: list[tuple[datetime, str, bytes]] = field(default_factory=list)
    late: list[tuple[str, bytes]] = field(default_factory=list)
    notes: int = 0

    async def note(self, records: Sequence[Outgoing]) -> None:
        """Write pages."""
        for district, rows in rows_of(records).items():
            self.notes += 1
            page = page_of(rows)
            if self.notes % LATE == 0:
                self.late.append((district, page))
            else:
                self.written += [(self.clock.now(), district, page)] * (2 if self.notes % AGAIN == 0 else 1)

    def catch_up(self) -> None:
        """Write what is late, now."""
        self.written += [(self.clock.now(), *one) for one in self.late]
        self.late = []

    def book(self, district: str, until: datetime) -> Book:
        """Return what had been written by an instant, the newest page first: the order must not matter."""
        pages = [page for at, whose, page in self.written if whose == district and at <= until]
        return Book.of(entry for page in reversed(pages) for entry in entries_of(district, page))
