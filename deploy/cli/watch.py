"""`gridwhistle watch`: what is said on the bus, as it is said."""

import contextlib
from collections.abc import Sequence
from typing import Annotated

import typer
from aiokafka import AIOKafkaConsumer, ConsumerRecord

from deploy.cli._broker import consumer, topic_partitions
from deploy.cli._console import BOOTSTRAP, PROBLEM, AsJson, Bootstrap, console, fail, print_line, run, say
from deploy.cli._districts import Districts, check_code
from deploy.cli._live import as_json as record_as_json
from deploy.cli._live import as_line, case_of
from deploy.cli._reading import POLL_MS, from_now, partitions_of
from shared.contracts.topics import UNLOCATED, Topic, parse_topic
from shared.infra.clock import monotonic

app = typer.Typer()


@app.command()
def watch(
    district: Districts = None,
    case: Annotated[str | None, typer.Option(help="Only this case, e.g. 620802-260701-k3jq2x7a.")] = None,
    topic: Annotated[
        list[str] | None, typer.Option(help="incidents, cases, …, or in.PARTNER; may be repeated. None: all but in.*")
    ] = None,
    from_beginning: Annotated[bool, typer.Option(help="Also what was said before.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="End after so many records.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0, help="End after so long.")] = None,
    bootstrap: Bootstrap = BOOTSTRAP,
    as_json: AsJson = False,
) -> None:
    """Follow the bus until interrupted. With --limit and --seconds: exit status 1 when fewer records came in time."""
    wanted = Wanted(district or ([_district_of(case)] if case else []), topic or [])
    following = _follow(bootstrap, wanted, case, limit, seconds, from_beginning=from_beginning, as_json=as_json)
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        shown = run(following)
        if limit is not None and seconds is not None and shown < limit:
            say(f"{shown} of {limit} records came in {seconds:g} s.")
            raise typer.Exit(PROBLEM)


def _district_of(case: str) -> str:
    code = case.partition("-")[0]
    if len(code) != len(UNLOCATED) or not code.isdigit():
        raise typer.BadParameter(f"{case!r} is no case number: 620802-260701-k3jq2x7a", param_hint="--case")
    return code


class Wanted:
    """Tells which topics somebody asked for."""

    def __init__(self, districts: Sequence[str], topics: Sequence[str]) -> None:
        self._districts = {code if code == UNLOCATED else check_code(code) for code in districts}
        self._topics = set(topics)
        for name in topics:
            if name not in set(Topic) and not name.startswith("in."):
                raise typer.BadParameter(f"{name!r}: one of {', '.join(Topic)}, or in.PARTNER", param_hint="--topic")

    def includes(self, name: str) -> bool:
        """Say whether a topic of the broker is one of them."""
        try:
            parsed = parse_topic(name)
        except ValueError:
            return False
        suffix = parsed.suffix or f"in.{parsed.partner}"
        wanted = suffix in self._topics if self._topics else parsed.partner is None
        return wanted and (not self._districts or parsed.district in self._districts)


class Follower:
    """Reads the wanted topics without a group, so that watching never takes a record from a service."""

    def __init__(self, client: AIOKafkaConsumer, case: str | None, *, as_json: bool) -> None:
        self._client = client
        self._case = case
        self._as_json = as_json

    async def show(self, limit: int | None, seconds: float | None) -> int:
        """Print records until there were enough or the time is up; return how many."""
        shown = 0
        deadline = None if seconds is None else monotonic() + seconds
        while (limit is None or shown < limit) and (deadline is None or monotonic() < deadline):
            found = await self._client.getmany(timeout_ms=POLL_MS)
            records = [one for part in found.values() for one in part if self._case in {None, case_of(one)}]
            records.sort(key=lambda one: one.timestamp)
            for record in records[: None if limit is None else limit - shown]:
                self._print(record)
                shown += 1
        return shown

    def _print(self, record: ConsumerRecord) -> None:
        if self._as_json:
            print_line(record_as_json(record))
        else:
            console().print(as_line(record), soft_wrap=True)


async def _follow(
    bootstrap: str,
    wanted: Wanted,
    case: str | None,
    limit: int | None,
    seconds: float | None,
    *,
    from_beginning: bool,
    as_json: bool,
) -> int:
    topics = {name: count for name, count in (await topic_partitions(bootstrap)).items() if wanted.includes(name)}
    if not topics:
        fail("There is no such topic; gridwhistle topics apply creates those of a district.")
    async with consumer(bootstrap) as client:
        partitions = partitions_of(topics)
        if from_beginning:
            client.assign(partitions)
            await client.seek_to_beginning()
        else:
            await from_now(client, partitions)
        say(f"Watching {len(topics)} topics; Ctrl-C ends it.")
        return await Follower(client, case, as_json=as_json).show(limit, seconds)
