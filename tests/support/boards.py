"""The dashboards as Grafana reads them: their panels, and what these ask when somebody looks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.support.promql import DASHBOARDS

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """One panel of one dashboard."""

    board: str
    panel: Json

    @property
    def where(self) -> str:
        """Name it for a person."""
        return f"{self.board} / {self.panel['title']}"

    @property
    def asks(self) -> list[Json]:
        """Return its questions."""
        targets: list[Json] = self.panel["targets"]
        return targets


def boards() -> Mapping[str, Json]:
    """Return every dashboard by the name of its file."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in DASHBOARDS}


def shown() -> Iterator[Shown]:
    """Yield every panel that shows something."""
    for name, board in boards().items():
        yield from (Shown(name, panel) for panel in board["panels"] if panel["type"] != "row")


def filled(expr: str, board: Json, interval: str) -> str:
    """Put into a question what Grafana would: all that the variables have, and an interval for rates."""
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            expr = expr.replace(f"${variable['name']}", variable["allValue"])
    return expr.replace("$__rate_interval", interval)
