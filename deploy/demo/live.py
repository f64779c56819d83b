"""The live view: virtual time, counters, the last remarkable events; plain lines where there is no terminal."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from deploy.demo.habits import ZONE
from deploy.demo.remarkable import Remark
from deploy.demo.tally import Tally

SHOWN = 14
DAY_SECONDS = 24 * 3600
PLAIN_EVERY = timedelta(hours=1)


class View(Protocol):
    """Shows how the day goes."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(self, *exception: object) -> None:
        """End."""

    def show(self, now: datetime, tally: Tally, sent: int) -> None:
        """Show where things stand at a virtual instant."""

    def remark(self, remark: Remark) -> None:
        """Take in something remarkable."""


def counters(tally: Tally, sent: int) -> list[tuple[str, int]]:
    """Return the counters of the view by their names."""
    events = tally.events
    return [
        ("上报 sent", sent),
        ("受理 accepted", tally.accepted),
        ("合并 merged", events["report.merged"]),
        ("立案 opened", events["case.opened"]),
        ("派单 tasks", events["task.assigned"]),
        ("退单 returned", events["task.returned"]),
        ("办结 closed", tally.in_state("closed")),
        ("在办 open", tally.open_cases),
        ("预警 warned", events["clock.warned"]),
        ("超时 breached", tally.breaches),
        ("吹哨 whistles", len(tally.teams)),
        ("到场 on scene", events["team.on-scene"]),
        ("通知 notices", events["notice.delivered"]),
        ("死信 dead letters", sum(tally.letters.values())),
    ]


class Rich:
    """On a terminal: one frame, redrawn."""

    def __init__(self, console: Console, start: datetime, title: str) -> None:
        self._start = start
        self._title = title
        self._remarks: deque[Remark] = deque(maxlen=SHOWN)
        self._live = Live(console=console, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        """Take the frame away."""
        self._live.__exit__(None, None, None)

    def remark(self, remark: Remark) -> None:
        """Put a line at the end of the list."""
        self._remarks.append(remark)

    def show(self, now: datetime, tally: Tally, sent: int) -> None:
        """Redraw."""
        numbers = Table.grid(padding=(0, 3), expand=True)
        cells = [f"[dim]{label}[/] [bold]{number:,}[/]" for label, number in counters(tally, sent)]
        for row in range(0, len(cells), 5):
            numbers.add_row(*cells[row : row + 5])
        passed = (now - self._start).total_seconds()
        clock = Text(f"{now.astimezone(ZONE):%Y-%m-%d %H:%M}", style="bold cyan")
        bar = Table.grid(expand=True)
        bar.add_row(ProgressBar(total=DAY_SECONDS, completed=min(max(0.0, passed), DAY_SECONDS)))
        self._live.update(Panel(Group(clock, bar, numbers, Text(), self._lines()), title=self._title))

    def _lines(self) -> Table:
        table = Table.grid(padding=(0, 1))
        for remark in self._remarks:
            table.add_row(Text(remark.clock, style="dim"), Text(remark.text, style=remark.style, no_wrap=True))
        return table


class Plain:
    """Where nobody can redraw (a pipe, a log): a line an hour, and one for what is most remarkable."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._next: datetime | None = None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *exception: object) -> None:
        """End."""

    def remark(self, remark: Remark) -> None:
        """Print what is bold on a terminal."""
        if "bold" in remark.style:
            self._write(f"{remark.clock} {remark.text}")

    def show(self, now: datetime, tally: Tally, sent: int) -> None:
        """Print the counters when an hour has passed."""
        if self._next is not None and now < self._next:
            return
        self._next = now + PLAIN_EVERY
        told = "  ".join(f"{label.split()[0]} {number}" for label, number in counters(tally, sent))
        self._write(f"{now.astimezone(ZONE):%H:%M} {told}")
