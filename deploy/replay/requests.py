"""The requests of a 311 file of the City of Boston: reading it, and the rule behind the city's own verdict.

Columns used: case_enquiry_id, open_dt, target_dt, closed_dt, ontime, department, reason, type, location, latitude,
longitude. Times are local without an offset. Every row is a request of its own, also where an id comes twice.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

from deploy.replay.profile import CITY_ZONE

ZONE = ZoneInfo(CITY_ZONE)
VERDICTS = {"ONTIME": False, "OVERDUE": True}


class UnreadableRowError(ValueError):
    """A row that is no request: without id or opening, or with a time that is none."""


@dataclass(frozen=True, slots=True)
class Request:
    """One row. Times are naive local ones; `said_late` is the city's own verdict, None where the column is blank."""

    line: int
    id: str
    opened: datetime
    target: datetime | None
    closed: datetime | None
    said_late: bool | None
    department: str
    text: str
    lon: float | None
    lat: float | None

    @property
    def late_by_rule(self) -> bool:
        """Whether it was late: closed after its target, or never closed with a target; without a target it is not."""
        return self.target is not None and (self.closed is None or self.closed > self.target)

    @property
    def late(self) -> bool:
        """The city's verdict, and where it gave none, the rule's."""
        return self.late_by_rule if self.said_late is None else self.said_late


def read(path: Path) -> list[Request]:
    """Return every row of a file (csv or csv.gz); of an id that comes again, the later rows get `~2`, `~3`.

    Raises:
        UnreadableRowError: with the line.
    """
    with _open(path) as file:
        rows = csv.DictReader(file)
        return list(_numbered(_request(rows.line_num, row) for row in rows))


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _numbered(requests: Iterator[Request]) -> Iterator[Request]:
    seen: Counter[str] = Counter()
    for one in requests:
        seen[one.id] += 1
        yield one if seen[one.id] == 1 else replace(one, id=f"{one.id}~{seen[one.id]}")


def _request(line: int, row: dict[str, str | None]) -> Request:
    cell = {name: (value or "").strip() for name, value in row.items() if name}
    try:
        return Request(
            line=line,
            id=_filled(cell, "case_enquiry_id"),
            opened=datetime.fromisoformat(_filled(cell, "open_dt")).replace(tzinfo=None),
            target=_time(cell["target_dt"]),
            closed=_time(cell["closed_dt"]),
            said_late=VERDICTS.get(cell["ontime"].upper()),
            department=cell.get("department", ""),
            text=_text(cell),
            lon=_degrees(cell.get("longitude", "")),
            lat=_degrees(cell.get("latitude", "")),
        )
    except (KeyError, ValueError) as error:
        raise UnreadableRowError(f"line {line} is no request: {error}") from error


def _filled(cell: dict[str, str], name: str) -> str:
    if not cell[name]:
        raise ValueError(f"{name} is blank")
    return cell[name]


def _time(value: str) -> datetime | None:
    return datetime.fromisoformat(value).replace(tzinfo=None) if value else None


def _degrees(value: str) -> float | None:
    return float(value) if value else None


def _text(cell: dict[str, str]) -> str:
    said = [cell.get(name, "") for name in ("reason", "type", "location")]
    return ": ".join(part for part in said if part) or "request"


def skipped(local: datetime | None) -> bool:
    """Say whether the local clock never showed this time, because it was put forward over it."""
    if local is None:
        return False
    shown = local.replace(tzinfo=ZONE).astimezone(UTC).astimezone(ZONE)
    return shown.replace(tzinfo=None) != local


def peculiar(requests: Sequence[Request]) -> dict[str, int]:
    """Return how many rows are out of the ordinary, by kind."""
    kinds = {
        "without a target": [one.target is None for one in requests],
        "never closed": [one.closed is None for one in requests],
        "never closed, without a target": [one.closed is None and one.target is None for one in requests],
        "closed before opened": [one.closed is not None and one.closed < one.opened for one in requests],
        "closed at the instant of opening": [one.closed == one.opened for one in requests],
        "closed at the instant of the target": [
            one.closed is not None and one.closed == one.target for one in requests
        ],
        "target before opening": [one.target is not None and one.target < one.opened for one in requests],
        "id seen before": ["~" in one.id for one in requests],
        "a time in the hour skipped in spring": [
            any(map(skipped, (one.opened, one.target, one.closed))) for one in requests
        ],
        "verdict blank": [one.said_late is None for one in requests],
        "verdict against the rule": [one.said_late not in {None, one.late_by_rule} for one in requests],
    }
    return {kind: sum(rows) for kind, rows in kinds.items()}
