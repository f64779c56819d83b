"""What every service's HTTP owes to strangers, over real sockets: deadlines, headers, one form, nothing from inside."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry
from typer.testing import CliRunner, Result

from deploy.cli.main import app
from services.intake.adapters.gateway import Gateway
from services.intake.adapters.keys import KeyFile
from services.intake.domain.reading import MAX_BYTES, Kind
from services.intake.domain.throttle import Throttle
from services.intake.metrics import IntakeMetrics
from services.intake.settings import IntakeSettings
from shared.infra.app import Service, build_app
from shared.infra.clock import ManualClock, monotonic
from shared.infra.engine.outbox import Outgoing
from shared.infra.http import http_server
from shared.infra.metrics import EngineMetrics
from tests.support.bus import free_port, until
from tests.unit.intake.world import DESK, DISTRICT, NOW, VAULT, report, to_json

KEY = "app-key"
AUTHORIZED = {"Authorization": f"Bearer {KEY}"}
SECRET = "13800000000"
HEADERS = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}
HEAD_SECONDS = 0.4
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

    async def raw(self, begin: bytes, drip: bytes = b"", seconds: float = 5) -> tuple[bytes, float]:
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
        body_seconds=HEAD_SECONDS,
        vault=VAULT,
    )
    stub: Any = publisher

    async def ping() -> None:
        return

    return Service(
        name="intake",
        settings=settings,
        registry=registry,
        metrics=EngineMetrics.create(registry, "intake"),
        publisher=stub,
        ping=ping,
        subscriptions=(),
        routes=[("/v1/reports", gateway)],
    )


@asynccontextmanager
async def running(folder: Path, **more: Any) -> AsyncIterator[Edge]:
    """Serve without a broker: what is in front of the routes does not need one."""
    keys = folder / "http.keys"
    keys.write_text(f"grid-app {DISTRICT} {sha256(KEY.encode()).hexdigest()}\n")
    given: Any = {"http_head_seconds": HEAD_SECONDS, "http_exchange_seconds": 1.0, **more}
    settings = IntakeSettings(http_port=free_port(), vault_keys_file=folder / "none", **given)
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


@pytest.fixture
async def edge(tmp_path: Path) -> AsyncIterator[Edge]:
    """Give a server with short deadlines."""
    async with running(tmp_path) as one:
        yield one


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/nothing-here", 404, None),
        ("GET", "/v1/reports/A-1", 404, None),
        ("POST", "/metrics", 405, "GET, HEAD"),
        ("DELETE", "/healthz", 405, "GET, HEAD"),
        ("PUT", "/readyz", 405, "GET, HEAD"),
        ("GET", "/v1/reports", 405, "POST"),
        ("TRACE", "/v1/reports", 405, "POST"),
    ],
)
async def test_what_is_not_there_is_said_in_json(
    edge: Edge, method: str, path: str, status: int, allow: str | None
) -> None:
    """With the status in it, and with what would be answered."""
    answer = await edge.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
    assert answer.json()["status"] == status
    assert answer.json()["errors"]
    assert answer.headers.get("allow") == allow


async def test_errors_of_a_message_are_lines_or_json_for_who_asks(edge: Edge) -> None:
    """One a wrong field either way."""
    wrong = to_json(report(severity=9, people=-1))
    plain = await edge.request("POST", "/v1/reports", content=wrong, headers=AUTHORIZED)
    asked = {**AUTHORIZED, "Accept": "application/json"}
    found = await edge.request("POST", "/v1/reports", content=wrong, headers=asked)
    assert found.json() == {"status": 400, "errors": plain.text.splitlines()}
    assert len(found.json()["errors"]) == 2


async def test_every_answer_has_the_security_headers_and_names_no_server(edge: Edge) -> None:
    """Whatever the status, also where uvicorn answers by itself."""
    good = to_json(report())
    answers = [
        await edge.request("GET", "/healthz"),
        await edge.request("GET", "/metrics"),
        await edge.request("GET", "/nothing-here"),
        await edge.request("POST", "/healthz"),
        await edge.request("POST", "/v1/reports"),
        await edge.request("POST", "/v1/reports", content=good, headers=AUTHORIZED),
    ]
    edge.publisher.broken = True
    answers.append(await edge.request("POST", "/v1/reports", content=good, headers=AUTHORIZED))
    assert [one.status_code for one in answers] == [200, 200, 404, 405, 401, 202, 500]
    for answer in answers:
        assert HEADERS.items() <= dict(answer.headers).items()
        assert not {"server", "x-powered-by", "strict-transport-security"} & answer.headers.keys()
    garbage, _ = await edge.raw(b"\x16\x03\x01 no http at all\r\n\r\n")
    head, _, body = garbage.partition(b"\r\n\r\n")
    assert json.loads(body) == {"status": 400, "errors": ["Invalid HTTP request received."]}
    assert all(f"{name}: {value}".encode() in head for name, value in HEADERS.items())
    assert b"server:" not in head.lower()


async def test_hsts_is_said_where_something_in_front_speaks_tls(tmp_path: Path) -> None:
    """Over plain HTTP the header would be a lie."""
    async with running(tmp_path, http_tls_in_front=True) as edge:
        answer = await edge.request("GET", "/healthz")
        assert answer.headers["strict-transport-security"] == "max-age=31536000"


async def test_a_defect_shows_nothing_of_the_inside(edge: Edge, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither to the client nor, of what the client sent, in the log."""
    edge.publisher.broken = True
    content = to_json(report(reporter={"phone": SECRET}))
    answer = await edge.request("POST", "/v1/reports", content=content, headers=AUTHORIZED)
    assert answer.status_code == 500
    assert answer.json() == {"status": 500, "errors": ["This is a defect of ours; it has been written down."]}
    figures = (await edge.request("GET", "/metrics")).text
    assert 'gridwhistle_intake_http_requests_total{route="/v1/reports",status="500"} 1.0' in figures
    out, err = capfd.readouterr()
    assert "request_failed" in out + err
    assert "KeyError" in out + err
    assert SECRET not in out + err + answer.text
    assert "Traceback" not in out + err + answer.text


@pytest.mark.parametrize(
    ("begin", "drip"),
    [
        (b"", b""),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ", b"a"),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nG", b"E"),
    ],
    ids=["silent", "dripping a head", "dripping a second head"],
)
async def test_a_head_that_does_not_come_ends_the_connection(edge: Edge, begin: bytes, drip: bytes) -> None:
    """However steadily its bytes drip (slow loris); a first answer buys no more time for the second."""
    _, seconds = await edge.raw(begin, drip)
    assert HEAD_SECONDS * 0.9 <= seconds < HEAD_SECONDS * 4


async def test_a_body_that_does_not_come_is_answered_and_ends(edge: Edge) -> None:
    """408 where a route reads it; a route that does not is done before."""
    head = f"POST /v1/reports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nContent-Length: 90000\r\n\r\n"
    answer, seconds = await edge.raw(head.encode(), b" ")
    assert answer.startswith(b"HTTP/1.1 408")
    assert seconds < HEAD_SECONDS * 6


async def test_an_answer_that_is_not_taken_ends_the_connection(tmp_path: Path) -> None:
    """A client that asks for the metrics again and again and reads nothing holds nothing for long."""
    async with running(tmp_path, http_head_seconds=5, http_exchange_seconds=0.5) as edge:
        _, writer = await asyncio.open_connection("127.0.0.1", edge.port, limit=1024)
        begun = monotonic()
        with pytest.raises((ConnectionError, TimeoutError)):
            await _ask_and_never_read(writer)
        assert monotonic() - begun < 8
        writer.close()


async def _ask_and_never_read(writer: asyncio.StreamWriter) -> None:
    writer.transport.set_write_buffer_limits(0)
    async with asyncio.timeout(10):
        while True:
            writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
            await writer.drain()


@pytest.mark.parametrize("chunked", [True, False])
async def test_a_body_over_the_limit_is_refused_whether_or_not_it_says_its_length(edge: Edge, *, chunked: bool) -> None:
    """413, and the connection ends: what is left of the body is nobody's next request."""
    whole = b" " * (MAX_BYTES + 1)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(whole), 65_536):
            yield whole[start : start + 65_536]

    answer = await edge.request("POST", "/v1/reports", content=pieces() if chunked else whole, headers=AUTHORIZED)
    assert (answer.status_code, answer.headers["connection"]) == (413, "close")
    assert ("content-length" in answer.request.headers) is not chunked


def keys(*arguments: str) -> Result:
    """Run `gridwhistle keys …`."""
    return CliRunner().invoke(app, ["keys", *arguments], env={"COLUMNS": "250"})


async def test_a_key_is_replaced_without_a_moment_in_which_none_is_good(edge: Edge) -> None:
    """Made and taken back from the command line while intake runs: the old one, both, the new one."""
    file = ("--file", str(edge.keys))
    made = json.loads(keys("new", "grid-app", "--district", DISTRICT, "--json", *file).stdout)
    assert [await edge.enter(key) for key in (KEY, made["key"])] == [202, 202]
    listed = json.loads(keys("list", "--json", *file).stdout)
    assert [(one["partner"], one["districts"]) for one in listed] == [("grid-app", [DISTRICT])] * 2
    old = next(one["id"] for one in listed if one["id"] != made["id"])
    assert keys("revoke", old, *file).exit_code == 0
    assert [await edge.enter(key) for key in (KEY, made["key"])] == [401, 202]
    assert keys("revoke", old, *file).exit_code == 1


def test_the_file_of_keys_holds_no_key(tmp_path: Path) -> None:
    """But digests, for its owner's eyes, beside what somebody wrote there by hand."""
    path = tmp_path / "http.keys"
    made = keys("new", "hotline", "--every-district", "--file", str(path)).stdout.strip()
    assert sha256(made.encode()).hexdigest() in path.read_text()
    assert made not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text(f"# by hand\n{path.read_text()}")
    path.chmod(0o640)
    assert keys("revoke", sha256(made.encode()).hexdigest()[:6], "--file", str(path)).exit_code == 0
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("# by hand\n", 0o640)


@pytest.mark.parametrize(
    "wrong", [("new", "Grid App", "--every-district"), ("new", "grid-app"), ("new", "grid-app", "--district", "x")]
)
def test_a_key_for_nobody_is_not_made(tmp_path: Path, wrong: tuple[str, ...]) -> None:
    """What is typed wrong is exit status 2 and leaves no file."""
    assert keys(*wrong, "--file", str(tmp_path / "http.keys")).exit_code == 2
    assert not (tmp_path / "http.keys").exists()
