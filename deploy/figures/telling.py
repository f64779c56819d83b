"""Figures of notices (告知): what reached its channel, of what came to an end."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.figures.book import Book
from deploy.figures.items import Figure, Item, Kind


def delivered(book: Book) -> Iterator[Item]:
    """Notices that were delivered, given up or not sent."""
    for case, entry in book.entries("notice.delivered", "notice.failed", "notice.suppressed"):
        part = entry.type.partition(".")[2]
        department = str(entry.values.get("recipient", ""))
        yield case.item(part, entry.occurred_at, counts=part == "delivered", department=department)


FIGURES = (
    Figure(
        "notices_delivered", "告知送达率", Kind.RATIO,
        "Notices that their channel took, of those delivered, failed (a fallback is a notice of its own) or not sent. "
        "The department is the recipient's; `reporter` stands for those who reported.",
        delivered,
    ),
)  # fmt: skip
