"""A mail server for the demo: takes every message, keeps none, counts them. Nothing leaves this machine."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from deploy.local.machine import HOST, check_ports

ANSWERS = {
    b"EHLO": b"250 demo.invalid\r\n",
    b"HELO": b"250 demo.invalid\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}
END = b".\r\n"


class Mailbox:
    """`async with Mailbox(port) as mailbox`: `taken` is how many messages came."""

    def __init__(self, port: int) -> None:
        self.taken = 0
        self._port = port
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            PortTakenError: somebody else listens there.
        """
        check_ports([(self._port, "the demo's mail server")])
        self._server = await asyncio.start_server(self._serve, HOST, self._port)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one conversation: every command is fine, a message ends with a line that is a dot."""
        writer.write(b"220 demo.invalid\r\n")
        try:
            while line := await reader.readline():
                command = line[:4].upper()
                writer.write(ANSWERS.get(command, b"250 fine\r\n"))
                if command == b"DATA":
                    await self._take(reader, writer)
                if command == b"QUIT":
                    break
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (line := await reader.readline()) not in {END, b""}:
            del line
        self.taken += 1
        writer.write(b"250 taken\r\n")
