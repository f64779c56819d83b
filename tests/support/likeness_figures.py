"""The figures of a ledger in the shape in which the reference model counts them."""

from __future__ import annotations

from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

from deploy.figures.book import Book
from deploy.figures.catalogue import BY_NAME
from deploy.figures.items import By, Item
from deploy.figures.sums import grouped, total

PARTS = {"opened": "accepted"}
RATIOS = ("closing_rate", "on_time_rate", "on_time_rate_original", "refusals", "notices_delivered", "dispute_success",
          "first_level_settlement")  # fmt: skip
CHINA = ZoneInfo("Asia/Shanghai")


def figures_in(book: Book) -> dict[str, Any]:
    """Return the same figures as `tests.support.model.figures`, as the ledger has them."""
    items = {name: list(figure.items(book)) for name, figure in BY_NAME.items()}
    sums = {name: total(found) for name, found in items.items()}
    return {
        **{name: (sums[name].n, sums[name].of) for name in RATIOS},
        "dispute_fulfilment": Counter(sums["dispute_fulfilment"].parts),
        "cases": Counter(sums["cases"].parts),
        "reports": Counter({PARTS.get(part, part): number for part, number in sums["reports"].parts.items()}),
        "handling_time": list(sums["handling_time"].spans),
        "muster_time": sums["muster_time"].of,
        **{f"closing_rate by {by}": _by(items["closing_rate"], by) for by in (By.CATEGORY, By.SOURCE, By.DAY)},
        "on_time_rate by department": _by(items["on_time_rate"], By.DEPARTMENT),
    }


def _by(items: list[Item], by: By) -> dict[str, tuple[int, int]]:
    return {key: (one.n, one.of) for key, one in grouped(items, by, CHINA).items()}
