"""Figures of disputes (矛盾纠纷): settled or not, at which tier, and whether what was agreed was done. Never mixed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from deploy.figures.book import Book, CaseBook
from deploy.figures.items import Figure, Item, Kind
from shared.ledger.rows import Entry

FIRST = "community"
AGREED = "agreement"


def _mediated(book: Book) -> Iterable[CaseBook]:
    return book.having("tier.entered")


def _agreed(case: CaseBook) -> Entry | None:
    """Return the end of the tier in which the parties agreed last."""
    found = [one for one in case.of("tier.ended") if one.values.get("outcome") == AGREED]
    return max(found, key=lambda one: (one.occurred_at, one.mark), default=None)


def _over(case: CaseBook) -> datetime | None:
    """Return when mediation was over without an agreement: every tier that was entered has ended."""
    ended = {str(one.values["tier_id"]): one.occurred_at for one in case.of("tier.ended")}
    entered = {str(one.values["tier_id"]) for one in case.of("tier.entered")}
    return max(ended.values()) if ended and entered <= ended.keys() else None


def success(book: Book) -> Iterator[Item]:
    """Disputes whose mediation is over, by whether the parties agreed."""
    for case in _mediated(book):
        agreed = _agreed(case)
        over = agreed.occurred_at if agreed else _over(case)
        if over is not None:
            part = "agreed" if agreed else "not_agreed"
            yield case.item(part, over, counts=agreed is not None, department=_owner(case))


def first_level(book: Book) -> Iterator[Item]:
    """Disputes that were agreed, by the tier in which."""
    for case in _mediated(book):
        agreed = _agreed(case)
        if agreed is not None:
            tier = str(agreed.values["tier"])
            yield case.item(tier, agreed.occurred_at, counts=tier == FIRST, department=str(agreed.values["owner"]))


def fulfilment(book: Book) -> Iterator[Item]:
    """Disputes that were agreed, by what became of the agreement."""
    for case in _mediated(book):
        agreed = _agreed(case)
        if agreed is not None:
            part = _performance(case)
            yield case.item(part, agreed.occurred_at, counts=part == "fulfilled", department=_owner(case))


def _performance(case: CaseBook) -> str:
    """Return what became of the newest agreement; fulfilled after a breach is fulfilled."""
    newest = max((one.values["agreement"] for one in case.of("agreement.signed")), default=1)

    def said(*types: str) -> Iterator[Entry]:
        return (one for one in case.of(*types) if one.values["agreement"] == newest)

    if any(said("agreement.fulfilled")):
        return "fulfilled"
    broken = {one.values.get("obligation_id") for one in said("agreement.breached")}
    good = {one.values.get("obligation_id") for one in said("agreement.breach-withdrawn")}
    good |= {
        one.values.get("obligation_id") for one in said("obligation.recorded") if one.values.get("state") == "fulfilled"
    }
    return "breached" if broken - good else "running"


def _owner(case: CaseBook) -> str:
    last = case.last("tier.ended") or case.last("tier.entered")
    return str(last.values["owner"]) if last else ""


FIGURES = (
    Figure(
        "dispute_success", "调解成功率", Kind.RATIO,
        "Disputes that ended in an agreement, of those whose mediation is over: agreed, or every tier that was entered "
        "has ended without. Agreed is not fulfilled. By the day it was over, the department of the last tier.",
        success,
    ),
    Figure(
        "first_level_settlement", "小事不出村（首级化解率）", Kind.RATIO,
        "Disputes agreed before the community's mediator, of all that were agreed at any tier. By the day and the "
        "department of the agreement.",
        first_level,
    ),
    Figure(
        "dispute_fulfilment", "履行率", Kind.RATIO,
        "Disputes whose agreement was fulfilled, of all that were agreed; `running` are not due yet or in grace, "
        "`breached` were broken and not made good. By the day of the agreement.",
        fulfilment,
    ),
)  # fmt: skip
