"""A day of the demo, and what all four services say of themselves at each of its moments, in the day's own time.

Prometheus itself lives in real time, in which the day is over in minutes: no hour of it would be one on a dashboard.
So what `/metrics` answers is written down with the virtual instant, in the format that Prometheus imports.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import httpx

from deploy.demo.live import Plain
from deploy.demo.play import Options, config_of, play
from deploy.demo.tally import Tally
from deploy.local.config import FLOW, Ports
from shared.infra.clock import pause

STEP_SECONDS = 120
"""Of the day's own time between two looks, as Prometheus' interval is 15 seconds of ours."""

BLOCK_SECONDS = 7_200
"""Of one block of Prometheus; promtool reads a file once for every block that it might be about."""

SAMPLE = re.compile(r"^(gridwhistle_\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
LOOK_SECONDS = 0.02


class Watch(Plain):
    """The view of a play that knows what time it is in it."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(say)
        self.instant: datetime | None = None

    def show(self, now: datetime, tally: Tally, sent: int) -> None:
        """Note the instant."""
        self.instant = now
        super().show(now, tally, sent)


async def watch(options: Options, folder: Path, say: Callable[[str], None]) -> None:
    """Play the day and write what was to be seen, a file for each two hours.

    Raises:
        StackError: the stack cannot start.
    """
    view = Watch(say)
    watching = asyncio.create_task(_note(view, config_of(options).ports, folder))
    try:
        await play(options, view, say)
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def _note(view: Watch, ports: Ports, folder: Path) -> None:
    due = 0.0
    async with httpx.AsyncClient(timeout=5) as client:
        while True:
            await pause(LOOK_SECONDS)
            if view.instant is not None and view.instant.timestamp() >= due:
                instant = view.instant.timestamp()
                due = instant + STEP_SECONDS
                seen = await asyncio.gather(*(_seen(client, ports, name, instant) for name in FLOW))
                with (folder / f"{instant // BLOCK_SECONDS:.0f}.txt").open("a", encoding="utf-8") as history:
                    history.writelines(line for lines in seen for line in lines)


async def _seen(client: httpx.AsyncClient, ports: Ports, service: str, instant: float) -> Iterator[str]:
    address = f"127.0.0.1:{ports.service(service)}"
    place = f'job="{service}",instance="{address}"'
    try:
        text = (await client.get(f"http://{address}/metrics")).text
    except httpx.TransportError:
        return iter([f"up{{{place}}} 0 {instant:.3f}\n"])
    return _lines(text, place, instant)


def _lines(text: str, place: str, instant: float) -> Iterator[str]:
    yield f"up{{{place}}} 1 {instant:.3f}\n"
    for name, labels, value in SAMPLE.findall(text):
        yield f"{name}{{{labels}{',' if labels else ''}{place}}} {value} {instant:.3f}\n"
