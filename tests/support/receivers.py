"""Receivers on 127.0.0.1 that behave well or badly: an HTTP endpoint and a mail server, in the test's own loop."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"

Reply = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class Request:
    """One HTTP request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class HttpReceiver:
    """An endpoint; `behaviour` is asked for each request in turn and may be changed."""

    behaviour: str = "200"
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests until the connection ends."""
        self.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                self.requests.append(await read_request(reader))
                if not await self._answer(writer):
                    break
        writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; return whether the connection goes on."""
        if self.behaviour == "hang":
            await asyncio.sleep(3_600)
        if self.behaviour == "close":
            return False
        if self.behaviour == "late":
            await asyncio.sleep(LATE_SECONDS)
        status, extra, body = _ANSWERS.get(self.behaviour, (self.behaviour, "", b"ok"))
        length = 10_000_000 if self.behaviour in ("slow", "endless") else len(body)
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{extra}\r\n".encode() + body)
        await writer.drain()
        while self.behaviour == "endless":
            writer.write(b"x" * 65_536)
            await writer.drain()
        return True


LATE_SECONDS = 1.0

_ANSWERS = {
    "late": ("200", "", b"ok"),
    "429": ("429", "Retry-After: 7\r\n", b""),
    "redirect": ("302", "Location: http://127.0.0.1:1/elsewhere\r\n", b""),
    "slow": ("200", "", b"begin"),
    "endless": ("200", "", b""),
}


async def read_request(reader: asyncio.StreamReader) -> Request:
    """Read one request whole."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *rest = head.split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in rest if one)}
    return Request(line, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


@asynccontextmanager
async def http_receiver(
    behaviour: str = "200", context: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[HttpReceiver]:
    """Run an endpoint."""
    receiver = HttpReceiver(behaviour)
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            running.add(task)
        await receiver.serve(reader, writer)

    server = await asyncio.start_server(serve, HOST, port, ssl=context)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        await _end(running)


async def _end(running: set[asyncio.Task[None]]) -> None:
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


@dataclass(slots=True)
class MailReceiver:
    """A mail server; `behaviour` is the code it answers with at a step, or `hang` or `close` after the message."""

    behaviour: str = "250"
    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse a recipient."""
        del server, session
        envelope.rcpt_options.extend(options)
        if self.behaviour.startswith("rcpt "):
            return f"{self.behaviour.removeprefix('rcpt ')} no"
        envelope.rcpt_tos.append(address)
        self.recipients.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take or refuse a message."""
        del session
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        message: Any = message_from_bytes(content, policy=default)
        self.messages.append(message)
        if self.behaviour == "hang":
            await asyncio.sleep(3_600)
        if self.behaviour == "close" and server.transport is not None:
            server.transport.close()
        if self.behaviour.startswith("data "):
            return f"{self.behaviour.removeprefix('data ')} no"
        return "250 ok"


@asynccontextmanager
async def mail_receiver(behaviour: str = "250", port: int = 0) -> AsyncIterator[MailReceiver]:
    """Run a mail server."""
    receiver = MailReceiver(behaviour)
    loop = asyncio.get_running_loop()
    open_ones: list[SMTP] = []

    def protocol() -> SMTP:
        made = SMTP(receiver, hostname="localhost", loop=loop)
        open_ones.append(made)
        return made

    server = await loop.create_server(protocol, HOST, port)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for one in open_ones:
            if one.transport is not None:
                one.transport.close()
        await asyncio.sleep(0)
