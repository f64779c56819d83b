"""A dashboard as a picture: each panel at its place, drawn from the answers to its own questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from tests.pictures import fonts, saying
from tests.support.prometheus import Series

Json = dict[str, Any]
Answers = Sequence[tuple[Json, Sequence[Series]]]

COLUMNS, CELL_INCHES, WIDE_INCHES = 24, 0.30, 15.0
DPI, SHADES = 100, 48
MOST_NAMED = 9


@dataclass(frozen=True, slots=True)
class Span:
    """What is shown: from an instant on, so many hours of a day."""

    begin: float
    hours: int = 24


def picture(board: Json, answers: Callable[[Json], Answers], span: Span, file: Path) -> None:
    """Draw a dashboard into a file; in few colours, for a page of documentation is not a gallery."""
    mpl.rcParams.update({"font.family": fonts.families(), "font.size": 7.5, "axes.unicode_minus": False})
    deep = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"]) + 1
    figure = plt.figure(figsize=(WIDE_INCHES, deep * CELL_INCHES), dpi=DPI, facecolor="#f4f5f7")
    figure.text(0.008, 1 - 0.5 / deep, fonts.shown(board["title"]), fontsize=12, weight="bold", va="center")
    for panel in board["panels"]:
        _panel(figure, panel, answers, span, deep)
    figure.savefig(file, dpi=DPI, facecolor=figure.get_facecolor())
    plt.close(figure)
    with Image.open(file) as drawn:
        drawn.convert("RGB").quantize(SHADES).save(file, optimize=True)


def _panel(figure: Figure, panel: Json, answers: Callable[[Json], Answers], span: Span, deep: int) -> None:
    at = panel["gridPos"]
    left, width = at["x"] / COLUMNS, at["w"] / COLUMNS
    top, high = 1 - (at["y"] + 1) / deep, at["h"] / deep
    title = fonts.shown(panel["title"])
    if panel["type"] == "row":
        figure.text(left + 0.008, top - high / 2, title, fontsize=9, weight="bold", color="#555555", va="center")
        return
    card = figure.add_axes((left + 0.003, top - high + 0.12 / deep, width - 0.006, high - 0.24 / deep))
    card.set(xticks=[], yticks=[], facecolor="white")
    card.spines[:].set_color("#d9dce1")
    figure.text(left + 0.008, top - 0.55 / deep, title, fontsize=8, va="center")
    inner = (left + width * INSET[panel["type"]], top - high + 0.75 / deep, width * 0.985, high - 1.9 / deep)
    axes = figure.add_axes((inner[0], inner[1], left + inner[2] - inner[0], inner[3]))
    DRAWN[panel["type"]](axes, panel, answers(panel), span)


def _stat(axes: Axes, panel: Json, answers: Answers, span: Span) -> None:
    del span
    axes.axis("off")
    values = [series[1][-1][1] for _, found in answers for series in found]
    number = values[0] if values else float("nan")
    said = saying.value(number, panel["fieldConfig"]["defaults"]["unit"])
    axes.text(0.5, 0.45, said, fontsize=20, weight="bold", ha="center", va="center", color=saying.colour(number, panel))


def _bars(axes: Axes, panel: Json, answers: Answers, span: Span) -> None:
    del span
    unit = panel["fieldConfig"]["defaults"]["unit"]
    found = [
        (fonts.shown(saying.name(labels, ask["legendFormat"], panel)), values[-1][1])
        for ask, series in answers
        for labels, values in series
    ]
    axes.spines[:].set_visible(False)
    axes.set_xticks([])
    axes.tick_params(length=0, labelsize=6.5)
    names, numbers = [one for one, _ in found], [number for _, number in found]
    axes.barh(range(len(found)), numbers, color=[saying.colour(one, panel) for one in numbers], height=0.7)
    axes.set_yticks(range(len(found)), names)
    axes.invert_yaxis()
    axes.set_xlim(0, max([*numbers, 0.01]) * 1.18)
    for place, number in enumerate(numbers):
        axes.text(number, place, f" {saying.value(number, unit)}", va="center", fontsize=6.5)


def _lines(axes: Axes, panel: Json, answers: Answers, span: Span) -> None:
    unit = panel["fieldConfig"]["defaults"]["unit"]
    stacked = panel["fieldConfig"]["defaults"]["custom"]["stacking"]["mode"] == "normal"
    found = [
        (saying.name(labels, ask["legendFormat"], panel), values) for ask, some in answers for labels, values in some
    ]
    found.sort(key=lambda one: -max((abs(value) for _, value in one[1]), default=0))
    below: dict[float, float] = {}
    for place, (name, values) in enumerate(found):
        hours = [(at - span.begin) / 3_600 for at, _ in values]
        base = [below.get(at, 0.0) for at, _ in values] if stacked else [0.0] * len(values)
        shown = [start + value for start, (_, value) in zip(base, values, strict=True)]
        label = fonts.shown(name) if place < MOST_NAMED else None
        (line,) = axes.plot(hours, shown, linewidth=0.9, label=label)
        if stacked:
            axes.fill_between(hours, base, shown, color=line.get_color(), alpha=0.35, linewidth=0)
            below.update(zip((at for at, _ in values), shown, strict=True))
    _framed(axes, panel, unit, span, crowded=len(found) > MOST_NAMED)


def _framed(axes: Axes, panel: Json, unit: str, span: Span, *, crowded: bool) -> None:
    for step in panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", [])[1:]:
        axes.axhline(step["value"], color=saying.COLOURS[step["color"]], linewidth=0.7, linestyle="--")
    axes.set_xlim(0, span.hours)
    axes.set_ylim(bottom=0, top=1.04 if unit == "percentunit" else None)
    axes.set_xticks(range(0, span.hours + 1, 4))
    axes.xaxis.set_major_formatter(lambda hour, _: f"{hour:02.0f}:00")
    axes.yaxis.set_major_formatter(lambda number, _: saying.value(number, unit))
    axes.grid(color="#e8eaee", linewidth=0.5)
    axes.tick_params(labelsize=6.5, length=2)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.get_legend_handles_labels()[1]:
        title = "…" if crowded else None
        axes.legend(loc="upper left", fontsize=6, ncols=2, framealpha=0.7, edgecolor="none", title=title)


def _table(axes: Axes, panel: Json, answers: Answers, span: Span) -> None:
    """Draw a row for each set of labels, a column for each question."""
    del span
    axes.axis("off")
    labels = sorted({name for _, found in answers for one, _ in found for name in one})
    rows: dict[tuple[str, ...], dict[str, float]] = {}
    for ask, found in answers:
        for one, values in found:
            rows.setdefault(tuple(one.get(name, "") for name in labels), {})[ask["legendFormat"]] = values[-1][1]
    shown = sorted(rows.items(), key=lambda row: -sum(row[1].values()))[:12]
    units = {one["matcher"]["options"]: one["properties"][0]["value"] for one in panel["fieldConfig"]["overrides"]}
    columns = [ask["legendFormat"] for ask, _ in answers]
    cells = [
        [*key, *(saying.value(row[name], units.get(name, "short")) if name in row else "—" for name in columns)]
        for key, row in shown
    ]
    heads = [fonts.shown(one) for one in (*(_heading(panel, name) for name in labels), *columns)]
    drawn = axes.table(cells, colLabels=heads, loc="upper center", cellLoc="center", edges="horizontal")
    drawn.auto_set_font_size(False)  # noqa: FBT003 - it has no name for what it takes
    drawn.set_fontsize(7)


def _heading(panel: Json, label: str) -> str:
    return str(panel["transformations"][1]["options"]["renameByName"].get(label, label))


INSET = {"stat": 0.02, "bargauge": 0.34, "timeseries": 0.1, "table": 0.01}
DRAWN: dict[str, Callable[[Axes, Json, Answers, Span], None]] = {
    "stat": _stat,
    "bargauge": _bars,
    "timeseries": _lines,
    "table": _table,
}
