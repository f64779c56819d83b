"""What `docker compose up` runs before the services, run here without Docker on a broker and a database that ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest

from deploy.compose import database, setup
from deploy.local import LocalStack
from deploy.local.machine import HOST
from deploy.local.secured.identity import OPERATOR, identity
from tests.support.secured import cli_as

pytestmark = [pytest.mark.integration, pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]


async def test_the_set_up_may_run_again_and_leaves_all_as_it_should_be(
    secured: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restart of the machine runs it again: what is there stays as it is."""
    for name, value in identity(secured.config, OPERATOR).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GW_KAFKA_BOOTSTRAP", secured.bootstrap)
    monkeypatch.setattr(setup, "STATE", secured.config.state)
    monkeypatch.setattr(setup, "PROFILES", secured.config.profiles)
    operator = cli_as(secured, OPERATOR)

    await asyncio.to_thread(setup.main)

    plan = await operator.json("acl", "plan")
    assert (plan["grant"], plan["revoke"]) == ([], [])
    assert await _ready(secured, monkeypatch)


def _ready(stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> Awaitable[bool]:
    """Run the database's job too; it returns once set and users are there."""
    monkeypatch.setattr(database, "PORTS", stack.config.ports)
    monkeypatch.setattr(database, "SECRETS", stack.config.secrets)
    monkeypatch.setattr(database, "MEMBER", f"{HOST}:{stack.config.ports.mongo}")
    return asyncio.wait_for(_done(), database.START_SECONDS)


async def _done() -> bool:
    await database.prepare()
    return True
