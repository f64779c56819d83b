"""The centre takes a merged report out of its case: on the bus, in the vault, and in front of everybody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from deploy.local import LocalStack
from shared.contracts.incidents import Reporter
from shared.contracts.topics import Topic
from shared.infra.vault import Vault
from tests.support.bus import data, header
from tests.support.reception import D, World, at, near, running
from tests.unit.intake.world import command


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(infra: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Give an intake that serves two districts of its own."""
    async with running(infra, tmp_path_factory.mktemp("keys") / "http.keys") as made:
        yield made


pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_merge_is_undone_once_and_its_reporter_moves_along(world: World) -> None:
    """Own case, own instant, contact sealed for that case; again, or for the first report, it is a dead letter."""
    place = at(0.0082)
    await world.send(near("U-1", location=place, text="八号楼前垃圾堆成山"))
    first = data(await world.told("U-1"))
    await world.send(near("U-2", location=place, text="8号楼前垃圾堆成山了", reporter={"phone": "13900001234"}))
    merged = data(await world.told("U-2"))
    assert merged["case_id"] == first["case_id"]
    for number, report in enumerate(("U-2", "U-2", "U-1", "U-9")):
        said = command("case.unmerge", partner="grid-app", report_id=report, reason=f"U-say-{number}")
        await world.send({**said, "case_id": first["case_id"]}, "centre")

    def of_report(event: dict[str, Any]) -> bool:
        return bool(event["report_id"] == "U-2")

    told = {header(one, "ce_type"): data(one) for one in await world.heard(Topic.INCIDENTS, 3, of_report)}
    own = told["gridwhistle.report.accepted.v1"]
    assert (own["case_id"], own["occurred_at"]) == (merged["merged_case_id"], merged["occurred_at"])
    assert told["gridwhistle.report.unmerged.v1"]["own_case_id"] == own["case_id"]
    vault = Vault.load(world.secrets / "vault.keys")
    assert Reporter.model_validate_json(vault.open(own["contact"], own["case_id"])).phone == "+8613900001234"
    kept = await world.database["vault"].find_one({"_id": own["reporter_ref"]})
    assert kept["case_id"] == own["case_id"]
    errors = [(await world.refused(f"U-say-{number}"))["error"] for number in (1, 2, 3)]
    assert errors == ["illegal-transition", "illegal-transition", "unknown-report"]
    stored = await world.database["reports"].find_one({"_id": f"{D}/grid-app/U-2"})
    assert stored["s"]["apart_from"] == first["case_id"]
    assert "told" not in stored["s"]
