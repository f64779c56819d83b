"""Every question of every dashboard, put to a real Prometheus that watched a day."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import pytest

from deploy.local.config import FLOW
from tests.support.boards import boards, filled, shown
from tests.support.prometheus import Prometheus, Series
from tests.support.short_day import SCRAPE_SECONDS, ShortDay

WATCHED_SECONDS = 600
EXPORTER = "gridwhistle exporter is a process beside the services, with an operator's rights, that no demo starts"
EMPTY = {
    "pipeline / 守恒问题 Conservation": EXPORTER,
    "pipeline / 证书剩余 Next certificate ends in": EXPORTER,
}
"""Panels that have nothing to show after a short day of the demo, each with the reason why."""


@pytest.fixture(scope="module")
def watching(short_day: ShortDay) -> Prometheus:
    """Give the Prometheus that watched the day."""
    assert short_day.done.returncode == 0, short_day.done.stderr[-3_000:]
    if short_day.watching is None:
        pytest.skip("prometheus is not on PATH (Debian: prometheus)")
    return short_day.watching


def end_of(watching: Prometheus) -> float:
    """Return the last instant at which all four services answered, after which there is nothing to see."""
    now = time.time()
    moments = watching.went("sum(up)", now - WATCHED_SECONDS, now, SCRAPE_SECONDS)
    return max(at for _, values in moments for at, answering in values if answering == len(FLOW))


def test_every_panel_of_every_dashboard_has_something_to_show(watching: Prometheus) -> None:
    """An answer, and in it a number: a rate of nothing, or a share of nothing, is an empty panel too."""
    end = end_of(watching)
    empty = {where for where, found in _answers(watching, end) if not _has_a_number(found)}
    assert empty == EMPTY.keys()


def _answers(watching: Prometheus, end: float) -> Iterator[tuple[str, list[Series]]]:
    by_name = boards()
    for one in shown():
        for ask in one.asks:
            expr = filled(ask["expr"], by_name[one.board], "1m")
            if ask["range"]:
                yield one.where, watching.went(expr, end - 30, end, SCRAPE_SECONDS)
            else:
                yield one.where, watching.now(expr, end)


def _has_a_number(found: list[Series]) -> bool:
    return any(math.isfinite(value) for _, values in found for _, value in values)


@pytest.mark.parametrize("name", boards())
def test_what_can_be_chosen_is_there(watching: Prometheus, name: str) -> None:
    """Each variable finds values to choose from."""
    end = end_of(watching)
    for variable in boards()[name]["templating"]["list"]:
        if variable["type"] == "query":
            metric, _, label = (
                variable["query"]["query"].removeprefix("label_values(").removesuffix(")").rpartition(", ")
            )
            found = watching.now(filled(metric, boards()[name], "1m"), end)
            assert {labels[label] for labels, _ in found}, variable["name"]
