"""What every service's HTTP has in front of its routes: deadlines for slow clients, headers, answers of one form.

uvicorn speaks HTTP and has a time-out for idle connections only. Here is what it leaves open; TLS, limits by address
and everything else that needs to know the network belong to the proxy in front.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from http import HTTPStatus
from threading import Timer
from types import FrameType
from typing import Any

import h11
import uvicorn
from prometheus_client import CollectorRegistry, make_asgi_app
from uvicorn.protocols.http.h11_impl import H11Protocol

from shared.infra.log import get_logger
from shared.infra.settings import ServiceSettings

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]

MAX_CONNECTIONS = 512
"""More are answered with 503: a process has about a thousand file descriptors, and Kafka and MongoDB need theirs."""

REQUESTS_SECONDS = 10
"""How long an ending process waits for the answers it owes; intake's broker has as long to acknowledge a report."""

MAX_HEAD_BYTES = 64 * 1024

READ_ONLY = ("GET", "HEAD")

_HEADERS = (
    ("x-content-type-options", "nosniff"),
    ("cache-control", "no-store"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
)
_HSTS = ("strict-transport-security", "max-age=31536000")
JSON = "application/json"
TEXT = "text/plain; charset=utf-8"


def security_headers(settings: ServiceSettings) -> list[tuple[str, str]]:
    """Return the headers of every answer; HSTS only where something in front of us speaks TLS."""
    return [*_HEADERS, *([_HSTS] if settings.http_tls_in_front else [])]


def problem(status: int, *lines: str) -> bytes:
    """Return the JSON body of an answer that is an error: its status, and a line for each thing that is wrong."""
    return json.dumps({"status": status, "errors": lines}, ensure_ascii=False).encode()


async def refuse(send: Send, status: int, line: str, **headers: str) -> None:
    """Answer with an error in JSON."""
    await reply(send, status, problem(status, line), JSON, headers)


async def reply(send: Send, status: int, body: bytes, kind: str, headers: Mapping[str, str]) -> None:
    """Send one whole answer."""
    fields = {"content-type": kind, "content-length": str(len(body)), **headers}
    raw = [(name.encode(), value.encode()) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def read_only(app: AsgiApp) -> AsgiApp:
    """Return the application with everything but GET and HEAD refused."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in READ_ONLY:
            await app(scope, receive, send)
        else:
            await refuse(send, HTTPStatus.METHOD_NOT_ALLOWED, "Only GET is answered here.", allow="GET, HEAD")

    return guarded


def common_routes(ready: Callable[[], Mapping[str, bool]], registry: CollectorRegistry) -> list[tuple[str, AsgiApp]]:
    """Return what every service answers: whether it lives, whether it is ready, its metrics."""

    async def healthz(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await reply(send, HTTPStatus.OK, b"ok\n", TEXT, {})

    async def readyz(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        checks = ready()
        text = "".join(f"{name}: {'ok' if fine else 'not ready'}\n" for name, fine in checks.items())
        status = HTTPStatus.OK if all(checks.values()) else HTTPStatus.SERVICE_UNAVAILABLE
        await reply(send, status, text.encode(), TEXT, {})

    metrics = make_asgi_app(registry)
    return [("/healthz", read_only(healthz)), ("/readyz", read_only(readyz)), ("/metrics", read_only(metrics))]


class GuardedProtocol(H11Protocol):
    """HTTP/1.1 with deadlines: for a request's head from its first byte, and for all of it together with its answer.

    Without them one client could hold any number of connections for ever by sending, or reading, a byte now and then
    (slow loris); uvicorn's own time-out begins after the first answer and ends with the next byte.
    """

    def __init__(self, *args: Any, head_seconds: float, exchange_seconds: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_seconds = head_seconds
        self._exchange_seconds = exchange_seconds
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the head of the first request."""
        super().connection_made(transport)
        self._set(self._head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._clear()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Let a whole head begin the time of the exchange, and a first byte that of the next head."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._set(self._exchange_seconds)
        elif self._deadline is None:
            self._set(self._head_seconds)

    def on_response_complete(self) -> None:
        """Leave what comes after an answer to uvicorn's time-out for idle connections."""
        self._clear()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, in the form of every other answer."""
        body = problem(HTTPStatus.BAD_REQUEST, msg)
        own = {"content-type": JSON, "content-length": str(len(body)), "connection": "close"}
        headers = [*self.server_state.default_headers, *((name.encode(), text.encode()) for name, text in own.items())]
        for event in (h11.Response(status_code=400, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _set(self, seconds: float) -> None:
        self._clear()
        self._deadline = self.loop.call_later(seconds, self.transport.abort)

    def _clear(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class EndingServer(uvicorn.Server):
    """A server that ends with status 0 when it is told to, and in its time whatever is in its way.

    The library would raise the signal once more behind everything, and a process that ended in good order would count
    as killed. And each part that may hang has a bound of its own (requests, a batch, the producer, a channel); all of
    them hanging one behind the other must not reach the moment at which the process is killed without a word.
    """

    def __init__(self, config: uvicorn.Config, stop_seconds: float) -> None:
        super().__init__(config)
        self._last = Timer(stop_seconds, _give_up, (stop_seconds,))
        self._last.daemon = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end; a second Ctrl-C waits for nobody."""
        del frame
        if not self.should_exit:
            self._last.start()
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def _give_up(seconds: float) -> None:
    """End now: what was not finished is delivered again to the next replica, as after any crash."""
    get_logger().error("stop_takes_too_long", seconds=seconds)
    os._exit(1)


def http_server(app: Any, settings: ServiceSettings) -> uvicorn.Server:
    """Return the server of one process."""
    guarded: Any = partial(
        GuardedProtocol, head_seconds=settings.http_head_seconds, exchange_seconds=settings.http_exchange_seconds
    )
    config = uvicorn.Config(
        app,
        host=settings.http_host,
        port=settings.http_port,
        http=guarded,
        ws="none",
        headers=security_headers(settings),
        limit_concurrency=MAX_CONNECTIONS,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=REQUESTS_SECONDS,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
    )
    return EndingServer(config, settings.stop_seconds)
