"""`gridwhistle send`: say something as a partner, over the bus or over HTTP."""

import asyncio
import re
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from deploy.cli._broker import producer, topic_partitions
from deploy.cli._console import BOOTSTRAP, AsJson, Bootstrap, fail, print_json, print_table, run, say
from deploy.cli._districts import check_code
from deploy.cli._submissions import Submission, UnreadableError, by_kind, read_submissions
from deploy.cli._types import required_name
from deploy.contracts.schemas import inbound_types
from deploy.partner.messages import Inbound, Sender
from shared.contracts.topics import inbound_name
from shared.infra.kafka import MAX_RECORD_BYTES

app = typer.Typer()

RECORD_BYTES = MAX_RECORD_BYTES - 32 * 1024
"""A broker counts key, headers and framing too."""
HTTP_PAGE = 500
HTTP_SECONDS = 30.0

Row = dict[str, Any]


class Form(StrEnum):
    """The three forms in which a partner may send."""

    BINARY = "binary"
    STRUCTURED = "structured"
    BARE = "bare"


@app.command()
def send(
    file: Annotated[str, typer.Argument(help="A file of JSON: an object, an array or one object a line; - is stdin.")],
    partner: Annotated[str | None, typer.Option(help="Who speaks: the partner's id, e.g. grid-app or housing.")] = None,
    district: Annotated[
        str | None, typer.Option(help="Six digits. None: a command's own; for reports, unknown (000000).")
    ] = None,
    type_: Annotated[
        str | None,
        typer.Option(
            "--type", help="What items are that do not say it: task.accept, or report.submit for own formats."
        ),
    ] = None,
    form: Annotated[
        Form, typer.Option(help="CloudEvents in binary or structured mode, or a bare object.")
    ] = Form.BINARY,
    url: Annotated[
        str | None, typer.Option(help="Send to intake over HTTP instead, e.g. http://127.0.0.1:8081.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(envvar="GW_HTTP_KEY", help="The partner's API key, with --url.", show_envvar=True)
    ] = None,
    bootstrap: Bootstrap = BOOTSTRAP,
    as_json: AsJson = False,
) -> None:
    """Send reports and commands, and return once they are safe: acknowledged by the broker, or 202 over HTTP.

    A report is told by its report_id, a command by its "type" (task.accept is enough). The same file sent twice is
    received once.
    """
    full = required_name(type_, inbound_types(), "--type") if type_ else None
    submissions = _read(file, full)
    if url:
        _check_url(url)
        named = {"district": check_code(district)} if district else {}
        rows = _over_http(url, _check_key(_given(key, "--url needs --key (or GW_HTTP_KEY)")), submissions, named)
    else:
        sender = _given(partner, "who speaks? --partner, or --url and --key")
        records = [_record(one, sender, district and check_code(district), form) for one in submissions]
        rows = run(_over_the_bus(bootstrap, records, submissions))
    _print(rows, as_json=as_json)


def _read(file: str, type_: str | None) -> list[Submission]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
        return read_submissions(text, type_)
    except UnicodeDecodeError as error:
        why = f"not UTF-8 text (byte {error.start}); save it as UTF-8"
    except OSError as error:
        why = error.strerror or str(error)
    except UnreadableError as error:
        why = str(error)
    raise typer.BadParameter(f"{file}: {why}", param_hint="FILE")


def _check_url(url: str) -> None:
    if not url.startswith(("http://", "https://")):
        raise typer.BadParameter(f"{url!r} does not begin with http:// or https://", param_hint="--url")


def _check_key(key: str) -> str:
    if not key.isascii() or not key.isprintable():
        raise typer.BadParameter("an API key has only Latin letters, digits and signs", param_hint="--key")
    return key


def _given(value: str | None, message: str) -> str:
    if not value:
        raise typer.BadParameter(message)
    return value


def _record(one: Submission, partner: str, district: str | None, form: Form) -> Inbound:
    sender = Sender(district or one.district(), partner)
    if form is Form.BARE:
        return sender.bare(one.key, one.data if one.is_report else {"type": one.type, **one.data})
    make = sender.binary if form is Form.BINARY else sender.structured
    return make(one.type, one.id, one.key, one.data, one.at)


async def _over_the_bus(bootstrap: str, records: Sequence[Inbound], said: Sequence[Submission]) -> list[Row]:
    known = await topic_partitions(bootstrap)
    for record in records:
        if record.topic not in known:
            fail(_no_topic(record.topic, known))
    _check_sizes(records)
    async with producer(bootstrap) as client:
        sent = [
            await client.send(record.topic, record.value, record.key.encode() or None, headers=list(record.headers))
            for record in records
        ]
        stored = await asyncio.gather(*sent)
    return [
        {
            "type": one.type,
            "id": one.id,
            "key": one.key,
            "topic": at.topic,
            "partition": at.partition,
            "offset": at.offset,
        }
        for one, at in zip(said, stored, strict=True)
    ]


def _check_sizes(records: Sequence[Inbound]) -> None:
    """Refuse what no broker of ours takes, before anything of the file is sent."""
    for number, record in enumerate(records, 1):
        if len(record.value) > RECORD_BYTES:
            fail(
                f"item {number} ({record.key}) has {len(record.value):,} bytes; a record may have {RECORD_BYTES:,}: "
                "send addresses of pictures, not the pictures. Nothing was sent."
            )


def _no_topic(topic: str, known: dict[str, int]) -> str:
    """Say that a partner has no topic, and who has one in that district."""
    beside = inbound_name(topic.split(".")[1], "")
    partners = sorted(name.removeprefix(beside) for name in known if name.startswith(beside))
    there = f"It has topics for: {', '.join(partners)}." if partners else "It has no inbound topics at all."
    return f"There is no topic {topic}. {there}\nAfter a change of the profile: gridwhistle topics apply."


def _over_http(url: str, key: str, submissions: Sequence[Submission], named: dict[str, str]) -> list[Row]:
    """Post reports and commands; `named` is the district, which a key for several must be told."""
    rows: list[Row] = []
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=HTTP_SECONDS) as client:
        for path, found in by_kind(submissions):
            for start in range(0, len(found), HTTP_PAGE):
                rows += _post(client, path, found[start : start + HTTP_PAGE], named)
    return rows


def _post(client: httpx.Client, path: str, found: Sequence[Submission], named: dict[str, str]) -> list[Row]:
    body = [{**named, **one.data} if one.is_report else {"type": one.type, **one.data} for one in found]
    try:
        answer = client.post(path, json=body)
    except httpx.HTTPError as error:
        said = re.sub(r"^\[Errno \d+\] ", "", str(error))
        fail(f"{client.base_url} does not answer: {said or type(error).__name__}")
    if answer.status_code != httpx.codes.ACCEPTED:
        wait = answer.headers.get("Retry-After")
        fail(f"{path}: {answer.status_code}{f', try again in {wait} s' if wait else ''}\n{answer.text.strip()}")
    return [{"type": one.type, "id": one.id, "key": one.key, "accepted_by": str(answer.url)} for one in found]


def _print(rows: Sequence[Row], *, as_json: bool) -> None:
    if as_json:
        print_json({"sent": rows})
        return
    places = [row.get("accepted_by") or f"{row['topic']} {row['partition']}/{row['offset']}" for row in rows]
    print_table(("type", "key", "where"), [(r["type"], r["key"], at) for r, at in zip(rows, places, strict=True)])
    say(f"{len(rows)} sent")
