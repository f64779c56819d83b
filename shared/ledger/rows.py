"""How the ledger is written: one row an event, the rows of a batch together and compressed as one page.

A row is `[type, case, mark, occurred, values…]`: the type without its frame, the case without its district, the first
16 hexadecimal digits of the event's id (what is published again is recognised by them), milliseconds since 1970.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic_core import from_json, to_json

from shared.contracts.base import Event
from shared.contracts.commands import Command
from shared.contracts.registry import event_types
from shared.ledger.kept import FIRST_PART, KEPT, LEFT_OUT

_MARK = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WHOLE = "="
_FRAME = len("gridwhistle."), -len(".v1")


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as the ledger keeps it; `type` is short (`case.opened`), `mark` tells it from every other."""

    type: str
    case: str
    mark: int
    occurred_at: datetime
    values: Mapping[str, Any]


def short(event_type: str) -> str:
    """Return a type without its frame: `gridwhistle.case.opened.v1` is `case.opened`."""
    return event_type[_FRAME[0] : _FRAME[1]]


def is_kept(event_type: str) -> bool:
    """Say whether an event of this type goes into the ledger; commands and dead letters are no events."""
    cls = event_types().get(event_type)
    return cls is not None and not issubclass(cls, Command) and short(event_type) not in LEFT_OUT


def row_of(event_type: str, event_id: str, value: bytes) -> list[Any]:
    """Return the row of a published event."""
    said = from_json(value)
    kind, case = short(event_type), said["case_id"]
    within = f"{case}/"
    row = [kind, _tail(case, said["district"]), event_id.replace("-", "")[:_MARK], _ms(said["occurred_at"])]
    for name in KEPT.get(kind, ()):
        given = said.get(name)
        if given is not None:
            given = _plain(name, given, within)
        row.append(given)
    return row


def _tail(case: str, district: str) -> str:
    """Return a case's number without its district; what is of no case is kept whole, behind a sign."""
    begin = f"{district}-"
    return case[len(begin) :] if case.startswith(begin) else WHOLE + case


def _whole(tail: str, district: str) -> str:
    return tail[len(WHOLE) :] if tail.startswith(WHOLE) else f"{district}-{tail}"


def _plain(name: str, given: Any, within: str) -> Any:
    """Return a value as it is kept: ids of a case's parts without the case, members as their departments."""
    if isinstance(given, str):
        return given.partition("/")[0] if name in FIRST_PART else given.removeprefix(within)
    if name == "members":
        return [one["department"] for one in given]
    return given


def _ms(instant: str) -> int:
    return int(datetime.fromisoformat(instant).timestamp() * 1000)


def page_of(rows: Iterable[Sequence[Any]]) -> bytes:
    """Return rows as one page."""
    return zlib.compress(to_json(list(rows)), 1)


def entries_of(district: str, page: bytes) -> Iterator[Entry]:
    """Yield the entries of a page; fields that were not kept yet when it was written are missing."""
    for kind, tail, mark, occurred, *values in from_json(zlib.decompress(page)):
        named = {name: value for name, value in zip(KEPT.get(kind, ()), values, strict=False) if value is not None}
        yield Entry(kind, _whole(tail, district), int(mark, _MARK), _EPOCH + timedelta(milliseconds=occurred), named)


def event_types_kept() -> dict[str, type[Event]]:
    """Return the classes of the events that are kept, by their short names."""
    return {short(name): cls for name, cls in event_types().items() if is_kept(name)}
