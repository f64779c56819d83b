"""What a channel is: it takes a notice and says what became of it. It never retries and never decides.

A folder under `channels/` is a channel when it has `Settings` (read from the environment by main.py, names beginning
with GW_) and `build(settings)`, which returns the channel, or None where its settings say that it is not in use.
"""

from __future__ import annotations

from typing import Any, Protocol

from pydantic_settings import BaseSettings, SettingsConfigDict

from services.notifier.domain.model import AddressKind
from services.notifier.domain.outcome import Delivered, Failed, Member, Notice, Outcome, Unknown

__all__ = [
    "AddressKind",
    "Channel",
    "ChannelModule",
    "ChannelSettings",
    "Delivered",
    "Failed",
    "Member",
    "Notice",
    "Outcome",
    "Unknown",
]


class Channel(Protocol):
    """One way to reach people. `takes` is the kind of address it needs."""

    @property
    def takes(self) -> AddressKind:
        """What an address on this channel is."""

    async def send(self, notice: Notice) -> Outcome:
        """Send once, within the channel's own time-out, and classify; raise nothing that can be foreseen."""

    async def close(self) -> None:
        """Let go of connections and files."""


class ChannelSettings(BaseSettings):
    """The base of a channel's settings; variables of others are passed over."""

    model_config = SettingsConfigDict(env_prefix="GW_", frozen=True, extra="ignore", env_ignore_empty=True)


class ChannelModule(Protocol):
    """What discovery asks of a channel's folder."""

    Settings: type[ChannelSettings]

    @staticmethod
    def build(settings: Any) -> Channel | None:
        """Return the channel, or None where it is not in use."""
