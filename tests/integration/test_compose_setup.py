"""What `docker compose up` runs first, run here without Docker."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from deploy.compose import setup
from deploy.local import LocalStack
from deploy.local.config import ROOT
from shared.contracts.topics import inbound_name, topic_name
from shared.infra.directory import DATABASE, ProfileStore
from shared.infra.mongo import connect
from tests.support.cli import Cli

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]


async def test_the_set_up_makes_keys_topics_and_profiles_and_may_run_again(
    infra: LocalStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restart of the machine runs it again: what is there stays as it is."""
    monkeypatch.setenv("GW_KAFKA_BOOTSTRAP", infra.bootstrap)
    monkeypatch.setenv("GW_MONGO_URL", infra.mongo_url)
    monkeypatch.setattr(setup, "SECRETS", tmp_path / "secrets")
    monkeypatch.setattr(setup, "PROFILES", ROOT / "deploy" / "districts")

    await asyncio.to_thread(setup.main)
    made = {path.name: path.read_bytes() for path in setup.SECRETS.iterdir()}
    await asyncio.to_thread(setup.main)

    assert made.keys() >= {"vault.keys", "http.keys", "webhook.secrets"}
    assert {path.name: path.read_bytes() for path in setup.SECRETS.iterdir()} == made
    client = connect(infra.mongo_url)
    assert set(await ProfileStore(client[DATABASE]).newest()) >= {"620802", "620171"}
    client.close()
    topics = await Cli(infra.bootstrap).json("topics", "apply", "--profile", str(setup.PROFILES / "620802"))
    states = {one["name"]: one["state"] for one in topics["topics"]}
    assert states[topic_name("620802", "cases")] == states[inbound_name("620802", "housing")] == "existing"
