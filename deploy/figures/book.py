"""What a ledger says, sorted by case.

The order in which pages were written means nothing: what is last is so by when it happened, and what was written twice
counts once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import Any

from deploy.figures.items import Item
from shared.ledger.rows import Entry

PLACE = {"township": "township", "grid": "grid", "category": "category", "source": "partner"}
"""Field of an item -> field of what is said of a case."""


@dataclass
class CaseBook:
    """Everything said of one case, by type; to be asked when all has been said, for it remembers what it answered."""

    id: str
    said: dict[str, list[Entry]] = field(default_factory=dict)

    def of(self, *types: str) -> Iterator[Entry]:
        """Yield what was said of some types."""
        return chain.from_iterable(self.said.get(one, ()) for one in types)

    def last(self, *types: str) -> Entry | None:
        """Return what happened last of some types: in the newest episode, though its work may be dated back."""

        def moment(one: Entry) -> tuple[int, datetime, int]:
            return one.values.get("episode", 1), one.occurred_at, one.mark

        return max(self.of(*types), key=moment, default=None)

    @property
    def begun(self) -> bool:
        """Whether the router's taking it in is in the ledger; what is older than the ledger is not."""
        return "case.opened" in self.said or "case.triaged" in self.said

    @property
    def older(self) -> bool:
        """Whether it is a case, but one that began before the ledger did."""
        return not self.begun and any(one.startswith(("case.", "task.", "clock.")) for one in self.said)

    @cached_property
    def opened_at(self) -> datetime:
        """When the reporter's clock began."""
        opened = self.last("case.opened")
        if opened is not None and "opened_at" in opened.values:
            return datetime.fromisoformat(opened.values["opened_at"])
        # Commands on a case in triage may be dated before it: not everything said of a case has come after its report.
        received = list(self.of("report.accepted", "case.triaged")) or list(self.of(*self.said))
        return min(one.occurred_at for one in received)

    @cached_property
    def lead(self) -> str:
        """The department that answers for it now; none in triage."""
        leads = [one for one in self.of("task.assigned") if one.values.get("role") == "lead"]
        if leads:
            return str(max(leads, key=lambda one: (one.occurred_at, one.mark)).values["department"])
        return str(self._told("lead"))

    @cached_property
    def episode(self) -> int:
        """How often it has begun."""
        return max((one.values.get("episode", 1) for one in self.of("case.reopened")), default=1)

    @cached_property
    def state(self) -> str:
        """Open, closed or withdrawn, by what is said of its newest episode."""
        for type_, state in (("case.closed", "closed"), ("case.withdrawn", "withdrawn")):
            if any(one.values.get("episode", 1) == self.episode for one in self.of(type_)):
                return state
        return "open"

    @cached_property
    def _place(self) -> dict[str, Any]:
        return {field: str(self._told(name)) for field, name in PLACE.items()}

    def _told(self, name: str) -> Any:
        """Return a fact of the case by the newest who names it: the router knows more than intake; grids are re-cut."""
        for type_ in ("case.moved", "case.opened", "case.triaged", "report.accepted"):
            entry = self.last(type_)
            if entry is not None and name in entry.values:
                return entry.values[name]
        return ""

    def item(self, part: str, at: datetime, **more: Any) -> Item:
        """Return an item of this case under its township, grid, category and source; its lead's unless told whose."""
        if "department" not in more:
            more["department"] = self.lead
        return Item(self.id, part, at, **more, **self._place)


@dataclass(slots=True)
class Book:
    """A district's cases as their ledger tells them."""

    cases: dict[str, CaseBook] = field(default_factory=dict)
    _said: dict[str, list[tuple[CaseBook, Entry]]] = field(default_factory=dict)
    _seen: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Book:
        """Return the book of some entries."""
        book = cls()
        for entry in entries:
            book.take(entry)
        return book

    def take(self, entry: Entry) -> None:
        """Sort an entry in, once."""
        if entry.mark in self._seen:
            return
        self._seen.add(entry.mark)
        case = self.cases.setdefault(entry.case, CaseBook(entry.case))
        case.said.setdefault(entry.type, []).append(entry)
        self._said.setdefault(entry.type, []).append((case, entry))

    @property
    def begun(self) -> list[CaseBook]:
        """The cases whose beginning is in the ledger."""
        return [case for case in self.cases.values() if case.begun]

    def entries(self, *types: str) -> Iterator[tuple[CaseBook, Entry]]:
        """Yield what was said of some types, with its case."""
        return chain.from_iterable(self._said.get(one, ()) for one in types)

    def having(self, *types: str) -> Iterable[CaseBook]:
        """Return each case of which something of some types was said, once."""
        return {case.id: case for case, _ in self.entries(*types)}.values()
