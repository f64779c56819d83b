"""How a panel is written down for Grafana: kind, questions, units, thresholds. What is asked stands in `boards`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
Words: TypeAlias = Mapping[str, str]
Steps: TypeAlias = Sequence[tuple[float, str]]

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
GOOD, WATCH, BAD = "green", "orange", "red"
NOTHING = "—"
"""Shown where a district has had none of it yet: no whistle, no department late."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to Prometheus; `legend` names its answers, and heads its column in a table."""

    expr: str
    legend: str = "__auto"


def shares(buckets: str, window: str) -> tuple[Ask, ...]:
    """Return the questions what half and what nine tenths of a histogram did not exceed within a window."""
    return tuple(
        Ask(f"histogram_quantile({share}, sum by (le) (increase({buckets}[{window}])))", name)
        for share, name in ((0.5, "p50"), (0.9, "p90"))
    )


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. `steps`: from which value on it has which colour; `words`: what its series are called."""

    kind: str
    zh: str
    en: str
    about: str
    asks: Sequence[Ask]
    unit: str = "short"
    width: int = 8
    height: int = 8
    steps: Steps = ()
    words: Words = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    ceiling: float | None = None
    stacked: bool = False
    jump: Json | None = None

    @property
    def title(self) -> str:
        """Both languages: staff read the first, whoever mends the system the second."""
        return f"{self.zh} {self.en}"

    @property
    def now(self) -> bool:
        """Tell whether it shows how things stand and not how they went."""
        return self.kind != "timeseries"

    def json(self, number: int, x: int, y: int) -> Json:
        """Return it as Grafana reads it, at its place on the dashboard."""
        said: Json = {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.about,
            "datasource": SOURCE,
            "gridPos": {"h": self.height, "w": self.width, "x": x, "y": y},
            "targets": [self._target(letter, ask) for letter, ask in zip(ascii_uppercase, self.asks, strict=False)],
            "fieldConfig": {"defaults": self._defaults(), "overrides": self._overrides()},
            "options": OPTIONS[self.kind],
        }
        return {**said, "transformations": self._columns()} if self.kind == "table" else said

    def _target(self, letter: str, ask: Ask) -> Json:
        how = {"format": "table"} if self.kind == "table" else {}
        return {
            "refId": letter,
            "datasource": SOURCE,
            "editorMode": "code",
            "expr": ask.expr,
            "legendFormat": ask.legend,
            "instant": self.now,
            "range": not self.now,
            **how,
        }

    def _defaults(self) -> Json:
        said: Json = {"unit": self.unit, "noValue": NOTHING}
        if self.unit == "percentunit":
            said |= {"min": 0, "max": self.ceiling or 1, "decimals": 1}
        elif self.unit == "short":
            said["decimals"] = 0 if self.now else None
        if self.steps:
            said["thresholds"] = {"mode": "absolute", "steps": _steps(self.steps)}
            said["color"] = {"mode": "thresholds" if self.now else "palette-classic"}
        if self.jump:
            said["links"] = [self.jump]
        if self.kind == "timeseries":
            said["custom"] = _drawn(marked=bool(self.steps), stacked=self.stacked)
        return {name: value for name, value in said.items() if value is not None}

    def _overrides(self) -> list[Json]:
        """Name series and give columns their units."""
        words = {} if self.kind == "table" else self.words
        named = [_override(name, "displayName", f"{word} {name}") for name, word in words.items()]
        return named + [_override(name, "unit", unit) for name, unit in self.units.items()]

    def _columns(self) -> list[Json]:
        """Put the answers of a table side by side, each under its heading."""
        headings = {f"Value #{letter}": ask.legend for letter, ask in zip(ascii_uppercase, self.asks, strict=False)}
        shown = {"excludeByName": {"Time": True}, "renameByName": {**headings, **self.words}}
        return [{"id": "merge", "options": {}}, {"id": "organize", "options": shown}]


def _steps(steps: Steps) -> list[Json]:
    first, *others = steps
    return [{"color": first[1], "value": None}, *({"color": color, "value": value} for value, color in others)]


def _override(name: str, what: str, value: str) -> Json:
    return {"matcher": {"id": "byName", "options": name}, "properties": [{"id": what, "value": value}]}


def _drawn(*, marked: bool, stacked: bool) -> Json:
    return {
        "drawStyle": "line",
        "lineWidth": 1,
        "fillOpacity": 40 if stacked else 10,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "dashed" if marked else "off"},
    }


_LAST = {"calcs": ["lastNotNull"], "fields": "", "values": False}
OPTIONS: dict[str, Json] = {
    "stat": {"reduceOptions": _LAST, "colorMode": "value", "graphMode": "none", "textMode": "auto"},
    "bargauge": {"reduceOptions": _LAST, "orientation": "horizontal", "displayMode": "basic", "showUnfilled": True},
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "table": {"showHeader": True, "cellHeight": "sm"},
}


def stat(zh: str, en: str, about: str, expr: str, **more: Any) -> Panel:
    """One number."""
    return Panel("stat", zh, en, about, (Ask(expr),), **{"width": 4, "height": 4, **more})


def bars(zh: str, en: str, about: str, expr: str, legend: str, **more: Any) -> Panel:
    """As many bars as there are answers, e.g. one a department."""
    return Panel("bargauge", zh, en, about, (Ask(expr, legend),), **more)


def lines(zh: str, en: str, about: str, *asks: Ask, **more: Any) -> Panel:
    """How something went."""
    return Panel("timeseries", zh, en, about, asks, **more)


def table(zh: str, en: str, about: str, *asks: Ask, **more: Any) -> Panel:
    """A row a district or department, a column a question."""
    return Panel("table", zh, en, about, asks, **{"width": 24, **more})
