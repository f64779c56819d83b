"""What Prometheus shows of a district and what its ledger says, under the same names."""

from __future__ import annotations

from collections.abc import Mapping

from deploy.figures.book import Book
from deploy.figures.catalogue import BY_NAME
from deploy.figures.sums import Sum, total

Totals = Mapping[tuple[str, ...], int]
"""Counters by name and labels, as `tests.support.stand_ins.figures` returns them."""


def by_prometheus(totals: Totals) -> dict[str, int]:
    """Return what the services have counted."""

    def number(name: str, outcome: str, kind: str | None = None) -> int:
        return sum(
            found for key, found in totals.items() if key[0] == name and key[-1] == outcome and kind in (None, key[1])
        )

    return {
        "reports opened": number("reports", "accepted") + number("cases", "unmerged"),
        "reports merged": number("reports", "merged") - number("cases", "unmerged"),
        "closings": number("cases", "closed"),
        "withdrawn": number("cases", "withdrawn"),
        "tasks assigned": number("tasks", "assigned"),
        "tasks returned": number("tasks", "returned"),
        "in time": number("clocks", "on_time", "handle"),
        "late": number("clocks", "late", "handle"),
        "checked in": number("attendance", "present") + number("attendance", "late"),
        "on scene": number("teams", "on_scene"),
        "delivered": number("notices", "delivered"),
        "not sent": number("notices", "suppressed"),
    }


def by_ledger(book: Book) -> dict[str, int]:
    """Return the same of what the ledger says."""
    sums: dict[str, Sum] = {name: total(figure.items(book)) for name, figure in BY_NAME.items()}

    def part(figure: str, name: str) -> int:
        return sums[figure].parts.get(name, 0)

    return {
        "reports opened": part("reports", "opened"),
        "reports merged": part("reports", "merged"),
        "closings": sum(1 for _ in book.entries("case.closed")),
        "withdrawn": part("cases", "withdrawn"),
        "tasks assigned": sums["refusals"].of,
        "tasks returned": sums["refusals"].n,
        "in time": part("on_time_rate", "on_time"),
        "late": part("on_time_rate", "late"),
        "checked in": sums["muster_time"].of,
        "on scene": sums["quorum_time"].of,
        "delivered": sums["notices_delivered"].n,
        "not sent": part("notices_delivered", "suppressed"),
    }
