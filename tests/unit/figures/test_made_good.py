"""What was broken and made good afterwards counts as broken no more, in whichever order it is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.figures.book import Book
from deploy.figures.catalogue import BY_NAME
from deploy.figures.sums import total
from shared.ledger.rows import Entry

NINE = datetime(2026, 7, 1, 1, tzinfo=UTC)
CASE = "620802-260701-aaaaaaaa"
SAID: tuple[tuple[str, dict[str, Any]], ...] = (
    ("case.opened", {"category": "D0402", "lead": "street", "opened_at": NINE.isoformat()}),
    ("tier.entered", {"tier_id": f"{CASE}/tier#1", "tier": "community", "owner": "street"}),
    ("tier.ended", {"tier_id": f"{CASE}/tier#1", "tier": "community", "owner": "street", "outcome": "agreement"}),
    ("agreement.signed", {"agreement": 1}),
    ("agreement.breached", {"agreement": 1, "obligation_id": f"{CASE}/obligation#1"}),
    ("agreement.breached", {"agreement": 1, "obligation_id": f"{CASE}/obligation#2"}),
    ("agreement.breach-withdrawn", {"agreement": 1, "obligation_id": f"{CASE}/obligation#2"}),
    ("obligation.recorded", {"agreement": 1, "obligation_id": f"{CASE}/obligation#1", "state": "fulfilled"}),
)


def stands(number: int) -> dict[str, int]:
    """Return how the dispute is counted after so much has been said, forwards and backwards."""
    entries = [
        Entry(type_, CASE, mark, NINE + timedelta(minutes=mark), values)
        for mark, (type_, values) in enumerate(SAID[:number])
    ]
    figure = BY_NAME["dispute_fulfilment"]
    parts, again = (total(figure.items(Book.of(one))).parts for one in (entries, entries[::-1]))
    assert parts == again
    return parts


def test_an_instalment_that_is_paid_late_leaves_the_agreement_running() -> None:
    """The next one is not due yet; what was in time after all was never broken."""
    assert [stands(number) for number in (4, 5, 7, 8)] == [
        {"running": 1},
        {"breached": 1},
        {"breached": 1},
        {"running": 1},
    ]
