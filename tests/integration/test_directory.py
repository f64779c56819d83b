"""Profiles in a real database: versions, idempotence, the cache, and the command line that writes them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from typer.testing import CliRunner, Result

from deploy.cli.main import build
from deploy.local import LocalStack
from shared.decision import Transient
from shared.district.loader import load
from shared.district.model import Profile
from shared.infra.directory import DATABASE, KEPT_SECONDS, ProfileCache, ProfileMissing, ProfileStore
from shared.infra.mongo import connect

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

DISTRICTS = Path(__file__).parents[2] / "deploy" / "districts"
WHEN = datetime(2026, 7, 1, 1, 30, tzinfo=UTC)


@pytest_asyncio.fixture(loop_scope="session")
async def store(infra: LocalStack) -> AsyncIterator[ProfileStore]:
    """Give a store on a database of its own."""
    client = connect(infra.mongo_url)
    await client.drop_database("test_directory")
    yield ProfileStore(client["test_directory"])
    await client.drop_database("test_directory")
    client.close()


@pytest.fixture(scope="module")
def small() -> Profile:
    """Give the profile of 兰州新区."""
    return load(DISTRICTS / "620171")


def named(profile: Profile, name: str) -> Profile:
    """Return the profile with another name."""
    return profile.model_copy(update={"name": name})


async def test_a_profile_comes_back_as_it_was_applied(store: ProfileStore, small: Profile) -> None:
    """Under its version, with a body a fraction of its text."""
    applied = await store.apply(small, WHEN)
    assert (applied.version, applied.changed, applied.applied_at) == (1, True, WHEN)
    assert await store.load("620171") == small.at_version(1)
    assert await store.load("620171", 1) == small.at_version(1)


async def test_an_old_version_is_forgotten_when_no_case_asks_for_it_any_more(
    store: ProfileStore, small: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is read again for the case that does; what was fetched a moment ago and the newest are never missing."""
    now = [1_000.0]
    monkeypatch.setattr("shared.infra.directory.monotonic", lambda: now[0])
    cache = ProfileCache(store)
    for number in range(3):
        await store.apply(named(small, f"v{number}"), WHEN)
        await cache.refresh()
    now[0] += KEPT_SECONDS - 1
    await cache.fetch("620171", 2)
    now[0] += 2
    await cache.refresh()
    assert cache.get("620171").profile.version == 3
    assert cache.get("620171", 2).profile.name == "v1"
    with pytest.raises(ProfileMissing):
        cache.get("620171", 1)
    assert (await cache.fetch("620171", 1)).profile.name == "v0"


async def test_applying_the_same_again_writes_nothing(store: ProfileStore, small: Profile) -> None:
    """The version stays; other content is the next one; old ones stay readable as they were."""
    await store.apply(small, WHEN)
    again = await store.apply(small.at_version(7), WHEN)
    assert (again.version, again.changed) == (1, False)
    assert (await store.apply(named(small, "改"), WHEN)).version == 2
    assert (await store.apply(small, WHEN)).version == 3
    assert [(one.version, one.sha256 == again.sha256) for one in await store.history()] == [
        (1, True), (2, False), (3, True)
    ]  # fmt: skip
    assert (await store.load("620171", 1)).name == small.name


async def test_operators_applying_at_once_get_versions_of_their_own(store: ProfileStore, small: Profile) -> None:
    """Nobody overwrites anybody, and no number is left out."""
    applied = await asyncio.gather(*(store.apply(named(small, f"改{n}"), WHEN) for n in range(4)))
    assert sorted(one.version for one in applied) == [1, 2, 3, 4]


async def test_a_cache_follows_new_versions_and_keeps_old_ones(store: ProfileStore, small: Profile) -> None:
    """What a case was opened under stays at hand after the district has moved on."""
    cache = ProfileCache(store)
    assert await cache.refresh() == ()
    with pytest.raises(ProfileMissing):
        cache.get("620171")
    await store.apply(small, WHEN)
    assert await cache.refresh() == ("620171",)
    await store.apply(named(small, "改"), WHEN)
    assert await cache.refresh() == ("620171",)
    assert await cache.refresh() == ()
    assert cache.get("620171").profile.name == "改"
    assert cache.get("620171", 1).profile.name == small.name
    assert cache.districts == ("620171",)


async def test_a_fresh_cache_fetches_an_old_version_when_asked(store: ProfileStore, small: Profile) -> None:
    """A restarted service meets cases of old versions; `get` says so, `fetch` reads them."""
    await store.apply(small, WHEN)
    await store.apply(named(small, "改"), WHEN)
    cache = ProfileCache(store)
    await cache.refresh()
    with pytest.raises(Transient):
        cache.get("620171", 1)
    assert (await cache.fetch("620171", 1)).profile.name == small.name
    assert cache.get("620171", 1) is await cache.fetch("620171", 1)
    assert (await cache.fetch("620171")).profile.name == "改"
    with pytest.raises(ProfileMissing, match="version 9 of district 620171"):
        await cache.fetch("620171", 9)


async def test_a_cache_for_some_districts_leaves_the_others_alone(store: ProfileStore, small: Profile) -> None:
    """A worker of one district does not hold the profiles of the country."""
    await store.apply(small, WHEN)
    cache = ProfileCache(store, ["620802"])
    assert await cache.refresh() == ()


async def test_a_database_that_is_away_is_transient(small: Profile) -> None:
    """So the engine waits instead of giving up."""
    client = connect("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50")
    with pytest.raises(Transient):
        await ProfileStore(client["x"]).apply(small, WHEN)
    with pytest.raises(Transient):
        await ProfileCache(ProfileStore(client["x"])).refresh()
    client.close()


@pytest_asyncio.fixture(loop_scope="session")
async def mongo_url(infra: LocalStack) -> AsyncIterator[str]:
    """Give a database in which nothing has been applied."""
    client = connect(infra.mongo_url)
    await client.drop_database(DATABASE)
    yield infra.mongo_url
    await client.drop_database(DATABASE)
    client.close()


async def call(mongo_url: str, *arguments: str) -> Result:
    """Run the command line as an operator would."""
    env = {"GW_MONGO_URL": mongo_url}
    return await asyncio.to_thread(CliRunner().invoke, build(), list(arguments), env=env)


async def test_an_operator_applies_compares_and_lists(mongo_url: str, tmp_path: Path, small: Profile) -> None:
    """Diff ends with 1 while something differs; a dry run writes nothing; the same again writes nothing."""
    path = tmp_path / "profile.yaml"
    path.write_text(json.dumps(small.body(), ensure_ascii=False), encoding="utf-8")
    assert (await call(mongo_url, "district", "diff", str(path))).exit_code == 1
    assert (await call(mongo_url, "district", "apply", str(path), "--dry-run")).exit_code == 0
    assert json.loads((await call(mongo_url, "district", "list", "--json")).stdout) == []
    assert "at version 1" in (await call(mongo_url, "district", "apply", str(path))).stdout
    assert "at version 1, as before" in (await call(mongo_url, "district", "apply", str(path))).stdout
    assert (await call(mongo_url, "district", "diff", str(path))).exit_code == 0
    listed: list[dict[str, Any]] = json.loads((await call(mongo_url, "district", "list", "--json")).stdout)
    assert [(one["district"], one["version"]) for one in listed] == [("620171", 1)]

    path.write_text(json.dumps(named(small, "新名").body(), ensure_ascii=False), encoding="utf-8")
    result = await call(mongo_url, "district", "diff", str(path), "--json")
    assert result.exit_code == 1
    assert [(one["section"], one["new"]) for one in json.loads(result.stdout)["changes"]] == [("name", "新名")]


async def test_an_operator_is_kept_from_losing_grids(mongo_url: str, tmp_path: Path, small: Profile) -> None:
    """Old codes stay resolvable unless somebody says otherwise."""
    path = tmp_path / "profile.yaml"
    path.write_text(json.dumps(small.body(), ensure_ascii=False), encoding="utf-8")
    await call(mongo_url, "district", "apply", str(path))
    fewer = small.model_copy(update={"grids": small.grids[:-1]})
    path.write_text(json.dumps(fewer.body(), ensure_ascii=False), encoding="utf-8")
    refused = await call(mongo_url, "district", "apply", str(path))
    assert (refused.exit_code, small.grids[-1].code in refused.output) == (1, True)
    assert (await call(mongo_url, "district", "apply", str(path), "--drop-grids")).exit_code == 0


async def test_rules_of_an_applied_profile_can_be_tried(mongo_url: str) -> None:
    """By the code of the district, as programs read it."""
    missing = await call(mongo_url, "rules", "test", "--district", "620802", "--category", "L01002")
    assert (missing.exit_code, "no profile of district 620802" in missing.output) == (1, True)
    await call(mongo_url, "district", "apply", str(DISTRICTS / "620802"))
    result = await call(
        mongo_url, "rules", "test", "--district", "620802", "--category", "内涝", "--text", "老旧小区地下室进水",
        "--address", "解放中路", "--at", "2026-07-01T09:00:00", "--json",
    )  # fmt: skip
    told = json.loads(result.stdout)
    assert (told["profile_version"], told["rule_id"], told["lead"], told["whistle"]) == (
        1, "flood-old-estate", "housing", True
    )  # fmt: skip
