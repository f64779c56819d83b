"""The whole examination: database first, for the plan of everything else is in it; then broker, services, machine."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError

from deploy.cli._broker import CLIENT, REQUEST_MS, options, settings
from deploy.doctor import access, clocks, database, keys, lag, profiles, services, topics
from deploy.doctor.database import GIB, LITTLE, TOO_LITTLE
from deploy.doctor.finding import Finding, failure, ok, skipped, warning
from deploy.doctor.services import Answer, Now
from deploy.doctor.work import Look
from deploy.exporter.certificates import expiries
from deploy.kafka.positions import Positions
from deploy.kafka.topics import DistrictPartners, Layout, plan
from shared.decision import Transient
from shared.district.model import Profile
from shared.infra.clock import Clock
from shared.infra.mongo import connect, database_ahead

CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Deployment:
    """What is examined, and with which measure. `folder`: where data lies, if it lies here."""

    bootstrap: str
    mongo_url: str
    clock: Clock
    now: Now
    services: Mapping[str, Sequence[str]]
    layout: Layout
    patience: timedelta
    keys_file: Path | None = None
    folder: Path | None = None


@dataclass(slots=True)
class _Seen:
    """What one look needs of another."""

    answers: Sequence[Answer] = ()
    profiles: list[Profile] = field(default_factory=list)
    database_ahead: timedelta | None = None
    newest_stamp: datetime | None = None


async def examine(deployment: Deployment) -> list[Finding]:
    """Look at everything; what does not answer is a finding, and what hangs on it is left out."""
    seen = _Seen(answers=await services.ask(deployment.services, deployment.now))
    found = [*await _database(deployment, seen), *await _broker(deployment, seen)]
    found += services.judge(seen.answers, deployment.now())
    found += profiles.compared(seen.profiles, seen.answers)
    found += clocks.judge(seen.database_ahead, seen.answers, seen.newest_stamp, deployment.now())
    ends = await asyncio.to_thread(lambda: list(expiries(settings())))
    found += keys.certificates(ends, deployment.now())
    return [*found, *_disk(deployment.folder)]


async def _database(deployment: Deployment, seen: _Seen) -> list[Finding]:
    client = connect(deployment.mongo_url)
    try:
        return await _in_database(deployment, seen, client)
    except (PyMongoError, Transient) as away:
        said = f"It does not answer at {_without_password(deployment.mongo_url)} ({type(away).__name__})."
        advice = "Start it, or say where it is (--mongo-url, GW_MONGO_URL_FILE); nothing else was looked at in it."
        return [failure(database.SET, said, advice)]
    finally:
        client.close()


async def _in_database(deployment: Deployment, seen: _Seen, client: Any) -> list[Finding]:
    found = await database.look(client)
    seen.database_ahead = await database_ahead(client, deployment.now)
    seen.profiles, wrong = await profiles.newest(client)
    work = Look(client, deployment.now(), deployment.clock, deployment.patience)
    sealed = await keys.look(client, deployment.keys_file, deployment.now())
    return [*found, *wrong, *await profiles.cases_have_theirs(client), *await work.all(), *sealed]


def _without_password(url: str) -> str:
    return url.rpartition("@")[2].removeprefix("mongodb://").partition("/")[0]


async def _broker(deployment: Deployment, seen: _Seen) -> list[Finding]:
    try:
        async with _connected(deployment) as (admin, reader):
            return await _on_broker(deployment, seen, admin, reader)
    except (KafkaError, TimeoutError, OSError) as away:
        said = f"It does not answer at {deployment.bootstrap} ({type(away).__name__})."
        advice = (
            "Start it, or say where it is and who you are (--bootstrap, GW_KAFKA_USERNAME); nothing else was looked at."
        )
        return [failure("broker", said, advice)]


@asynccontextmanager
async def _connected(deployment: Deployment) -> AsyncIterator[tuple[AIOKafkaAdminClient, AIOKafkaConsumer]]:
    common = {"bootstrap_servers": deployment.bootstrap, "client_id": CLIENT, "request_timeout_ms": REQUEST_MS}
    admin = AIOKafkaAdminClient(**common, **options())
    reader = AIOKafkaConsumer(group_id=None, enable_auto_commit=False, **common, **options())
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await admin.start()
            await reader.start()
        yield admin, reader
    finally:
        await reader.stop()
        await admin.close()


async def _on_broker(
    deployment: Deployment, seen: _Seen, admin: AIOKafkaAdminClient, reader: AIOKafkaConsumer
) -> list[Finding]:
    specs = plan([DistrictPartners.of(one.code, one.partners) for one in seen.profiles], deployment.layout)
    found = await topics.look(admin, specs) if seen.profiles else []
    found += await _as_far_as_it_says(access.CHECK, access.look(admin._client, seen.profiles))  # noqa: SLF001 - its own
    positions = await Positions.of(admin)
    seen.newest_stamp = await lag.newest_stamp(positions, reader)
    look = lag.look(positions, reader, deployment.now(), deployment.patience)
    return [*found, *await _as_far_as_it_says("who reads", look)]


async def _as_far_as_it_says(check: str, look: Coroutine[Any, Any, list[Finding]]) -> list[Finding]:
    """Look at what only Apache Kafka tells: Tansu knows no access lists and cannot say what a group has committed."""
    try:
        return await look
    except (KafkaError, NotImplementedError, ValueError) as unknown:
        said = f"This broker does not say ({type(unknown).__name__})."
        return [skipped(check, said, "Apache Kafka does: gridwhistle up --broker kafka.")]


def _disk(folder: Path | None) -> list[Finding]:
    if folder is None or not folder.exists():
        return [
            skipped("disk here", "Broker and database keep their data elsewhere.", "Watch their disks where they run.")
        ]
    usage = shutil.disk_usage(folder)
    free = usage.free / usage.total
    said = f"{usage.free / GIB:.1f} GiB of {usage.total / GIB:.1f} are free ({free:.0%})."
    if free < TOO_LITTLE:
        return [failure("disk here", said, f"Make room beside {folder} now: broker and database end without any.")]
    if free < LITTLE:
        return [warning("disk here", said, f"Make room beside {folder}.")]
    return [ok("disk here", said)]
