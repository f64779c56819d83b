"""What is sent for each row and when: a report at its opening, the department's completion at its closing.

Everything is said as the city says it, in local time without an offset; finding the instant is intake's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from deploy.partner.messages import Data, Inbound, Sender
from deploy.replay.profile import CITY, CITY_PARTNER, category_key, department_code
from deploy.replay.requests import ZONE, Request
from shared.contracts.commands import CompleteTask
from shared.contracts.ids import case_id, task_id


@dataclass(frozen=True, slots=True)
class Item:
    """A record, the instant at which the city had it, and the answer to wait for: a case opened, a task completed."""

    at: datetime
    message: Inbound
    asks: str


def case_of(request: Request) -> str:
    """Return the number that the request's case gets, worked out as any partner can."""
    return case_id(CITY, request.opened.date(), CITY_PARTNER, request.id)


def instant(local: datetime) -> datetime:
    """Return the instant of a local time; of an hour that comes twice, the first."""
    return local.replace(tzinfo=ZONE)


def _said(local: datetime) -> str:
    return f"{local:%Y-%m-%d %H:%M:%S}"


def report(request: Request) -> Inbound:
    """Return the request as the city's system reports it; its target is a limit of the report's own."""
    data: Data = {
        "report_id": request.id,
        "occurred_at": _said(request.opened),
        "category": category_key(department_code(request.department)),
        "text": request.text,
    }
    if request.target is not None:
        data["due_at"] = _said(request.target)
    if request.lon is not None and request.lat is not None:
        data["location"] = {"lon": request.lon, "lat": request.lat, "datum": "wgs84"}
    return Sender(CITY, CITY_PARTNER).bare(request.id, data)


def completion(request: Request, closed: datetime) -> Inbound:
    """Return the closing as the department's command."""
    case, department = case_of(request), department_code(request.department)
    data: Data = {"case_id": case, "task_id": task_id(case, department, 1), "occurred_at": _said(closed)}
    return Sender(CITY, department).binary(CompleteTask.type, f"close/{request.id}", case, data, instant(closed))


def in_order(sent: Iterable[Item]) -> list[Item]:
    """Return the items in the order of time; at one instant, in the order they came."""
    return sorted(sent, key=lambda one: one.at)


def items(requests: Iterable[Request]) -> Iterator[Item]:
    """Yield what is sent, a row's closing never before its report: nobody can finish what he has not been given."""
    for one in requests:
        opened = instant(one.opened)
        yield Item(opened, report(one), f"opened/{case_of(one)}")
        if one.closed is not None:
            yield Item(max(opened, instant(one.closed)), completion(one, one.closed), f"completed/{case_of(one)}")
