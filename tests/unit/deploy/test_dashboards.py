from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from deploy.grafana.__main__ import FOLDER, found, text
from tests.support.boards import Json, boards, shown
from tests.support.promql import METRIC, ROOT, catalogue, rules

with warnings.catch_warnings():
    # It would rather have us write dashboards for a version of Grafana that is not out of its trial.
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.plugins import register_default_plugins
    from grafana_foundation_sdk.models import units
    from grafana_foundation_sdk.models.dashboard import Dashboard

CHINESE = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"[a-z]{2}|p\d\d", re.IGNORECASE)
BOARDS = boards()
PANELS = list(shown())
VARIABLE = re.compile(r"\$(\w+)")
JUMP = re.compile(r"^/d/([a-z-]+)\?var-(\w+)=")
PROVISIONING = ROOT / "deploy" / "grafana" / "provisioning"

UNSHOWN: dict[str, str] = {}
"""Metrics that are on no panel and in no rule, each with the reason why."""


def test_the_files_are_what_the_code_writes() -> None:
    """Whoever edits a file by hand loses it with the next `make dashboards`; this says so first."""
    assert {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")} == {
        f"{board.name}.json": text(board) for board in found()
    }


@pytest.mark.parametrize("name", BOARDS)
def test_grafana_s_own_model_keeps_every_field(name: str) -> None:
    """Read into the classes that Grafana's makers generate from its schemas, what these do not know is gone."""
    register_default_plugins()
    kept = json.loads(JSONEncoder().encode(Dashboard.from_json(BOARDS[name])))
    assert list(_lost(BOARDS[name], kept, name)) == []


def _lost(said: Any, kept: Any, where: str) -> Iterator[str]:
    """Yield what was not kept as it was said; what the model adds are its defaults."""
    if isinstance(said, dict) and isinstance(kept, dict):
        for key, value in said.items():
            yield from _lost(value, kept.get(key, "nothing"), f"{where}.{key}")
    elif isinstance(said, list) and isinstance(kept, list) and len(said) == len(kept):
        for number, (one, other) in enumerate(zip(said, kept, strict=True)):
            yield from _lost(one, other, f"{where}[{number}]")
    elif said != kept:
        yield f"{where}: {said!r} became {kept!r}"


def test_panels_speak_both_languages_and_have_units_of_grafana_s() -> None:
    """Monitoring staff read Chinese; whoever mends the system reads English and the description."""
    known = {value for value in vars(units).values() if isinstance(value, str)}
    for one in PANELS:
        assert CHINESE.search(one.panel["title"]), one.where
        assert LATIN.search(one.panel["title"]), one.where
        assert one.panel["description"], one.where
        assert not CHINESE.search(one.panel["description"]), one.where
        unit = one.panel["fieldConfig"]["defaults"]["unit"]
        assert unit in known or unit.startswith("suffix:"), one.where


@pytest.mark.parametrize("name", BOARDS)
def test_panels_have_ids_of_their_own_and_do_not_lie_over_each_other(name: str) -> None:
    """Where Grafana would move them about."""
    panels = BOARDS[name]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [cell for panel in panels for cell in _cells(panel["gridPos"])]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def _cells(place: dict[str, int]) -> Iterator[tuple[int, int]]:
    for x in range(place["x"], place["x"] + place["w"]):
        yield from ((x, y) for y in range(place["y"], place["y"] + place["h"]))


@pytest.mark.parametrize("name", BOARDS)
def test_variables_are_declared_and_used(name: str) -> None:
    """One that is not there stays in the question as it is, and nothing is found."""
    board = BOARDS[name]
    declared = {one["name"]: one["query"]["query"] for one in board["templating"]["list"] if one["type"] == "query"}
    asked = [ask["expr"] for panel in board["panels"] for ask in panel.get("targets", [])]
    used = {variable for expr in (*asked, *declared.values()) for variable in VARIABLE.findall(expr)}
    assert used - {"__rate_interval"} == declared.keys()


def test_links_lead_to_a_dashboard_with_what_was_clicked_chosen() -> None:
    """Of bars and cells; those at the top find all dashboards by their tag."""
    by_uid: dict[str, Json] = {board["uid"]: board for board in BOARDS.values()}
    assert len(by_uid) == len(BOARDS)
    jumps = [jump["url"] for one in PANELS for jump in one.panel["fieldConfig"]["defaults"].get("links", [])]
    assert jumps
    for url in jumps:
        uid, variable = _where(url)
        assert variable in {one["name"] for one in by_uid[uid]["templating"]["list"]}
    for board in BOARDS.values():
        assert board["links"][0]["tags"] == board["tags"]


def _where(url: str) -> tuple[str, str]:
    match = JUMP.match(url)
    assert match, url
    return match[1], match[2]


def test_every_metric_is_on_a_panel_or_in_a_rule() -> None:
    """One that nobody looks at costs memory on both sides, and whoever needed it did not know of it."""
    asked = {name for one in PANELS for ask in one.asks for name in METRIC.findall(ask["expr"])}
    asked |= {name for rule in rules() for name in METRIC.findall(rule["expr"])}
    unasked = {metric for metric, names in catalogue().items() if not names & asked}
    assert unasked == UNSHOWN.keys()


def test_grafana_is_given_these_files_and_opens_the_overview() -> None:
    """What compose mounts, what the provider reads and what opens first agree."""
    grafana = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]["grafana"]
    mounted = dict(reversed(volume.split(":")[:2]) for volume in grafana["volumes"])
    provider = yaml.safe_load((PROVISIONING / "dashboards" / "gridwhistle.yml").read_text(encoding="utf-8"))
    path = provider["providers"][0]["options"]["path"]
    assert (ROOT / mounted[path]).resolve() == FOLDER
    assert (ROOT / mounted["/etc/grafana/provisioning"]).resolve() == PROVISIONING
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{path}/overview.json"
    assert (FOLDER / "overview.json").is_file()
