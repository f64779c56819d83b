"""A server as strangers see it: the real one of every service, with the route for reports and nothing behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
from prometheus_client import CollectorRegistry

from services.intake.adapters.gateway import Gateway
from services.intake.adapters.keys import KeyFile
from services.intake.domain.reading import Kind
from services.intake.domain.throttle import Throttle
from services.intake.metrics import IntakeMetrics
from services.intake.settings import IntakeSettings
from shared.infra.app import Service, build_app
from shared.infra.clock import ManualClock, monotonic
from shared.infra.engine.outbox import Outgoing
from shared.infra.fence import Fence
from shared.infra.http import http_server
from shared.infra.metrics import EngineMetrics
from tests.support.bus import free_port, until
from tests.unit.intake.world import DESK, DISTRICT, NOW, VAULT, report, to_json

KEY = "app-key"
SECRET = "13800000000"
DRIP_SECONDS = 0.05


@dataclass(slots=True)
class Publisher:
    """A publisher that takes everything, or has a defect that names what it was given."""

    broken: bool = False

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Take the records, or fail as nobody foresaw."""
        if self.broken:
            raise KeyError(SECRET, records)


@dataclass(slots=True)
class Edge:
    """A running server, and how to reach it."""

    port: int
    publisher: Publisher
    keys: Path

    async def enter(self, key: str) -> int:
        """Send a report under a key; return the status."""
        headers = {"Authorization": f"Bearer {key}"}
        return (await self.request("POST", "/v1/reports", content=to_json(report()), headers=headers)).status_code

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send one request on a connection of its own."""
        async with httpx.AsyncClient(base_url=self.url) as client:
            return await client.request(method, path, **more)

    async def raw(self, begin: bytes, drip: bytes = b"", seconds: float = 60) -> tuple[bytes, float]:
        """Send the beginning, then the drip again and again; return what came until the end, and when that was."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        begun, answer = monotonic(), b""
        try:
            writer.write(begin)
            async with asyncio.timeout(seconds):
                while True:
                    part = await _soon(reader)
                    if part == b"":
                        break
                    answer += part or b""
                    writer.write(drip)
        except ConnectionError:
            pass
        finally:
            writer.close()
        return answer, monotonic() - begun


async def _soon(reader: asyncio.StreamReader) -> bytes | None:
    """Return what has come, b"" at the end, None when nothing came for the length of a drip."""
    try:
        async with asyncio.timeout(DRIP_SECONDS):
            return await reader.read(65_536)
    except TimeoutError:
        return None


def service(settings: IntakeSettings, keys: Path, publisher: Publisher) -> Service:
    """Return a service with the route for reports and nothing behind it."""
    registry = CollectorRegistry()
    gateway = Gateway(
        route="/v1/reports",
        kind=Kind.REPORT,
        desk=lambda: DESK,
        keys=KeyFile(keys),
        throttle=Throttle(1_000, 1_000),
        publisher=publisher,
        clock=ManualClock(NOW),
        metrics=IntakeMetrics.create(registry),
        patience=1,
        body_seconds=settings.http_body_seconds,
        vault=VAULT,
    )
    stub: Any = publisher

    async def agree() -> timedelta:
        return timedelta(0)

    return Service(
        name="intake",
        settings=settings,
        registry=registry,
        metrics=EngineMetrics.create(registry, "intake"),
        publisher=stub,
        fence=Fence(agree, timedelta(seconds=30)),
        subscriptions=(),
        routes=[("/v1/reports", gateway)],
    )


@asynccontextmanager
async def running(folder: Path, **more: Any) -> AsyncIterator[Edge]:
    """Serve without a broker, which what is in front of the routes does not need; `more` are settings."""
    keys = folder / "http.keys"
    keys.write_text(f"grid-app {DISTRICT} {sha256(KEY.encode()).hexdigest()}\n")
    settings = IntakeSettings(http_port=free_port(), vault_keys_file=folder / "none", **more)
    publisher = Publisher()
    server = http_server(build_app(service(settings, keys, publisher)), settings)
    server.config.lifespan = "off"
    task = asyncio.create_task(server._serve())
    try:
        await until(lambda: server.started, what="the server")
        yield Edge(settings.http_port, publisher, keys)
    finally:
        server.should_exit = True
        await task
