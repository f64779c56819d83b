"""Grid workers and their grids on running services and a fast clock: rounds, records, notices, figures, a re-cut."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from deploy.local import LocalStack
from shared.infra.clock import ScaledClock, wall_clock
from shared.infra.directory import DATABASE, ProfileStore
from shared.infra.mongo import connect
from tests.support.bus import Bus, data, header, open_bus, until
from tests.support.cli import Cli
from tests.support.stack import replicas_at_once
from tests.unit.escalation.district import profile

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

DISTRICT = "970009"
TOWNSHIP = f"{DISTRICT}001"
START = datetime(2026, 7, 1, 0, tzinfo=UTC)
RATE = 4_000.0
"""An hour of domain time passes in less than a second."""

GRIDS = [
    {"code": f"{TOWNSHIP}001{n:03}", "name": f"第{n}网格", "kind": "basic", "worker": f"w-{n}"} for n in range(1, 41)
]
PATROL = {"id": "patrol", "kind": "patrol", "name": "日常巡查", "windows": ["08:00-12:00", "14:00-18:00"]}
SUFFIXES = (
    "in.grid-app",
    "in.street",
    "incidents",
    "commands",
    "cases",
    "escalations",
    "notifications",
    "dead-letters",
)


@dataclass(slots=True)
class Town:
    """A township of forty grids, whose workers speak through the grid app."""

    bus: Bus
    clock: ScaledClock
    cli: Cli
    profile: dict[str, Any]
    sent: int = 0

    async def say(self, partner: str, name: str, **fields: Any) -> None:
        """Put a bare command on a partner's topic."""
        self.sent += 1
        payload = {"type": name, "nonce": f"nonce-{self.sent:06}", **fields}
        await self.bus.send(f"gw.{DISTRICT}.in.{partner}", json.dumps(payload).encode(), str(self.sent))

    async def heard(self, name: str, number: int, topic: str = "escalations", step: str = "") -> list[dict[str, Any]]:
        """Wait for so many records of a type (notices of a step), each once, and return them in order."""

        def those(records: list[Any]) -> list[dict[str, Any]]:
            wanted = [one for one in records if header(one, "ce_type") == f"gridwhistle.{name}.v1"]
            once = {header(one, "ce_id"): data(one) for one in wanted}
            return [one for one in once.values() if one.get("step", "").startswith(step)]

        records = await self.bus.read([f"gw.{DISTRICT}.{topic}"], lambda found: len(those(found)) >= number)
        return those(records)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(infra: LocalStack) -> AsyncIterator[Town]:
    """Run what a patrol goes through, escalation twice where the broker bears it."""
    partners = [{"id": "grid-app", "name": "网格员", "kind": "grid_app"}]
    departments = [
        {"code": "centre", "name": "综治中心", "kind": "centre"},
        {"code": "street", "name": "街道", "kind": "township", "areas": [TOWNSHIP]},
    ]
    work = {"obligations": [PATROL], "points": {"patrol": 3, "training": 2}}
    client = connect(infra.mongo_url)
    duty = [{"role": "duty_officer", "person": "值班员", "channels": [{"channel": "file", "address": "duty-{code}"}]}]
    said = {
        "townships": [{"code": TOWNSHIP, "name": "街道"}],
        "communities": [{"code": f"{TOWNSHIP}001", "name": "社区"}],
        "departments": departments,
        "default_duty": duty,
        "partners": partners,
        "work": work,
        "notify": {"grid_worker_contacts": [{"channel": "file", "address": "{worker}"}]},
    }
    await ProfileStore(client[DATABASE]).apply(profile(code=DISTRICT, version=0, grids=GRIDS, **said), START)
    clock = ScaledClock(START, wall_clock(), RATE)
    fast = {
        "GW_MODE": "demo",
        **clock.settings(),
    }
    async with open_bus(infra.bootstrap) as bus:
        await bus.create(*(f"gw.{DISTRICT}.{suffix}" for suffix in SUFFIXES))
        names = ("intake", "router", "notifier", *["escalation"] * replicas_at_once())
        env = {**fast, "GW_DISTRICTS": DISTRICT, "GW_SWEEP_SECONDS": "0.05"}
        replicas = await asyncio.gather(*(infra.add_replica(name, env) for name in names))
        try:
            yield Town(bus, clock, Cli(infra.bootstrap, {**fast, "GW_MONGO_URL": infra.mongo_url}), said)
        finally:
            for replica in replicas:
                await replica.stop()
            client.close()


async def test_a_round_is_told_once_and_taken_back_for_whom_was_offline(town: Town) -> None:
    """Forty grids missed are one event and one notice; what a telephone says late counts by when it happened."""
    told = (await town.heard("work.missed", 1))[0]
    assert (told["case_id"], len(told["places"])) == (f"{DISTRICT}-001000-workbook", 40)
    starts = datetime.fromisoformat(told["starts_at"])
    walked = (starts + timedelta(hours=1)).isoformat()
    grid, other = GRIDS[0]["code"], GRIDS[1]["code"]
    await town.say("grid-app", "patrol.record", grid=grid, worker="w-1", occurred_at=walked)
    await town.say("grid-app", "patrol.record", grid=grid, worker="w-2", occurred_at=walked)
    await town.say("grid-app", "patrol.record", grid=grid, worker="王某", occurred_at=walked)
    await town.say("grid-app", "training.record", worker="w-1", course="急救", hours=2)
    await town.say("street", "training.record", worker="w-1", course="急救", hours=2)
    day = starts.date().isoformat()
    await town.say("street", "worker.leave", worker="w-3", first=day, last=day)
    (good,) = await town.heard("work.made-good", 1)
    assert (good["grid"], good["worker"]) == (grid, "w-1")
    await town.heard("worker.on-leave", 1)
    letters = await town.heard("record.rejected", 3, "dead-letters")
    assert sorted(one["error"] for one in letters) == ["forbidden", "invalid-command", "not-their-grid"]
    assert not [one for one in letters if "王某" in one["message"]]
    notices = await town.heard("notice.queued", 1, "notifications", "work_missed")
    assert {one["recipient"] for one in notices} == {"street/duty_officer"}
    rounds = {(one["case_id"], one["step"]) for one in notices}
    assert len(rounds) == len(notices)
    assert other in {place["grid"] for place in told["places"]}


async def test_the_command_line_ranks_by_what_the_ledger_says(town: Town) -> None:
    """Points, places and records as of an instant, the same whenever asked again."""
    await town.heard("worker.trained", 1)
    heard = town.clock.now()
    await until(lambda: town.clock.now() > heard + timedelta(hours=2))  # the page is written by then
    now = town.clock.now()
    asked = ("--district", DISTRICT, "--as-of", now.isoformat(), "--month", "2026-07")
    ranked = await town.cli.json("workers", "rank", *asked)
    first = ranked["workers"][0]
    assert (first["worker"], first["points"], first["patrol"], first["training"], first["place"]) == ("w-1", 5, 1, 1, 1)
    (row,) = (await town.cli.json("workers", "rounds", *asked))["rounds"]
    assert (row["done"], row["excused"] >= 1, row["missed"] + row["excused"] >= 39) == (1, True, True)
    told = await town.heard("work.missed", len(await town.heard("work.missed", 1)) + 1)
    assert len({one["starts_at"] for one in told}) == len(told)
    assert await town.cli.json("workers", "rank", *asked) == ranked
    shown = await town.cli.json("workers", "show", "w-1", "--district", DISTRICT, "--as-of", now.isoformat())
    assert [one["what"] for one in shown["lines"] if one["points"]] == ["patrol", "training"]
    table = await town.cli.run("workers", "rank", *asked)
    assert "w-1" in table.stdout
    stranger = await town.cli.run("workers", "show", "w-99", "--district", DISTRICT)
    assert (stranger.exit_code, "Nothing is recorded" in stranger.stderr) == (1, True)
    wrong = await town.cli.run("workers", "rank", "--district", DISTRICT, "--month", "July")
    assert wrong.exit_code == 2


async def test_a_re_cut_moves_the_open_case_to_the_heir_and_tells_its_worker(town: Town, tmp_path: Path) -> None:
    """The dry run says how much would move; once applied, the case lies in the heir whose worker is told."""
    old, west, east = GRIDS[9], f"{TOWNSHIP}001901", f"{TOWNSHIP}001902"
    await town.say("grid-app", "report.submit", report_id="R-1", text="井盖松动", location={"grid": old["code"]})
    (case,) = await town.heard("case.triaged", 1, "cases")
    await town.heard("clock.started", 1)
    heirs = [{"code": code, "name": code[-3:], "kind": "basic", "worker": f"w-{code[-3:]}"} for code in (west, east)]
    cut = {"code": old["code"], "name": "旧", "successors": [west, east]}
    newer = {**town.profile, "grids": [*(one for one in GRIDS if one is not old), cut, *heirs]}
    file = tmp_path / "district.yaml"
    file.write_text(profile(code=DISTRICT, version=0, **newer).model_dump_json(exclude={"version"}, exclude_none=True))
    planned = (await town.cli.json("district", "apply", str(file), "--dry-run"))["recut"]
    assert (planned["grids_before"], planned["grids_after"], planned["open_cases"]) == (40, 41, 1)
    assert (planned["workers_moved"], planned["workers_left"]) == (["w-901", "w-902"], ["w-10"])
    assert planned["cuts"][0]["open_cases"] == {west: 1, east: 0}
    assert "recut" in await town.cli.json("district", "apply", str(file))
    (moved,) = await town.heard("case.moved", 1)
    assert (moved["case_id"], moved["from_grid"], moved["grid"]) == (case["case_id"], old["code"], west)
    told = await town.heard("notice.queued", 1, "notifications", "moved:")
    assert [one["recipient"] for one in told] == [f"grid/{west}"]
    again = await town.cli.json("district", "apply", str(file), "--dry-run")
    assert (again["changes"], "recut" in again) == ([], False)
