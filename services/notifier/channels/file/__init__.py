"""The file channel: one JSON line a notice, for development, demonstrations and whoever reads a file."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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

_MODE = 0o600


class Settings(ChannelSettings):
    """GW_NOTICES_FILE: where the lines go; without it the channel is not in use."""

    notices_file: Path | None = Field(default=None, description="one JSON line a notice; without it no such channel")


@dataclass(slots=True)
class FileChannel:
    """Appends lines with one write each, so that several processes may share a file. Not synced to the disk."""

    path: Path
    _descriptor: int | None = field(default=None)

    @property
    def takes(self) -> AddressKind:
        """Any address; it is written down and not used."""
        return AddressKind.ANY

    async def send(self, notice: Notice) -> Outcome:
        """Append the notice; the notices of a digest are a line each, with the digest they went in."""
        content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in _lines(notice)).encode()
        try:
            if self._descriptor is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _MODE)
            written = os.write(self._descriptor, content)
        except OSError:
            return Failed("not_writable", retryable=True)
        return Delivered() if written == len(content) else Failed("disk_full", retryable=True)

    async def close(self) -> None:
        """Close the file."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def _lines(notice: Notice) -> list[dict[str, Any]]:
    common = {
        "message_id": notice.id,
        "channel": "file",
        "district": notice.district,
        "audience": notice.audience,
        "recipient": notice.recipient,
        "address": notice.address,
    }
    digest = {"digest_of": len(notice.members)} if len(notice.members) > 1 else {}
    return [
        {
            "notice_id": one.id,
            "key": one.key,
            "case_id": one.case_id,
            "step": one.step,
            **common,
            "subject": one.subject,
            "text": one.subject if digest else notice.text,
            **digest,
        }
        for one in notice.members
    ]


def build(settings: Settings) -> Channel | None:
    """Return the channel where a file is named."""
    return FileChannel(settings.notices_file) if settings.notices_file else None
