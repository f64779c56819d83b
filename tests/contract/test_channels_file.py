"""The lines of the notices file, and channels that are not in use."""

from __future__ import annotations

import asyncio
import json
import stat
import sys
from pathlib import Path

import pytest

from services.notifier.channels.base import Delivered
from services.notifier.channels.console import Settings as ConsoleSettings
from services.notifier.channels.console import build as build_console
from services.notifier.channels.discovery import build_all
from services.notifier.channels.file import FileChannel, Settings, build
from tests.support.notices import TEXT, notice


async def test_a_line_holds_key_recipient_channel_and_text(tmp_path: Path) -> None:
    """Readable by a person and by `jq`, and by nobody else on the machine."""
    path = tmp_path / "deep" / "notices.jsonl"
    channel = FileChannel(path)
    assert await channel.send(notice("duty-housing", 0)) == Delivered()
    await channel.close()
    [line] = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {
        "notice_id": "0" * 32,
        "key": "case|1|solved:0|reporter/r|x",
        "case_id": "case",
        "step": "solved",
        "message_id": "0" * 32,
        "channel": "file",
        "district": "620802",
        "audience": "duty_officer",
        "recipient": "housing/duty_officer",
        "address": "duty-housing",
        "subject": "主题0",
        "text": TEXT,
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_each_notice_of_a_digest_has_a_line_with_its_own_key(tmp_path: Path) -> None:
    """And all of them the id of the message they went in."""
    channel = FileChannel(tmp_path / "n.jsonl")
    await channel.send(notice("", 0, size=3))
    lines = [json.loads(line) for line in (tmp_path / "n.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["key"] for line in lines] == [f"case|1|solved:{n}|reporter/r|x" for n in range(3)]
    assert {line["message_id"] for line in lines} == {"d" * 32}
    assert [(line["text"], line["digest_of"]) for line in lines] == [(f"主题{n}", 3) for n in range(3)]


WRITER = """
import asyncio, sys
from pathlib import Path
from services.notifier.channels.file import FileChannel
from tests.support.notices import notice

async def main():
    channel = FileChannel(Path(sys.argv[1]))
    for number in range(200):
        await channel.send(notice("x" * 500, number % 10))

asyncio.run(main())
"""


async def test_several_processes_share_a_file_without_mixing_lines(tmp_path: Path) -> None:
    """Replicas of the notifier on one machine."""
    path = tmp_path / "shared.jsonl"
    writers = [await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, str(path)) for _ in range(3)]
    assert await asyncio.gather(*(writer.wait() for writer in writers)) == [0, 0, 0]
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 600
    assert all(json.loads(line)["text"] == TEXT for line in lines)


def test_a_channel_without_its_settings_is_not_in_use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a profile names and nobody set up fails closed later, and is not guessed at here."""
    for name in ("GW_NOTICES_FILE", "GW_SMTP_HOST", "GW_WEBHOOK_SECRETS_FILE", "GW_CONSOLE_NOTICES"):
        monkeypatch.setenv(name, "")
    assert build_all() == {}
    monkeypatch.setenv("GW_NOTICES_FILE", str(tmp_path / "n"))
    monkeypatch.setenv("GW_CONSOLE_NOTICES", "true")
    assert set(build_all()) == {"console", "file"}
    assert build(Settings(notices_file=None)) is None
    assert build_console(ConsoleSettings(console_notices=False)) is None
