"""One suite that every channel passes: what it answers, that it raises nothing, and that it never tries twice itself.

Each channel brings a station: a real receiver on 127.0.0.1 that behaves as it is told, and what it has seen.
"""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.notifier.channels import console, email, file
from services.notifier.channels.base import Channel, Delivered, Failed, Outcome, Unknown
from services.notifier.channels.discovery import modules
from tests.support.bus import free_port
from tests.support.notices import TEXT, TIMEOUT, notice, secrets_file, webhook_channel
from tests.support.receivers import HOST, http_receiver, mail_receiver


@dataclass(slots=True)
class Station:
    """A channel at work: where it sends to, and what arrived as (id, text) in order."""

    channel: Channel
    address: str
    seen: Callable[[], list[tuple[str, str]]]


Open = Callable[[str, Path], Any]


@asynccontextmanager
async def open_webhook(behaviour: str, folder: Path) -> AsyncIterator[Station]:
    """Run an endpoint and the channel."""
    channel = webhook_channel(secrets_file(folder))
    if behaviour == "nobody":
        yield Station(channel, f"http://{HOST}:{free_port()}/hook", list)
        return
    status = {"fine": "200", "not now": "500", "never": "410"}.get(behaviour, behaviour)
    async with http_receiver(status) as receiver:

        def seen() -> list[tuple[str, str]]:
            return [(one.headers["webhook-id"], json.loads(one.body)["data"]["text"]) for one in receiver.requests]

        yield Station(channel, receiver.url, seen)
        await channel.close()


@asynccontextmanager
async def open_email(behaviour: str, _: Path) -> AsyncIterator[Station]:
    """Run a mail server and the channel."""
    code = {"fine": "250", "not now": "data 451", "never": "rcpt 550"}.get(behaviour, behaviour)
    async with mail_receiver(code) as receiver:
        port = free_port() if behaviour == "nobody" else receiver.port
        settings = email.Settings(
            smtp_host=HOST, smtp_port=port, smtp_sender="gw@example.invalid", smtp_timeout_seconds=TIMEOUT
        )

        def seen() -> list[tuple[str, str]]:
            return [
                (str(one["Message-ID"]).strip("<>").partition("@")[0], one.get_content().strip())
                for one in receiver.messages
            ]

        yield Station(email.EmailChannel(settings), "officer@example.invalid", seen)


@asynccontextmanager
async def open_file(behaviour: str, folder: Path) -> AsyncIterator[Station]:
    """Run the channel over a file."""
    path = folder / "notices.jsonl"
    if behaviour == "not now":
        path.mkdir()

    def seen() -> list[tuple[str, str]]:
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        return [(json.loads(line)["notice_id"], json.loads(line)["text"]) for line in lines]

    channel = file.FileChannel(path)
    yield Station(channel, "", seen)
    await channel.close()


@asynccontextmanager
async def open_console(behaviour: str, _: Path) -> AsyncIterator[Station]:
    """Run the channel over a stream."""
    stream = io.StringIO()

    def seen() -> list[tuple[str, str]]:
        blocks = stream.getvalue().split("-- ")[1:]
        return [("0" * 31 + block.split("solved:")[1][0], block.split("\n")[2]) for block in blocks]

    broken = io.StringIO()
    broken.close()
    yield Station(console.ConsoleChannel(broken if behaviour == "not now" else stream), "", seen)


STATIONS: dict[str, Open] = {
    "webhook": open_webhook,
    "email": open_email,
    "file": open_file,
    "console": open_console,
}
REMOTE = ["webhook", "email"]


async def attempt(name: str, behaviour: str, folder: Path, address: str | None = None) -> tuple[Outcome, list[Any]]:
    """Send one notice to a receiver that behaves so; return the outcome and what arrived."""
    async with STATIONS[name](behaviour, folder) as station:
        outcome = await station.channel.send(notice(station.address if address is None else address, 0))
        return outcome, station.seen()


def test_every_channel_is_judged_here() -> None:
    """A new folder under channels/ needs a station."""
    assert set(modules()) == set(STATIONS)


@pytest.mark.parametrize("name", STATIONS)
async def test_a_notice_arrives_whole_under_its_id(name: str, tmp_path: Path) -> None:
    """Chinese, line breaks and all."""
    outcome, seen = await attempt(name, "fine", tmp_path)
    assert outcome == Delivered()
    assert seen == [("0" * 32, TEXT)]


@pytest.mark.parametrize("name", STATIONS)
async def test_sending_again_repeats_the_id(name: str, tmp_path: Path) -> None:
    """That is what lets a receiver drop a second copy."""
    async with STATIONS[name]("fine", tmp_path) as station:
        for _ in range(2):
            assert await station.channel.send(notice(station.address, 0)) == Delivered()
        assert station.seen() == [("0" * 32, TEXT)] * 2


@pytest.mark.parametrize("name", STATIONS)
async def test_a_receiver_that_cannot_just_now_is_a_failure_that_may_pass(name: str, tmp_path: Path) -> None:
    """And the channel does not try again by itself."""
    outcome, seen = await attempt(name, "not now", tmp_path)
    assert isinstance(outcome, Failed)
    assert outcome.retryable
    assert len(seen) <= 1


@pytest.mark.parametrize("name", REMOTE)
async def test_a_receiver_that_never_will_is_a_failure_for_good(name: str, tmp_path: Path) -> None:
    """No such mailbox, no such endpoint any more."""
    outcome, _ = await attempt(name, "never", tmp_path)
    assert isinstance(outcome, Failed)
    assert not outcome.retryable


@pytest.mark.parametrize("name", REMOTE)
async def test_nobody_there_is_a_failure_that_may_pass(name: str, tmp_path: Path) -> None:
    """Nothing was sent, for certain."""
    assert await attempt(name, "nobody", tmp_path) == (Failed("connect", retryable=True), [])


@pytest.mark.parametrize("behaviour", ["hang", "close"])
@pytest.mark.parametrize("name", REMOTE)
async def test_no_answer_after_sending_is_unknown(name: str, behaviour: str, tmp_path: Path) -> None:
    """It was sent once; whether it was taken nobody can tell."""
    outcome, seen = await attempt(name, behaviour, tmp_path)
    assert outcome == Unknown()
    assert len(seen) == 1


@pytest.mark.parametrize("name", REMOTE)
@pytest.mark.parametrize(
    "address", ["", "nonsense", "a b", "x\r\nBcc: y@z", "\u200b@\u200b", "http://[", "@", "ftp://h/"]
)
async def test_an_address_that_is_none_is_a_failure_for_good(name: str, address: str, tmp_path: Path) -> None:
    """Before anything is sent."""
    outcome, seen = await attempt(name, "fine", tmp_path, address)
    assert outcome == Failed("bad_address", retryable=False)
    assert seen == []
