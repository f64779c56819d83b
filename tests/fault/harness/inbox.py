"""Where notices arrive: an endpoint for webhooks in any mood, and the file channel's file, read as it grows."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from shared.infra.clock import monotonic
from tests.support.receivers import HOST, read_request

TIMEOUT_SECONDS = 2.0
"""What the webhook channel is told to wait."""

LATE_SECONDS = 3.0
"""An answer that comes after that: the notice is here, and its sender cannot know."""


@dataclass(slots=True)
class Inbox:
    """Notes when each notice came, by its id. `behaviour` is 200, 500, hang, close or late."""

    file: Path
    behaviour: str = "200"
    port: int = 0
    taken: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    doubtful: set[str] = field(default_factory=set)
    _offset: int = 0
    _rest: bytes = b""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests until the connection ends."""
        # Cancelled at the end of the run, and the server would report that as a failure.
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while await self._answer((await read_request(reader)).headers["webhook-id"], writer):
                pass
        writer.close()

    async def _answer(self, notice: str, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; return whether the connection goes on."""
        mood = self.behaviour
        if mood == "hang":
            await asyncio.sleep(3_600)
        if mood == "close":
            return False
        if mood == "500":
            writer.write(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return True
        self.taken[notice].append(monotonic())
        if mood == "late":
            self.doubtful.add(notice)
            await asyncio.sleep(LATE_SECONDS)
        writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        return True

    def read_file(self) -> None:
        """Take in what has been written to the file since."""
        if not self.file.exists():
            return
        with self.file.open("rb") as lines:
            lines.seek(self._offset)
            more = lines.read()
        self._offset += len(more)
        *whole, self._rest = (self._rest + more).split(b"\n")
        now = monotonic()
        for line in whole:
            self.taken[json.loads(line)["notice_id"]].append(now)


@asynccontextmanager
async def open_inbox(file: Path) -> AsyncIterator[Inbox]:
    """Run the endpoint."""
    inbox = Inbox(file)
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            running.add(task)
            task.add_done_callback(running.discard)
        await inbox.serve(reader, writer)

    server = await asyncio.start_server(serve, HOST, 0)
    inbox.port = server.sockets[0].getsockname()[1]
    try:
        yield inbox
    finally:
        server.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
