"""The OpenAPI document and the running intake, held against each other by schemathesis."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.local import LocalStack
from services.intake.adapters.openapi import document
from shared.contracts.registry import command_types
from shared.contracts.topics import Topic, inbound_name, topic_name
from shared.contracts.work import WorkCommand
from shared.district.model import Profile
from shared.infra.clock import wall_clock
from shared.infra.directory import DATABASE, ProfileStore
from shared.infra.mongo import connect
from tests.support.bus import open_bus
from tests.support.stack import chosen_broker
from tests.unit.intake.world import profile

DISTRICT = "930061"
KEY = "description-key"
EXAMPLES = 25
SECONDS = 300
WORKER = "w-1"
FIRST_DAYS, LAST_DAYS = "^2026-0[1-6]-[01][1-9]$", "^2026-(0[7-9]|1[0-2])-[01][1-9]$"
"""Of a leave, in this order and within a year."""

LENIENT = "negative_data_rejection"
"""Not asked: intake reads numbers written as text, and the like, that a schema calls wrong, because partners' systems
write them so."""


def narrowed() -> dict[str, Any]:
    """Return the document for this district: no schema knows its categories, its cases, or what can be seen.

    Nor its grids and who works in them, nor that of two days one comes after the other.
    """
    made: dict[str, Any] = json.loads(json.dumps(document()).replace("^[0-9]{6}-[0-9]{6}", f"^{DISTRICT}-[0-9]{{6}}"))
    schemas = made["components"]["schemas"]
    report = schemas["Report"]["properties"]
    report["category"] = {"enum": ["E06010", "D0402", None]}
    report["report_id"]["pattern"] = "^[!-~]{1,128}$"
    report["district"] = {"enum": [DISTRICT]}
    known = {"worker": {"enum": [WORKER]}, "grid": {"enum": [one.code for one in district().grids]}}
    for cls in command_types().values():
        if issubclass(cls, WorkCommand):
            own = schemas[cls.__name__]["properties"]
            own |= {name: schema for name, schema in known.items() if name in own}
    schemas["TakeLeave"]["properties"] |= {
        "first": {"type": "string", "pattern": FIRST_DAYS},
        "last": {"type": "string", "pattern": LAST_DAYS},
        "substitute": {"enum": [WORKER, None]},
    }
    return made


def district() -> Profile:
    """Return a district whose grids have a worker."""
    made = profile(DISTRICT, 102.0)
    grids = tuple(one.model_copy(update={"worker": WORKER}) for one in made.grids)
    return made.model_copy(update={"version": 0, "grids": grids})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def url(infra: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Give an intake that serves one district, and lets its centre in without limit."""
    keys = tmp_path_factory.mktemp("keys") / "http.keys"
    keys.write_text(f"centre {DISTRICT} {sha256(KEY.encode()).hexdigest()}\n")
    client = connect(infra.mongo_url)
    await ProfileStore(client[DATABASE]).apply(district(), wall_clock())
    client.close()
    async with open_bus(infra.bootstrap) as bus:
        await bus.create(inbound_name(DISTRICT, "centre"), *(topic_name(DISTRICT, one) for one in Topic))
    rate = {"GW_HTTP_RATE_PER_SECOND": "100000", "GW_HTTP_BURST": "100000"}
    intake = await infra.add_replica("intake", {"GW_DISTRICTS": DISTRICT, "GW_HTTP_KEYS_FILE": str(keys), **rate})
    try:
        yield intake.url
    finally:
        await intake.stop()


pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(chosen_broker() == "kafka", reason="is about HTTP; `make test` has it, on the faster broker"),
]


async def test_intake_serves_its_description(url: str) -> None:
    """The same that the command line prints."""
    async with httpx.AsyncClient(base_url=url) as client:
        answer = await client.get("/openapi.json")
    assert answer.json() == document()


async def test_schemathesis_finds_nothing(url: str, tmp_path: Path) -> None:
    """Whatever it makes up from the description: no 5xx, no status, header or body that is not described, no way in."""
    (tmp_path / "openapi.json").write_text(json.dumps(narrowed()))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run", "openapi.json", "--url", url),
        *("--header", f"Authorization: Bearer {KEY}"),
        *("--exclude-checks", LENIENT, "--seed", "1", "--max-examples", str(EXAMPLES), "--no-color"),
        cwd=tmp_path,
        env={**os.environ, "PYTHONUTF8": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(SECONDS):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, output.decode()
    assert b"No issues found" in output, output.decode()
