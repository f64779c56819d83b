"""What a running stack looks like to a person: where everything is, and what went wrong."""

from collections import Counter
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from deploy.local.machine import HOST
from deploy.local.state import ComponentState, StackState
from shared.contracts.topics import parse_topic

PHASE_STYLE = {"ready": "green", "degraded": "red", "failed": "red"}


def short(path: str) -> str:
    """Return a path as one would type it from here."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path


def render(now: StackState) -> RenderableType:
    """Return the whole picture."""
    parts: list[RenderableType] = [_components(now), _places(now)]
    parts += [Text(problem, style="red") for problem in now.problems]
    return Group(*parts)


def _components(now: StackState) -> Table:
    table = Table(
        title=f"GridWhistle 网格哨: {now.phase}", title_style=PHASE_STYLE.get(now.phase, ""), title_justify="left"
    )
    for heading in ("component", "address", "log", "pid"):
        table.add_column(heading, overflow="fold")
    for component in now.components:
        table.add_row(*_row(component))
    return table


def _row(component: ComponentState) -> tuple[str, ...]:
    address = f"{HOST}:{component.port}"
    pid = str(component.pid) if component.pid else "[red]down[/red]"
    return component.name, f"http://{address}" if component.service else address, short(component.log), pid


def _places(now: StackState) -> Table:
    places = Table(show_header=False, box=None)
    places.add_column(style="bold")
    places.add_column(overflow="fold")
    intake = next((one for one in now.components if one.name == "intake"), None)
    if intake:
        places.add_row(
            "reports in", f"POST http://{HOST}:{intake.port}/v1/reports or topics gw.<district>.in.<partner>"
        )
    places.add_row("health", "/healthz /readyz /metrics on each service's address")
    places.add_row("bootstrap", f"{now.bootstrap} ({now.broker}{', asks for user and password' if now.secure else ''})")
    places.add_row("mongo", now.mongo_url)
    for line in _topics(now.topics):
        places.add_row("topics", line)
    places.add_row("data, keys", f"{short(now.state)}, {short(now.state)}/secrets (API keys: http-clients.json)")
    places.add_row("settings", f"set -a; . {short(now.state)}/client.env")
    if now.secure:
        keys = f"{short(now.state)}/secrets"
        places.add_row("passwords", f"{keys}/kafka, {keys}/mongo; {keys}/ca.pem; the settings are the operator's")
    places.add_row(
        "end it", "gridwhistle down" if short(now.state) == ".local" else f"gridwhistle down --state {now.state}"
    )
    return places


def _topics(names: tuple[str, ...]) -> list[str]:
    """Return a line a district: its internal topics, and from how many partners it hears."""
    inbound: Counter[str] = Counter()
    internal: dict[str, list[str]] = {}
    for name in names:
        topic = parse_topic(name)
        inbound[topic.district] += topic.partner is not None
        internal.setdefault(topic.district, []).extend([topic.suffix] if topic.suffix else [])
    return [
        f"gw.{district}.{{{','.join(suffixes)}}} + gw.{district}.in.<{inbound[district]} partners>"
        for district, suffixes in internal.items()
    ]
