"""`gridwhistle scale`: workers for one district beside the pool of a running local stack, and the pool alone again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli._console import fail, print_json, print_table, run, say
from deploy.cli._districts import check_code
from deploy.cli.local import with_topics_of_now
from deploy.local import dedicated, probes, state
from deploy.local.config import STATE, StackConfig, all_services
from deploy.local.dedicated import Place
from deploy.local.machine import HOST
from deploy.local.state import ComponentState, StackState
from shared.contracts.topics import parse_topic
from shared.infra.clock import monotonic, pause

LOOK_SECONDS = 0.2
MOST = 8
"""A stack has ports for nine replicas of each service, of which the pool has the first."""

app = typer.Typer()


@app.command()
def scale(
    district: Annotated[str, typer.Argument(help="Six digits: whose partitions they take.")],
    workers: Annotated[
        int, typer.Option(min=0, max=MOST, help="Of each service; 0: the pool has the district again.")
    ] = 1,
    service: Annotated[
        list[str] | None, typer.Option(help="Only of this one; may be repeated. None: of all four.")
    ] = None,
    folder: Annotated[Path, typer.Option("--state", help="Of which stack.", metavar="DIR", file_okay=False)] = STATE,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Give DISTRICT workers of its own in a running local stack, and wait until they have its partitions.

    They are in the same consumer groups as the pool, which takes the district over again when they go.
    """
    asked = dict.fromkeys(map(_known, service or all_services()), workers)
    config = StackConfig(state=folder.resolve())
    _refuse_what_cannot_be(_running(config), check_code(district), asked)
    wanted = dedicated.ask(config.run, district, asked)
    if not run(_settled(config, wanted)):
        fail(f"Not ready within {dedicated.READY_SECONDS:.0f} s. What is: gridwhistle status --state {folder}")
    _show(_workers(_running(config)), as_json=as_json)


def _known(service: str) -> str:
    if service not in all_services():
        raise typer.BadParameter(f"there is no service {service!r}", param_hint="--service")
    return service


def _running(config: StackConfig) -> StackState:
    now = state.read(config.run)
    if now is None or state.owner(config.run) is None:
        fail(f"Nothing is running in {config.state}: gridwhistle up")
    return now


def _refuse_what_cannot_be(now: StackState, district: str, asked: Mapping[str, int]) -> None:
    served = {parse_topic(topic).district for topic in with_topics_of_now(now).topics}
    if district not in served and any(asked.values()):
        fail(f"District {district} has no topics here; there are: {', '.join(sorted(served))}.")


async def _settled(config: StackConfig, wanted: frozenset[Place]) -> bool:
    """Wait until the stack has just these, and they have their share; say whether it came to that."""
    deadline = monotonic() + dedicated.READY_SECONDS
    labels = {place.label for place in wanted}
    while monotonic() < deadline:
        found = _workers(_running(config))
        if {one.name for one in found} == labels and all([await _ready(one) for one in found]):
            return True
        await pause(LOOK_SECONDS)
    return False


def _workers(now: StackState) -> list[ComponentState]:
    return [one for one in now.components if dedicated.is_label(one.name)]


async def _ready(worker: ComponentState) -> bool:
    return await probes.http(f"http://{HOST}:{worker.port}/readyz")()


def _show(workers: list[ComponentState], *, as_json: bool) -> None:
    if as_json:
        print_json([one.model_dump() for one in workers])
    elif not workers:
        say("No district has workers of its own; the pool serves all of them.")
    else:
        rows = [(one.name, f"http://{HOST}:{one.port}", f"{one.pid}") for one in workers]
        print_table(("worker", "address", "pid"), rows, "Workers for one district")
