"""`gridwhistle up`, `down`, `status`: the whole system on this machine, without Docker."""

import asyncio
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from aiokafka.errors import KafkaError
from rich.console import Console

from deploy.cli._broker import topic_partitions
from deploy.cli._stack_table import render
from deploy.local import background
from deploy.local import state as states
from deploy.local.config import STATE, StackConfig, VirtualClock
from deploy.local.errors import StackError
from deploy.local.state import StackState
from deploy.local.supervisor import Supervisor
from shared.contracts.topics import parse_topic

LOOK_SECONDS = 3.0
"""How long `status` asks the broker for topics; of one that does not answer it tells those of the start."""

app = typer.Typer()
console = Console(stderr=True)

State = Annotated[Path, typer.Option("--state", help="Where data, logs and keys are.", metavar="DIR", file_okay=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def show(now: StackState, *, as_json: bool) -> None:
    """Print a stack to standard output."""
    if as_json:
        typer.echo(now.model_dump_json(indent=2))
    else:
        Console().print(render(now))


def fail(error: StackError) -> typer.Exit:
    """Print the sentence and return what ends the command with status 1."""
    console.print(str(error), style="red", highlight=False, markup=False, soft_wrap=True)
    return typer.Exit(1)


def report(line: str) -> None:
    """Print one line of progress."""
    console.print(line, style="dim", highlight=False, markup=False, soft_wrap=True)


def virtual_clock(start: datetime | None, rate: float | None, mode: str) -> VirtualClock | None:
    """Return the clock the options ask for; a start without a zone is in this machine's.

    Raises:
        typer.BadParameter: the options do not fit together.
    """
    if start is None and rate is None:
        return None
    if start is None:
        raise typer.BadParameter("a rate needs --clock-start", param_hint="--clock-rate")
    if mode == "live":
        raise typer.BadParameter("a virtual clock needs --mode demo or replay", param_hint="--clock-start")
    if rate is not None and rate <= 0:
        raise typer.BadParameter("time runs forward: more than 0", param_hint="--clock-rate")
    return VirtualClock(start=start.astimezone(), rate=rate or 1.0)


def wanted_districts(text: str) -> tuple[str, ...]:
    """Return the districts named, of which each must have a profile here.

    Raises:
        typer.BadParameter: there is none for one of them.
    """
    wanted = tuple(code.strip() for code in text.split(",") if code.strip())
    known = [folder.name for folder in StackConfig().profile_folders()]
    for code in wanted:
        if code not in known:
            raise typer.BadParameter(
                f"{code!r} has no profile in deploy/districts; there are: {', '.join(known)}", param_hint="--districts"
            )
    return wanted


@app.command()
def up(
    state: State = STATE,
    broker: Annotated[
        Literal["tansu", "kafka"], typer.Option(help="kafka: Apache Kafka, needs Java 17 and Maven.")
    ] = "tansu",
    secure: Annotated[
        bool, typer.Option("--secure", help="Broker and database ask everybody who they are; with --broker kafka.")
    ] = False,
    monitoring: Annotated[bool, typer.Option("--monitoring", help="Start this machine's prometheus over it.")] = False,
    foreground: Annotated[bool, typer.Option("--foreground", help="Stay here; Ctrl-C ends it.")] = False,
    port_base: Annotated[
        int | None, typer.Option(min=1024, max=65400, help="All ports from here on instead of the well-known ones.")
    ] = None,
    districts: Annotated[str, typer.Option(help="Only these, separated by commas.")] = "",
    mode: Annotated[
        Literal["live", "demo", "replay"], typer.Option(help="A virtual clock needs demo or replay.")
    ] = "live",
    clock_start: Annotated[datetime | None, typer.Option(help="Where a virtual clock starts.")] = None,
    clock_rate: Annotated[float | None, typer.Option(help="How much faster than real time it runs.")] = None,
    as_json: Json = False,
) -> None:
    """Start mongod, a broker, topics, district profiles and the four services; leave them running."""
    if secure and broker != "kafka":
        raise typer.BadParameter("only Apache Kafka can be secured: --broker kafka", param_hint="--secure")
    config = StackConfig(
        state=state.resolve(),
        broker=broker,
        secure=secure,
        monitoring=monitoring,
        port_base=port_base,
        districts=wanted_districts(districts),
        mode=mode,
        clock=virtual_clock(clock_start, clock_rate, mode),
    )
    try:
        if foreground:
            asyncio.run(Supervisor(config, report, lambda now: show(now, as_json=as_json)).serve())
        else:
            show(background.launch(config, report), as_json=as_json)
    except StackError as error:
        raise fail(error) from None


@app.command()
def down(state: State = STATE) -> None:
    """End the stack: services first, then the broker, then mongod, each with a clean shutdown."""
    config = StackConfig(state=state.resolve())
    try:
        was_running = background.down(config)
    except StackError as error:
        raise fail(error) from None
    ended = states.read(config.run) if was_running else None
    for problem in ended.problems if ended else ():
        report(problem)
    report("ended" if was_running else f"nothing is running in {state}")


@app.command()
def status(state: State = STATE, as_json: Json = False) -> None:
    """Show where everything is and what went wrong; exit status 1 when not all of it runs."""
    config = StackConfig(state=state.resolve())
    now = states.read(config.run)
    if now is None:
        report(f"nothing has run in {state} yet: gridwhistle up")
        raise typer.Exit(1)
    if states.owner(config.run) is None and now.phase not in {"stopped", "failed"}:
        now = now.model_copy(
            update={"phase": "failed", "problems": (*now.problems, "The supervisor itself was killed.")}
        )
    show(with_topics_of_now(now), as_json=as_json)
    if now.phase != "ready":
        raise typer.Exit(1)


def _is_ours(topic: str) -> bool:
    with suppress(ValueError):
        return bool(parse_topic(topic))
    return False


def with_topics_of_now(now: StackState) -> StackState:
    """Return the state with the topics that are there; `topics apply` may have made more since the start."""
    if now.phase != "ready":
        return now
    try:
        found = asyncio.run(asyncio.wait_for(topic_partitions(now.bootstrap), LOOK_SECONDS))
    except (KafkaError, OSError, TimeoutError):
        return now
    return now.model_copy(update={"topics": tuple(sorted(filter(_is_ours, found)))})
