"""The little of HTTP that two POST paths need, on plain ASGI: a bounded body in, a status with text or JSON out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

BODY_SECONDS = 30.0
"""A client that sends its body slower than this holds a connection for nothing."""

DRAINED = 16
"""A body that is too large is read to its end, up to so many times the limit, and thrown away: a client that is cut off
while it is still sending sees a broken connection instead of the answer."""


class HttpError(Exception):
    """An answer that is not 202; each line says one thing that is wrong."""

    def __init__(self, status: int, *lines: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(*lines)
        self.status = status
        self.lines = lines
        self.headers = dict(headers or {})


class ClientGoneError(Exception):
    """The client hung up before it had sent everything; there is nobody to answer."""


def header(scope: Scope, name: str) -> str:
    """Return a header as text, empty when it is not there."""
    wanted = name.lower().encode()
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == wanted), "")


async def read_body(receive: Receive, limit: int) -> bytes:
    """Read the body.

    Raises:
        HttpError: 413, it is larger than the limit; 408, it takes too long.
        ClientGoneError: the client hung up.
    """
    body, more, size = bytearray(), True, 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while more:
                part, more = await _part(receive)
                size += len(part)
                if size <= limit:
                    body += part
                elif size > limit * DRAINED:
                    break
    except TimeoutError:
        raise HttpError(408, "The body did not come in time.") from None
    if size > limit:
        raise HttpError(413, f"The body may have up to {limit} bytes.", headers={"connection": "close"})
    return bytes(body)


async def _part(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGoneError
    return message.get("body", b""), message.get("more_body", False)


async def answer(send: Send, status: int, content: Any, headers: Mapping[str, str]) -> None:
    """Send the answer: lines as plain text, everything else as JSON."""
    plain = isinstance(content, tuple)
    body = "".join(f"{line}\n" for line in content) if plain else json.dumps(content, ensure_ascii=False)
    kind = "text/plain; charset=utf-8" if plain else "application/json"
    fields = {"content-type": kind, "content-length": str(len(body.encode())), **headers}
    raw = [(name.encode(), value.encode()) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body.encode()})
