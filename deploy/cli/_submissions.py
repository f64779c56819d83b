"""What somebody wants to send, read from JSON: reports, commands and whole CloudEvents, one or many."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deploy.cli._types import full_name
from deploy.contracts.schemas import REPORT, inbound_types
from shared.contracts.ids import event_id
from shared.contracts.topics import UNLOCATED
from shared.infra.clock import wall_clock


class UnreadableError(ValueError):
    """The input is not what can be sent; the message says which item and why."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One inbound message. `id` follows from the content, so that the same file sent twice is received once."""

    type: str
    id: str
    key: str
    data: dict[str, Any]
    at: datetime

    @property
    def is_report(self) -> bool:
        """Say whether it is a report; the rest are commands."""
        return self.type == REPORT

    def district(self) -> str:
        """Return the district of a command's case; of a report we cannot tell."""
        return UNLOCATED if self.is_report else self.key[: len(UNLOCATED)]


def read_submissions(text: str, type_: str | None = None) -> list[Submission]:
    """Read an object, an array or JSON lines; `type_` holds for items that do not say what they are.

    A report in a partner's own format has no `report_id`: then `type_` must say that it is one.

    Raises:
        UnreadableError: something in it cannot be sent.
    """
    if not text.strip():
        raise UnreadableError("it is empty")
    items = _items(text)
    if not items:
        raise UnreadableError("the array is empty: nothing to send")
    return [_submission(number, item, type_) for number, item in enumerate(items, 1)]


def _items(text: str) -> list[Any]:
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        if len(lines) < 2:  # noqa: PLR2004 - one line is not JSON lines
            raise UnreadableError(f"not JSON: {error}") from None
        return [_line(number, line) for number, line in lines]
    return whole if isinstance(whole, list) else [whole]


def _line(number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise UnreadableError(f"line {number} is not JSON: {error}") from None


def _submission(number: int, item: Any, type_: str | None) -> Submission:
    if not isinstance(item, dict):
        raise UnreadableError(f"item {number} is not an object")
    if "specversion" in item and isinstance(item.get("data"), dict):
        return _of(number, str(item.get("type", "")), item["data"], item.get("id"))
    data = {name: value for name, value in item.items() if name != "type"}
    return _of(number, str(item.get("type") or type_ or (REPORT if "report_id" in item else "")), data, None)


def _of(number: int, name: str, data: dict[str, Any], id_: object) -> Submission:
    full = full_name(name, inbound_types())
    if full is None:
        raise UnreadableError(
            f"item {number} is neither a report (it has no report_id) nor a command "
            f"({name!r} is not a type that partners send; gridwhistle contracts schema --sent lists them)"
        )
    key = str(data.get("report_id" if full == REPORT else "case_id") or "")
    if not key and full != REPORT:
        raise UnreadableError(f"item {number} has no case_id")
    return Submission(full, str(id_ or _id(full, key, data)), key, data, _at(data))


def _id(type_: str, key: str, data: dict[str, Any]) -> str:
    """Return the report's own id; where it has none (a partner's own format) or for a command, one of its content."""
    content = json.dumps(data, ensure_ascii=False, sort_keys=True)
    return key if key and type_ == REPORT else event_id(f"{type_}\n{content}", 0)


def _at(data: dict[str, Any]) -> datetime:
    """Return when it happened, as far as that can be read here; intake reads more forms than this."""
    try:
        instant = datetime.fromisoformat(str(data.get("occurred_at")))
    except ValueError:
        return wall_clock()
    return instant if instant.tzinfo else wall_clock()


def by_kind(submissions: Sequence[Submission]) -> list[tuple[str, list[Submission]]]:
    """Return reports and commands apart, with the HTTP path of each; order within a kind is kept."""
    kinds = (("/v1/reports", True), ("/v1/commands", False))
    split = [(path, [one for one in submissions if one.is_report is report]) for path, report in kinds]
    return [(path, found) for path, found in split if found]
