"""The little of HTTP that POST paths need, on plain ASGI: a bounded body in, a status with text or JSON out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from shared.infra.http import JSON, TEXT, Receive, Scope, Send, problem, reply

CLOSE = {"connection": "close"}
"""What is said where the rest of a body will not be read."""

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


async def read_body(receive: Receive, limit: int, seconds: float) -> bytes:
    """Read the body; a client that sends it slower than `seconds` holds a connection for nothing.

    Raises:
        HttpError: 413, it is larger than the limit; 408, it takes too long.
        ClientGoneError: the client hung up.
    """
    body, more, size = bytearray(), True, 0
    try:
        async with asyncio.timeout(seconds):
            while more:
                part, more = await _part(receive)
                size += len(part)
                if size <= limit:
                    body += part
                elif size > limit * DRAINED:
                    break
    except TimeoutError:
        raise HttpError(408, "The body did not come in time.", headers=CLOSE) from None
    if size > limit:
        raise HttpError(413, f"The body may have up to {limit} bytes.", headers=CLOSE)
    return bytes(body)


async def _part(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGoneError
    return message.get("body", b""), message.get("more_body", False)


async def answer(send: Send, error: HttpError, *, as_json: bool) -> None:
    """Send the lines of an error: as plain text, or in JSON to who asks for that."""
    if as_json:
        await reply(send, error.status, problem(error.status, *error.lines), JSON, error.headers)
    else:
        await reply(send, error.status, "".join(f"{line}\n" for line in error.lines).encode(), TEXT, error.headers)


def wants_json(scope: Scope) -> bool:
    """Say whether a client asks for JSON by name; `*/*` is no wish."""
    return JSON in header(scope, "accept").lower()
