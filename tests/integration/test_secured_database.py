"""mongod with users, over TLS: a service has its own database and reads the profiles; nobody else has anything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, ServerSelectionTimeoutError

from deploy.local import LocalStack, StackConfig, StackError, mongo
from deploy.local.secured.certificates import authority_file
from deploy.local.secured.database import password_in
from deploy.local.secured.identity import url_file
from tests.support.secured import connect
from tests.support.stack import free_port_base, infra_config

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]

SERVICES = ("intake", "router", "escalation", "notifier")
UNAUTHORIZED = 13
AUTHENTICATION_FAILED = 18


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[AsyncMongoClient[dict[str, Any]]]:
    """Give a client that does not wait long."""
    async with AsyncMongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=2_000, **options) as client:
        yield client


def url_of(stack: LocalStack, service: str) -> str:
    """Return what a service is started with."""
    return url_file(stack.config.secrets, f"gridwhistle-{service}").read_text().strip()


async def refused(work: Any) -> int | None:
    """Return the code with which the database refuses; None when it does not."""
    try:
        await work
    except OperationFailure as error:
        return error.code
    return None


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_has_its_own_database_and_no_other_s(secured: LocalStack, service: str) -> None:
    """Neither to read nor to write, and not the list of who there is."""
    async with opened(url_of(secured, service)) as client:
        own = client[f"gw_{service}"]["trial"]
        await own.insert_one({"n": 1})
        await own.create_index("n")
        await own.drop()
        for other in {*SERVICES, "admin"} - {service}:
            database = client[other if other == "admin" else f"gw_{other}"]
            assert await refused(database["cases"].find_one()) == UNAUTHORIZED, other
            assert await refused(database["cases"].insert_one({})) == UNAUTHORIZED, other
            assert await refused(database.command("usersInfo")) == UNAUTHORIZED, other


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_reads_the_profiles_and_writes_none(secured: LocalStack, service: str) -> None:
    """Whoever could write one could give himself every right that a profile gives."""
    async with opened(url_of(secured, service)) as client:
        profiles = client["gw_directory"]["profiles"]
        assert await profiles.find_one() is not None
        assert await refused(profiles.insert_one({})) == UNAUTHORIZED
        assert await refused(profiles.update_many({}, {"$set": {"version": 9}})) == UNAUTHORIZED


async def test_who_has_no_password_or_a_wrong_one_reads_nothing(secured: LocalStack) -> None:
    """A wrong one is not let in; who says nothing is, and is told nothing."""
    address = mongo.url(secured.config.ports.mongo)
    tls = {"tls": True, "tlsCAFile": str(authority_file(secured.config.secrets))}
    async with opened(address, **tls) as nobody:
        assert await refused(nobody["gw_intake"]["reports"].find_one()) == UNAUTHORIZED
        assert await refused(nobody.admin.command("createUser", "me", pwd="x", roles=["root"])) == UNAUTHORIZED
    async with opened(address, **tls, username="gridwhistle-intake", password="guessed", authSource="admin") as wrong:
        assert await refused(wrong["gw_intake"]["reports"].find_one()) == AUTHENTICATION_FAILED
    password = password_in(url_file(secured.config.secrets, "gridwhistle-router"))
    async with opened(address, **tls, username="gridwhistle-intake", password=password, authSource="admin") as other:
        assert await refused(other["gw_intake"]["reports"].find_one()) == AUTHENTICATION_FAILED


async def test_the_database_does_not_talk_in_the_clear(secured: LocalStack) -> None:
    """Nor does a client talk to it that trusts other authorities."""
    plain = url_of(secured, "intake").split("&tls=")[0]
    for url in (plain, f"{plain}&tls=true"):
        async with opened(url) as client:
            with pytest.raises(ServerSelectionTimeoutError):
                await client.admin.command("ping")


async def test_secrets_are_for_their_owner_s_eyes_alone(secured: LocalStack) -> None:
    """And neither the settings for clients nor what `status` shows has a password in it."""
    config = secured.config
    files = [path for path in config.secrets.rglob("*") if path.is_file()]
    assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o600"}
    words = {password_in(path) for path in files if path.suffix == ".url"}
    words |= {path.read_text().strip() for path in files if path.suffix == ".password"}
    told = (config.state / "client.env").read_text() + (config.state / "kafka" / "server.properties").read_text()
    assert not [word for word in words if word in told]


@pytest.mark.parametrize(
    ("kept", "wanted", "why"),
    [("secured", "plain", "is secured: start it with"), ("plain", "secured", "not secured: start it without")],
)
async def test_data_does_not_change_sides(tmp_path: Path, kept: str, wanted: str, why: str) -> None:
    """What could be written while nobody was asked is no basis for a stack that asks."""
    (tmp_path / "mongo").mkdir()
    if kept == "secured":
        (tmp_path / "secured").touch()
    config = infra_config(tmp_path).model_copy(update={"secure": wanted == "secured"})
    with pytest.raises(StackError, match=why):
        await LocalStack(config).__aenter__()


async def test_a_secured_stack_keeps_users_and_data_on_other_ports(tmp_path: Path) -> None:
    """Its certificates, passwords and the address of its replica set still fit."""
    config = StackConfig(state=tmp_path, broker="kafka", secure=True, provision=False, services=())
    for known in range(2):
        moved = config.model_copy(update={"port_base": free_port_base()})
        async with LocalStack(moved) as stack, opened(stack.mongo_url) as client:
            assert await client["gw_router"]["trial"].count_documents({}) == known
            await client["gw_router"]["trial"].insert_one({"n": known})
            await connect(stack, **stack.kafka_options())
