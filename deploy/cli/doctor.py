"""`gridwhistle doctor`: look at a deployment from outside, and say what is wrong and what to do."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column

from deploy.cli._broker import clock
from deploy.cli._console import BOOTSTRAP, PROBLEM, AsJson, Bootstrap, print_json, print_table, run, say
from deploy.cli._profiles import MONGO_URL, MongoUrl
from deploy.cli.vault import VaultFile
from deploy.doctor.examine import Deployment, examine
from deploy.doctor.finding import Finding, Verdict
from deploy.kafka.topics import Layout
from deploy.local import state as states
from deploy.local.config import STATE, all_services
from deploy.local.machine import HOST
from deploy.local.state import StackState
from shared.contracts.topics import DEFAULT_PARTITIONS
from shared.infra.clock import wall_clock

app = typer.Typer()

WRONG = frozenset({Verdict.WARNING, Verdict.FAILURE})
COLOURS = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAILURE: "bold red", Verdict.SKIPPED: "dim"}


@app.command()
def doctor(
    service: Annotated[
        list[str] | None,
        typer.Option(help="NAME=URL of a process, e.g. router=http://10.0.0.7:8082; may be repeated."),
    ] = None,
    state: Annotated[
        Path, typer.Option(metavar="DIR", file_okay=False, help="Of a stack on this machine: where its services are.")
    ] = STATE,
    partitions: Annotated[int, typer.Option(min=1, help="What topics were laid out with.")] = DEFAULT_PARTITIONS,
    patience: Annotated[float, typer.Option(min=1, help="Seconds after which work left undone is told.")] = 60.0,
    keys: VaultFile = None,
    bootstrap: Bootstrap = BOOTSTRAP,
    mongo_url: MongoUrl = MONGO_URL,
    as_json: AsJson = False,
) -> None:
    """Examine broker, topics, access lists, database, profiles, services, clocks, lag, work left undone, keys.

    Changes nothing. Exit status 0: nothing is wrong (what could not be looked at says so); 1: a warning or a failure;
    2: wrong usage.
    """
    local = states.read(state / "run") if state.exists() else None
    deployment = Deployment(
        bootstrap=bootstrap,
        mongo_url=mongo_url,
        clock=clock(),
        now=wall_clock,
        services=_named(service) if service else _of(local, bootstrap),
        layout=Layout(partitions),
        patience=timedelta(seconds=patience),
        keys_file=keys,
        folder=state if _is_here(local, bootstrap) else None,
    )
    found = run(examine(deployment))
    wrong = any(one.verdict in WRONG for one in found)
    if as_json:
        print_json({"ok": not wrong, "findings": [one.as_json() for one in found]})
    else:
        _print(found)
    raise typer.Exit(PROBLEM if wrong else 0)


def _named(told: list[str]) -> dict[str, list[str]]:
    """Return the addresses by service.

    Raises:
        typer.BadParameter: one is not NAME=URL, or there is no such service.
    """
    found: dict[str, list[str]] = {}
    for one in told:
        name, _, url = one.partition("=")
        if name not in all_services() or not url.startswith(("http://", "https://")):
            known = ", ".join(all_services())
            raise typer.BadParameter(f"{one!r} is not NAME=URL; names are {known}", param_hint="--service")
        found.setdefault(name, []).append(url)
    return found


def _is_here(local: StackState | None, bootstrap: str) -> bool:
    return local is not None and local.bootstrap == bootstrap


def _of(local: StackState | None, bootstrap: str) -> dict[str, list[str]]:
    """Return the addresses of the stack of this machine, if it is the one that is examined."""
    found: dict[str, list[str]] = {}
    for one in local.components if local is not None and _is_here(local, bootstrap) else ():
        if one.service:
            name = next((name for name in all_services() if one.name.startswith(name)), one.name)
            found.setdefault(name, []).append(f"http://{HOST}:{one.port}")
    return found


def _print(found: list[Finding]) -> None:
    rows = [(one.check, one.verdict.value, one.said, one.advice) for one in found]
    print_table(("what", Column("", no_wrap=True), "seen", "what to do"), rows, ruled=True)
    counts = Counter(one.verdict for one in found)
    say(", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict))
