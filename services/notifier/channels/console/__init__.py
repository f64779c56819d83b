"""The console channel: notices on standard output, for a look while developing."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TextIO

from pydantic import Field

from services.notifier.channels.base import (
    AddressKind,
    Channel,
    ChannelSettings,
    Delivered,
    Failed,
    Notice,
    Outcome,
)


class Settings(ChannelSettings):
    """GW_CONSOLE_NOTICES: whether notices may be printed; off unless wanted, for a log is read by many."""

    console_notices: bool = Field(default=False, description="notices may be printed; a log is read by many")


@dataclass(frozen=True, slots=True)
class ConsoleChannel:
    """Prints each notice as a small block of text."""

    stream: TextIO

    @property
    def takes(self) -> AddressKind:
        """Any address; it is not used."""
        return AddressKind.ANY

    async def send(self, notice: Notice) -> Outcome:
        """Print the notice."""
        head = f"-- {notice.recipient} [{notice.district}] {notice.key}"
        try:
            self.stream.write(f"{head}\n{notice.subject}\n{notice.text}\n\n")
            self.stream.flush()
        except (OSError, ValueError):
            return Failed("not_writable", retryable=True)
        return Delivered()

    async def close(self) -> None:
        """Leave the stream to its owner."""


def build(settings: Settings) -> Channel | None:
    """Return the channel where it is wanted."""
    return ConsoleChannel(sys.stdout) if settings.console_notices else None
