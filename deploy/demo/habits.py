"""How each kind of partner writes: its time format, its datum, how it names a category, which envelope it uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random  # noqa: TID251 - the type of the dice that chance.py makes
from zoneinfo import ZoneInfo

from deploy.demo.catalogue import Matter
from deploy.demo.datums import convert
from deploy.demo.places import Spot
from deploy.partner.messages import Data, Inbound, Sender
from shared.contracts.actors import PartnerKind
from shared.contracts.incidents import Datum, Report

ZONE = ZoneInfo("Asia/Shanghai")


def _iso(at: datetime) -> str:
    return at.astimezone(ZONE).isoformat(timespec="seconds")


def _local(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"


def _slashes(at: datetime) -> str:
    local = at.astimezone(ZONE)
    return f"{local.year}/{local.month}/{local.day} {local.hour}:{local:%M:%S}"


def _epoch(at: datetime) -> float:
    return int(at.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Habit:
    """The ways of one kind of partner; `unsorted` reports carry no category, `unplaced` ones no position (shares)."""

    tell: Callable[[datetime], str | float]
    datum: Datum | None
    envelope: str
    unsorted: float = 0.0
    knows_grid: bool = False
    prefix: str = "R"
    unplaced: float = 0.0


HABITS = {
    PartnerKind.GRID_APP: Habit(_iso, Datum.GCJ02, "binary", 0.01, knows_grid=True, prefix="WG"),
    PartnerKind.HOTLINE_12345: Habit(_local, Datum.BD09, "bare", 0.12, prefix="RX", unplaced=0.3),
    PartnerKind.POLICE_110: Habit(_slashes, Datum.WGS84, "structured", 0.10, prefix="JJ"),
    PartnerKind.VIDEO_AI: Habit(_epoch, Datum.WGS84, "binary", prefix="SP"),
    PartnerKind.DEPARTMENT: Habit(_iso, None, "structured", knows_grid=True, prefix="BM"),
}


def named(matter: Matter, kind: PartnerKind, district: str) -> str:
    """Return the category as this kind of partner calls it: label of a camera, bare code, code with district, key."""
    if kind is PartnerKind.VIDEO_AI and matter.label:
        return matter.label
    if matter.category.startswith("E") and kind is PartnerKind.HOTLINE_12345:
        return matter.category[1:]
    if matter.category.startswith("E") and kind is PartnerKind.DEPARTMENT:
        return f"{district}{matter.category[1:]}"
    return matter.category


def location(spot: Spot, kind: PartnerKind, dice: Random) -> Data:
    """Return where, as this kind of partner says it: some give a grid, some a position, a caller often only words."""
    habit = HABITS[kind]
    said: Data = {"address": spot.address}
    if habit.knows_grid:
        said["grid"] = spot.grid
    if habit.datum and dice.random() >= habit.unplaced:
        lon, lat = convert(spot.lon, spot.lat, habit.datum)
        said |= {"lon": round(lon, 6), "lat": round(lat, 6), "datum": habit.datum.value}
    return said


def envelope(sender: Sender, kind: PartnerKind, data: Data, at: datetime) -> Inbound:
    """Return the report in the form this kind of partner sends."""
    id_ = data["report_id"]
    if HABITS[kind].envelope == "bare":
        return sender.bare(id_, data)
    if HABITS[kind].envelope == "structured":
        return sender.structured(Report.type, f"{sender.partner}-{id_}", id_, data, at)
    return sender.binary(Report.type, f"{sender.partner}-{id_}", id_, data, at)
