"""dead-letters list, show and replay against a real broker."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from unittest.mock import patch

import pytest
import pytest_asyncio
from rich.console import Console

from deploy.local import LocalStack
from shared.contracts.topics import inbound_name
from shared.decision import Poison
from shared.infra.clock import wall_clock
from shared.infra.engine.fold import ParkedRecord
from shared.infra.engine.outbox import dead_letter
from tests.support.bus import Bus, open_bus
from tests.support.cli import Cli

NARROW = 80
pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture
def cli(infra: LocalStack) -> Cli:
    """Give the command line on the shared broker."""
    return Cli(infra.bootstrap)


@pytest_asyncio.fixture(loop_scope="session")
async def bus(infra: LocalStack) -> AsyncIterator[Bus]:
    """Give direct access to the same broker."""
    async with open_bus(infra.bootstrap) as opened:
        yield opened


async def prepare(cli: Cli, district: str) -> None:
    """Create the topics of a district of the test's own."""
    await cli.json("topics", "apply", "--district", district, "--partner", "grid-app")


async def narrow(cli: Cli, *arguments: str) -> str:
    """Run a command as on a terminal of 80 columns and return what it printed."""
    with patch("deploy.cli._console.console", lambda: Console(width=NARROW)):
        return (await cli.run(*arguments)).stdout


async def test_a_dead_letter_is_listed_shown_and_replayed_exactly_once(cli: Cli, bus: Bus) -> None:
    """The original comes back byte for byte, and a second replay does nothing unless it is asked for."""
    await prepare(cli, "990112")
    origin = inbound_name("990112", "grid-app")
    letter_id = await reject(bus, origin, "invalid-report", b"\xff\x00 not json", b"A-1", [("x", b"\xfe"), ("n", None)])
    other = await reject(bus, origin, "forbidden", b'{"ok": true}', None, [])

    listed = await cli.json("dead-letters", "list", "--district", "990112", "--error", "invalid-report")
    assert [one["id"] for one in listed["letters"]] == [letter_id]
    shown = await cli.run("dead-letters", "show", letter_id[:12], "--district", "990112")
    assert "ff 00 20 6e 6f 74" in shown.stdout
    assert re.search(r"invalid-report.*\n.*not fit", shown.stdout)

    for again in ((), (), ("--again",)):
        result = await cli.run("dead-letters", "replay", letter_id, "--district", "990112", *again)
        assert result.exit_code == 0, result.output
    await bus.producer.send_and_wait(origin, b"last", partition=0)
    *records, _ = await bus.read([origin], lambda found: any(one.value == b"last" for one in found))
    assert [(one.value, one.key) for one in records] == [(b"\xff\x00 not json", b"A-1")] * 2
    assert records[0].headers == (("x", b"\xfe"), ("n", None), ("gw_replay", letter_id.encode()))

    left = await cli.json("dead-letters", "replay", "--all", "--district", "990112", "--dry-run")
    assert [one["id"] for one in left["replayed"]] == [other]
    noted = await cli.json("dead-letters", "list", "--district", "990112")
    assert {one["id"]: len(one["replays"]) for one in noted["letters"]} == {letter_id: 2, other: 0}


async def test_letters_older_than_asked_for_are_left_out(cli: Cli, bus: Bus) -> None:
    """--since goes by when the letter was appended."""
    await prepare(cli, "990113")
    await reject(bus, inbound_name("990113", "grid-app"), "bad-json", b"{", b"k", [])
    assert (await cli.json("dead-letters", "list", "--district", "990113", "--since", "1h"))["total"] == 1
    assert (await cli.json("dead-letters", "list", "--district", "990113", "--since", "2099-01-01T00:00+08:00"))[
        "total"
    ] == 0


async def test_dead_letters_can_be_read_on_a_narrow_screen(cli: Cli, bus: Bus) -> None:
    """Id and error are whole at 80 columns: they are what one types next."""
    await prepare(cli, "990115")
    origin = inbound_name("990115", "grid-app")
    letter_id = await reject(bus, origin, "conflicting-duplicate", b"{}", b"A-9", [])
    listed = await narrow(cli, "dead-letters", "list", "--district", "990115")
    assert letter_id[:8] in listed
    assert "conflicting-duplicate" in listed
    assert max(map(len, listed.splitlines())) <= NARROW


async def reject(
    bus: Bus, origin: str, error: str, value: bytes, key: bytes | None, headers: list[tuple[str, bytes | None]]
) -> str:
    """Write a dead letter as a service does; return its id."""
    number = bus.sent = bus.sent + 1
    record = ParkedRecord(origin, 0, 1_000_000 + number, 0, key, value, headers)
    out = dead_letter("intake", record, Poison(error, "It does not fit."), wall_clock())
    await bus.producer.send_and_wait(out.topic, out.value, out.key or None, headers=list(out.headers))
    return next(content.decode() for name, content in out.headers if name == "ce_id")
