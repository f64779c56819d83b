"""A small world for intake's tests: two districts, every kind of partner, and a way to write records and messages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from services.intake.domain.desk import Desk, Envelope
from services.intake.domain.model import Origin
from services.intake.domain.reading import bare_message
from shared.contracts.actors import PartnerKind
from shared.contracts.envelope import JSON, STRUCTURED
from shared.contracts.incidents import Datum, Report
from shared.contracts.limits import Limit, LimitUnit, Stage
from shared.district.lookup import DirectoryIndex
from shared.district.model import (
    Category,
    Community,
    Department,
    DepartmentKind,
    DistrictPolicy,
    Grid,
    Partner,
    Profile,
)
from shared.district.model import Township as Town
from shared.infra.engine.fold import ParkedRecord
from shared.infra.vault import Key, Vault

NOW = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)
"""09:00 in the districts."""

SENT = datetime(2026, 7, 1, 0, 59, 30, tzinfo=UTC)
EPOCH_MS = 1000
DISTRICT, OTHER = "620802", "620171"
GRID, NEXT_GRID = "620802001001001", "620802001001002"
CASE = "620802-260701-k3jq2x7a"
VAULT = Vault("test-1", {"test-1": Key.of(bytes(32))})
KINDS = {
    "centre": PartnerKind.CENTRE,
    "housing": PartnerKind.DEPARTMENT,
    "t-dongguan": PartnerKind.TOWNSHIP,
    "grid-app": PartnerKind.GRID_APP,
    "hotline": PartnerKind.HOTLINE_12345,
    "police": PartnerKind.POLICE_110,
    "camera": PartnerKind.VIDEO_AI,
    "gateway": PartnerKind.GATEWAY,
    "some-system": PartnerKind.OTHER,
}
FORMATS = {"hotline": "hotline_12345", "police": "police_110", "camera": "video_ai"}


def hours(amount: int) -> Limit:
    """Return a limit in working hours."""
    return Limit(amount=amount, unit=LimitUnit.WORKING_HOURS)


def square(lon: float, lat: float, size: float = 0.01) -> tuple[tuple[float, float], ...]:
    """Return a square whose south-western corner is there."""
    return ((lon, lat), (lon + size, lat), (lon + size, lat + size), (lon, lat + size))


def partner(id_: str, **more: Any) -> Partner:
    """Return a partner entry; departments have themselves as department."""
    kind = KINDS[id_]
    own = id_ if kind in (PartnerKind.CENTRE, PartnerKind.DEPARTMENT, PartnerKind.TOWNSHIP) else None
    fields = {"report_format": FORMATS.get(id_, "json"), "department": own, **more}
    return Partner(id=id_, kind=kind, **fields)


def profile(code: str = DISTRICT, west: float = 106.66, name: str = "崆峒区", **more: Any) -> Profile:
    """Return a district with one township, two communities, two drawn grids, and all partners."""
    departments = (
        Department(code="centre", name="综治中心", kind=DepartmentKind.CENTRE),
        Department(code="housing", name="住建局", kind=DepartmentKind.DEPARTMENT),
        Department(code="t-dongguan", name="东关街道", kind=DepartmentKind.TOWNSHIP, areas=(f"{code}001",)),
    )
    partners = {
        "hotline": partner("hotline", datum=Datum.BD09),
        "camera": partner("camera", label_map="cameras"),
        "grid-app": partner("grid-app", datum=Datum.GCJ02),
        "some-system": partner("some-system", own_limit=True, timezone="America/New_York", commands=("case.verify",)),
        "gateway": partner("gateway", may_report=False),
    }
    fields: dict[str, Any] = {
        "code": code,
        "name": name,
        "version": 3,
        "townships": (Town(code=f"{code}001", name="东关街道"),),
        "communities": (
            Community(code=f"{code}001001", name="解放中路社区居委会" if code == DISTRICT else "纬一路社区居委会"),
            Community(code=f"{code}001002", name="保丰社区居委会" if code == DISTRICT else "经十路社区居委会"),
        ),
        "grids": (
            Grid(code=f"{code}001001001", name="第一网格", polygon=square(west, 35.54)),
            Grid(code=f"{code}001001002", name="第二网格", polygon=square(west + 0.01, 35.54)),
        ),
        "departments": departments,
        "partners": tuple(partners.get(id_) or partner(id_) for id_ in KINDS),
        "categories": (
            Category(key="E06010", name="暴露垃圾", aliases=("垃圾",)),
            Category(key="E06036", name="乱堆杂物"),
            Category(key="P01023", name="井盖"),
            Category(key="D0402", name="物业及其管理"),
            Category(key="L0401", name="积水内涝", aliases=("道路积水",)),
        ),
        "default": DistrictPolicy(
            lead="centre",
            accept=hours(2),
            stages=(Stage(name="handle", limit=hours(4)),),
            verify=hours(16),
        ),
        "aliases": {"0102": "E06010"},
        "label_maps": {"cameras": {"GarbageExposed": "E06010", "RoadPonding": "L0401"}},
    }
    return Profile(**{**fields, **more})


INDEX = DirectoryIndex(profile())
OTHER_INDEX = DirectoryIndex(profile(OTHER, 103.60, "兰州新区"))
DESK = Desk({DISTRICT: INDEX, OTHER: OTHER_INDEX})


def origin(id_: str = "grid-app", index: DirectoryIndex = INDEX, received: datetime = SENT) -> Origin:
    """Return where a message came from."""
    found = index.partner(id_)
    assert found is not None
    return Origin(index, found, received)


def report(**more: Any) -> dict[str, Any]:
    """Return a good report in our own form, with some fields changed (None leaves one out)."""
    fields = {
        "report_id": "A-1",
        "occurred_at": "2026-07-01T08:30:00+08:00",
        "category": "E06010",
        "text": "解放中路社区3号楼楼道堆放垃圾",
        "location": {"lon": 106.665, "lat": 35.545, "datum": "wgs84", "address": "解放中路12号"},
        "reporter": {"name": "王某某", "phone": "13800000000"},
        **more,
    }
    return {name: value for name, value in fields.items() if value is not None}


def command(name: str = "task.accept", **more: Any) -> dict[str, Any]:
    """Return a bare command."""
    fields = {"type": name, "case_id": CASE, "occurred_at": "2026-07-01T08:45:00+08:00", **more}
    return {name: value for name, value in fields.items() if value is not None}


def envelope(payload: dict[str, Any], id_: str = "grid-app", district: str = DISTRICT) -> Envelope:
    """Return a bare message as it comes from a partner's topic."""
    return Envelope(district, id_, SENT, bare_message(payload))


def binary(type_: str = Report.type, id_: str = "e-1") -> list[tuple[str, bytes | None]]:
    """Return the headers of a CloudEvent in binary mode."""
    attributes = {"ce_specversion": "1.0", "ce_id": id_, "ce_source": "/x", "ce_type": type_, "content-type": JSON}
    return [(name, value.encode()) for name, value in attributes.items()]


def structured(data: Any, type_: str = Report.type, **more: Any) -> bytes:
    """Return the value of a CloudEvent in structured mode."""
    fields = {"specversion": "1.0", "id": "e-1", "source": "/x", "type": type_, "data": data, **more}
    return to_json({name: value for name, value in fields.items() if value is not None})


STRUCTURED_HEADERS: list[tuple[str, bytes | None]] = [
    ("Content-Type", f"{STRUCTURED.upper()}+JSON; charset=UTF-8".encode())
]


def to_json(value: Any) -> bytes:
    """Return JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False).encode()


def record(
    value: bytes | None,
    headers: Any = (),
    id_: str = "grid-app",
    district: str = DISTRICT,
    offset: int = 0,
    key: bytes | None = b"k",
) -> ParkedRecord:
    """Return a record as the consumer hands it over."""
    timestamp = int(SENT.timestamp() * EPOCH_MS)
    return ParkedRecord(f"gw.{district}.in.{id_}", 0, offset, timestamp, key, value, list(headers))
