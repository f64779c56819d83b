"""The load: reports of two districts with category, place and text, spread so that few are near-duplicates."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from deploy.demo.catalogue import catalogue
from deploy.demo.chance import dice
from deploy.demo.places import Places
from deploy.local.config import ROOT
from deploy.partner.messages import Data, Inbound, Sender
from shared.contracts.actors import PartnerKind
from shared.contracts.incidents import Report
from shared.district.loader import load
from shared.infra.clock import wall_clock

DISTRICTS = ("620802", "620171")
PARTNERS = {"grid-app": PartnerKind.GRID_APP, "hotline-12345": PartnerKind.HOTLINE_12345}
ENOUGH = 1_000_000


def write_profiles(folder: Path) -> Path:
    """Copy the districts' profiles, and let every notice go out at once: a digest would be timed by its window.

    No surges are looked for: a year's reports in a few minutes are one everywhere.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "deploy" / "districts", folder)
    for district in DISTRICTS:
        path = folder / district / "district.yaml"
        profile: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        notify = profile["notify"]
        notify.pop("quiet_hours", None)
        profile["surge"] = {"enabled": False}
        notify |= {"rate_limit": {"per_hour": ENOUGH}, "digest": {"after": ENOUGH, "window": "1 minutes"}}
        path.write_text(yaml.safe_dump(profile, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return folder


def reports(count: int, run: str, districts: Sequence[str] = DISTRICTS) -> Iterator[Inbound]:
    """Yield so many reports, the districts and partners in turn; `run` makes their ids new."""
    chance = dice("bench", run)
    places = {code: Places(load(ROOT / "deploy" / "districts" / code)) for code in districts}
    now = wall_clock()
    for number in range(count):
        district = districts[number % len(districts)]
        partner = list(PARTNERS)[number // 2 % len(PARTNERS)]
        spot = places[district].draw(chance)
        matter = catalogue().pick(chance, PARTNERS[partner])
        report_id = f"B-{run}-{number:06}"
        data: Data = {
            "report_id": report_id,
            "category": matter.category,
            "text": catalogue().write(chance, matter, PARTNERS[partner], spot.community),
            "location": {"lon": spot.lon, "lat": spot.lat, "datum": "wgs84", "address": spot.address},
            "reporter": {"name": "某市民", "phone": f"13800000{number % 1000:03}"},
        }
        yield Sender(district, partner).binary(Report.type, f"{partner}-{report_id}", report_id, data, now)
