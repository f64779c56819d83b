"""What every service's HTTP owes to strangers, over real sockets: deadlines, headers, one form, nothing from inside."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.intake.domain.reading import MAX_BYTES
from shared.infra import http
from tests.support.edge import KEY, SECRET, Edge, running
from tests.unit.intake.world import report, to_json

AUTHORIZED = {"Authorization": f"Bearer {KEY}"}
HASTE = 0.4
"""Seconds of the deadline that a test is about; a client that is cut off is waited for without haste."""

HEADERS = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}


@pytest.fixture
async def edge(tmp_path: Path) -> AsyncIterator[Edge]:
    """Give a server."""
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
async def test_a_head_that_does_not_come_ends_the_connection(tmp_path: Path, begin: bytes, drip: bytes) -> None:
    """However steadily its bytes drip (slow loris); a first answer buys no more time for the second."""
    async with running(tmp_path, http_head_seconds=HASTE) as edge:
        _, seconds = await edge.raw(begin, drip)
    assert seconds >= HASTE * 0.9


async def test_a_body_that_does_not_come_is_answered_and_ends(tmp_path: Path) -> None:
    """408 where a route reads it; a route that does not is done before."""
    head = f"POST /v1/reports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nContent-Length: 90000\r\n\r\n"
    async with running(tmp_path, http_body_seconds=HASTE) as edge:
        answer, _ = await edge.raw(head.encode(), b" ")
    assert answer.startswith(b"HTTP/1.1 408")


async def test_an_answer_that_is_not_taken_ends_the_connection(tmp_path: Path) -> None:
    """A client that asks for the metrics again and again and reads nothing holds nothing for long."""
    async with running(tmp_path, http_head_seconds=600, http_exchange_seconds=HASTE) as edge:
        _, writer = await asyncio.open_connection("127.0.0.1", edge.port, limit=1024)
        with pytest.raises(ConnectionError):
            await _ask_and_never_read(writer)
        writer.close()


async def _ask_and_never_read(writer: asyncio.StreamWriter) -> None:
    writer.transport.set_write_buffer_limits(0)
    async with asyncio.timeout(60):
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


async def test_more_connections_than_there_may_be_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With 503, and whoever was there is still served."""
    monkeypatch.setattr(http, "MAX_CONNECTIONS", 2)
    async with running(tmp_path) as edge, httpx.AsyncClient(base_url=edge.url) as early:
        assert (await early.get("/healthz")).status_code == 200
        refused = await edge.request("GET", "/healthz")
        assert (refused.status_code, refused.headers["cache-control"]) == (503, "no-store")
