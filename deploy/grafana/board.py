"""How a dashboard is written down: its variables, the links to the others, its rows of panels one below the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deploy.grafana.panels import SOURCE, Json, Panel

COLUMNS = 24
TAG = "gridwhistle"


@dataclass(frozen=True, slots=True)
class Variable:
    """What is chosen at the top: all values that a label has."""

    name: str
    label: str
    values: str

    def json(self) -> Json:
        """Return it as Grafana reads it; all are chosen to begin with."""
        return {
            "name": self.name,
            "label": self.label,
            "type": "query",
            "datasource": SOURCE,
            "query": {"query": self.values, "refId": self.name},
            "refresh": 2,
            "sort": 1,
            "multi": True,
            "includeAll": True,
            "allValue": ".*",
            "current": {"text": ["All"], "value": ["$__all"]},
            "hide": 0,
        }


DISTRICT = Variable("district", "区县 district", "label_values(gridwhistle_router_open_cases, district)")
DEPARTMENT = Variable(
    "department", "部门 department", 'label_values(gridwhistle_router_open_tasks{district=~"$district"}, department)'
)


@dataclass(frozen=True, slots=True)
class Row:
    """Panels that belong together."""

    zh: str
    en: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard; `name` is its file and the end of its uid."""

    name: str
    zh: str
    en: str
    about: str
    variables: Sequence[Variable]
    rows: Sequence[Row]

    def json(self) -> Json:
        """Return it as Grafana reads it."""
        return {
            "uid": f"gridwhistle-{self.name}",
            "title": f"{self.zh} {self.en}",
            "description": self.about,
            "tags": [TAG],
            "timezone": "Asia/Shanghai",
            "schemaVersion": 41,
            "version": 1,
            "editable": True,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": "now-24h", "to": "now"},
            "annotations": {"list": []},
            "links": [_LINKS],
            "templating": {"list": [_DATASOURCE, *(one.json() for one in self.variables)]},
            "panels": list(self._placed()),
        }

    def _placed(self) -> Iterator[Json]:
        """Yield rows and panels, numbered, each where there is room in its line."""
        number = y = 0
        for row in self.rows:
            number, y = number + 1, y + 1
            yield _heading(row, number, y - 1)
            x = height = 0
            for panel in row.panels:
                if x + panel.width > COLUMNS:
                    x, y, height = 0, y + height, 0
                number += 1
                yield panel.json(number, x, y)
                x, height = x + panel.width, max(height, panel.height)
            y += height


def _heading(row: Row, number: int, y: int) -> Json:
    place = {"h": 1, "w": COLUMNS, "x": 0, "y": y}
    title = f"{row.zh} {row.en}"
    return {"id": number, "type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []}


_DATASOURCE: Json = {
    "name": "datasource",
    "label": "数据源 data source",
    "type": "datasource",
    "query": "prometheus",
    "current": {"text": "Prometheus", "value": "prometheus"},
    "hide": 0,
    "refresh": 1,
    "regex": "",
    "multi": False,
    "includeAll": False,
}
_LINKS: Json = {
    "title": "看板 dashboards",
    "type": "dashboards",
    "tags": [TAG],
    "icon": "external link",
    "tooltip": "",
    "url": "",
    "asDropdown": False,
    "targetBlank": False,
    "includeVars": True,
    "keepTime": True,
}


def jump(board: str, zh: str, variable: str, value: str) -> Json:
    """Return a link from a bar or a cell to another dashboard, with what it stands for chosen there."""
    where = f"/d/gridwhistle-{board}?var-{variable}={value}&${{__url_time_range}}"
    return {"title": zh, "url": where, "targetBlank": False}


DEPARTMENT_BAR = jump("department", "打开该部门 open", "department", "${__field.labels.department}")
