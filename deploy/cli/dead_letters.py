"""`gridwhistle dead-letters`: read what could not be applied, see why, and send it again once the cause is mended."""

import re
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from aiokafka import AIOKafkaProducer
from rich.table import Column

from deploy.cli._broker import consumer, producer, topic_partitions
from deploy.cli._console import (
    BOOTSTRAP,
    AsJson,
    Bootstrap,
    console,
    fail,
    print_json,
    print_table,
    run,
    say,
)
from deploy.cli._districts import Districts, check_code
from deploy.cli._live import ZONE
from deploy.cli._reading import partitions_of, up_to_now
from deploy.cli.vault import VaultFile
from deploy.kafka.letters import Letter, as_text, collect, find, replay_headers, replayed
from shared.contracts.topics import UNLOCATED, Topic, parse_topic
from shared.infra.clock import wall_clock
from shared.infra.vault import Vault, VaultKeysError

app = typer.Typer(name="dead-letters", help="Read, explain and replay what could not be applied.", no_args_is_help=True)

SHOWN = 100
SHORT_ID = 8
LINE = 16
SPAN = re.compile(r"(\d+)([smhd])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

Errors = Annotated[list[str] | None, typer.Option("--error", help="Only this error, e.g. forbidden; may be repeated.")]
Since = Annotated[str | None, typer.Option(help="Only newer ones: 30m, 2h, 7d, or an instant in RFC 3339.")]
Ids = Annotated[list[str], typer.Argument(metavar="ID…", help="A letter's id, or how it begins.")]


@app.command("list")
def list_letters(
    district: Districts = None,
    error: Errors = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = SHOWN,
    bootstrap: Bootstrap = BOOTSTRAP,
    vault_keys: VaultFile = None,
    as_json: AsJson = False,
) -> None:
    """List dead letters, oldest first; without --district those of every district and of reports without one."""
    letters = _chosen(bootstrap, district, error, since, vault_keys)
    if as_json:
        print_json({"letters": [letter.as_json() for letter in letters[-limit:]], "total": len(letters)})
        return
    if letters:
        columns = (Column("letter", no_wrap=True), Column("rejected", no_wrap=True), "about")
        print_table(columns, [_row(letter) for letter in letters[-limit:]], ruled=True)
    counts = Counter(letter.rejected.error for letter in letters)
    say(f"{len(letters)} dead letters" + "".join(f"; {count} {name}" for name, count in counts.most_common()))
    if len(letters) > limit:
        say(f"The {limit} newest are shown; --limit shows more.")


@app.command()
def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="A letter's id, or how it begins.")],
    district: Districts = None,
    raw: Annotated[bool, typer.Option("--raw", help="Write the original's bytes and nothing else.")] = False,
    bootstrap: Bootstrap = BOOTSTRAP,
    vault_keys: VaultFile = None,
    as_json: AsJson = False,
) -> None:
    """Show one dead letter whole: why, where from, and the original as text, or in hexadecimal where it is none."""
    letter = _one(_chosen(bootstrap, district, None, None, vault_keys), id_)
    if raw:
        if letter.content is None and letter.sealed_under:
            fail(_closed(letter))
        sys.stdout.buffer.write(letter.content or b"")
    elif as_json:
        print_json(letter.as_json())
    else:
        _print_whole(letter)


@app.command()
def replay(
    ids: Ids = [],  # noqa: B006 - typer reads it, nobody changes it
    every: Annotated[bool, typer.Option("--all", help="Every letter that the other options leave.")] = False,
    district: Districts = None,
    error: Errors = None,
    since: Since = None,
    again: Annotated[bool, typer.Option(help="Also what has been replayed before.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Only show what would be replayed.")] = False,
    bootstrap: Bootstrap = BOOTSTRAP,
    as_json: AsJson = False,
) -> None:
    """Publish originals again where they came from, byte for byte, once the cause is mended; each letter once."""
    if bool(ids) == every:
        raise typer.BadParameter("name letters by their ids, or say --all (with --error, --district, --since)")
    letters = _chosen(bootstrap, district, error, since)
    wanted = letters if every else [_one(letters, id_) for id_ in ids]
    fresh = [letter for letter in wanted if again or not letter.replays]
    for letter in wanted:
        if letter not in fresh:
            say(f"{letter.id} was replayed at {_local(letter.replays[-1].recorded_at)}; --again does it once more.")
    places = [_record(letter) for letter in fresh] if dry_run else run(_replay(bootstrap, fresh))
    if as_json:
        done = [{"id": letter.id, "record": place} for letter, place in zip(fresh, places, strict=True)]
        print_json({"replayed": done, "dry_run": dry_run})
        return
    if fresh:
        rows = [(letter.id, letter.rejected.error, place) for letter, place in zip(fresh, places, strict=True)]
        print_table(("id", "error", "was" if dry_run else "is now"), rows)
    say(f"{len(fresh)} would be replayed" if dry_run else f"{len(fresh)} replayed")


def _chosen(
    bootstrap: str, districts: list[str] | None, errors: list[str] | None, since: str | None, keys: Path | None = None
) -> list[Letter]:
    codes = {code if code == UNLOCATED else check_code(code) for code in districts or []}
    after = _instant(since) if since else None
    letters = run(_read(bootstrap, codes, after, _vault(keys)))
    return [letter for letter in letters if not errors or letter.rejected.error in errors]


def _instant(text: str) -> datetime:
    span = SPAN.fullmatch(text)
    if span:
        return wall_clock() - timedelta(**{UNITS[span[2]]: int(span[1])})
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r}: 30m, 2h, 7d, or 2026-07-01T08:00+08:00", param_hint="--since") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=ZONE)


def _vault(keys: Path | None) -> Vault | None:
    try:
        return Vault.load(keys) if keys else None
    except VaultKeysError as error:
        fail(f"{error}.")


async def _read(bootstrap: str, districts: set[str], after: datetime | None, vault: Vault | None) -> list[Letter]:
    topics = await topic_partitions(bootstrap)
    wanted = {name: count for name, count in topics.items() if _is_wanted(name, districts)}
    if not wanted:
        fail("There is no dead-letters topic; gridwhistle topics apply creates those of a district.")
    since_ms = None if after is None else int(after.timestamp() * 1000)
    async with consumer(bootstrap) as client:
        return collect([record async for record in up_to_now(client, partitions_of(wanted), since_ms)], vault)


def _is_wanted(name: str, districts: set[str]) -> bool:
    try:
        parsed = parse_topic(name)
    except ValueError:
        return False
    return parsed.suffix == Topic.DEAD_LETTERS and (not districts or parsed.district in districts)


def _one(letters: Sequence[Letter], id_: str) -> Letter:
    found = find(letters, id_)
    if len(found) != 1:
        fail(f"{len(found)} dead letters begin with {id_!r}." if found else f"There is no dead letter {id_!r}.")
    return found[0]


async def _replay(bootstrap: str, letters: Sequence[Letter]) -> list[str]:
    topics = await topic_partitions(bootstrap)
    for letter in letters:
        if letter.rejected.origin_topic not in topics:
            fail(f"{letter.id}: its topic {letter.rejected.origin_topic} is gone.")
    async with producer(bootstrap) as client:
        return [await _send_back(client, letter, topics[letter.rejected.origin_topic]) for letter in letters]


async def _send_back(client: AIOKafkaProducer, letter: Letter, partitions: int) -> str:
    """Publish the original, then note it: killed in between, a second replay is harmless, a lost one would not be."""
    rejected = letter.rejected
    # Its old partition, whatever hash its sender used for keys: there lies what came before and after it.
    partition = rejected.partition if rejected.partition < partitions else None
    sent = await client.send_and_wait(
        rejected.origin_topic, rejected.original_value, letter.original_key, partition, headers=replay_headers(letter)
    )
    value, headers = replayed(letter, sent.partition, sent.offset, wall_clock())
    await client.send_and_wait(letter.topic, value, letter.key, headers=headers)
    return f"{sent.topic} {sent.partition}/{sent.offset}"


def _record(letter: Letter) -> str:
    rejected = letter.rejected
    return f"{rejected.origin_topic} {rejected.partition}/{rejected.offset}"


def _local(instant: datetime) -> str:
    return f"{instant.astimezone(ZONE):%m-%d %H:%M:%S}"


def _row(letter: Letter) -> tuple[str, ...]:
    rejected = letter.rejected
    about = [letter.case or _record(letter), rejected.message]
    about += [f"replayed at {_local(one.recorded_at)}" for one in letter.replays]
    return (
        f"{letter.id[:SHORT_ID]}\n{rejected.error}",
        f"{_local(rejected.recorded_at)}\n{rejected.service}",
        "\n".join(about),
    )


def _print_whole(letter: Letter) -> None:
    rejected = letter.rejected
    replays = [
        f"{_local(one.recorded_at)} as {one.origin_topic} {one.partition}/{one.offset}" for one in letter.replays
    ]
    facts = [
        ("id", letter.id),
        ("rejected", f"{_local(rejected.recorded_at)} by {rejected.service}"),
        ("error", rejected.error),
        ("why", rejected.message),
        ("state met", rejected.state_met or "-"),
        ("record", _record(letter)),
        ("key", letter.case or "-"),
        *((f"header {name}", _shown(value)) for name, value in rejected.original_headers),
        *(("replayed", one) for one in replays),
    ]
    print_table(("", ""), facts)
    console().print(_content(letter), markup=False, highlight=False, soft_wrap=True)


def _content(letter: Letter) -> str:
    return _closed(letter) if letter.sealed_under and letter.content is None else _shown(letter.content)


def _closed(letter: Letter) -> str:
    return f"(sealed under vault key {letter.sealed_under}; --vault-keys FILE shows it, replaying does not need it)"


def _shown(value: bytes | None) -> str:
    if value is None:
        return "(none)"
    text = as_text(value)
    return text if text is not None else _hex(value)


def _hex(value: bytes) -> str:
    """Return bytes as lines of offset, hexadecimal and what of it is ASCII."""
    lines = []
    for start in range(0, len(value), LINE):
        part = value[start : start + LINE]
        ascii_ = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part)  # noqa: PLR2004 - printable ASCII
        lines.append(f"{start:08x}  {part.hex(' '):<{LINE * 3}} {ascii_}")
    return "\n".join(lines)
