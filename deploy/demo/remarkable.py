"""What a director would want to be told at once, in one line of Chinese; most events are not remarkable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from deploy.demo.habits import ZONE
from deploy.demo.world import World
from shared.contracts import cases as said
from shared.contracts import disputes, incidents
from shared.contracts import escalations as timed
from shared.contracts.base import Event

REASONS = {"refusals": "多次退单", "ladder": "超时升级", "opening": "立案即联动", "hand": "人工吹哨"}


@dataclass(frozen=True, slots=True)
class Remark:
    """One line: when, how serious (a rich style), what."""

    at: datetime
    style: str
    text: str

    @property
    def clock(self) -> str:
        """The virtual time of day."""
        return f"{self.at.astimezone(ZONE):%H:%M}"


def name(world: World, case_id: str, department: str) -> str:
    """Return what a department is called."""
    found = world.of(case_id).index.department(department)
    return found.name if found else department


def minutes(seconds: float) -> str:
    """Return a length of time in minutes."""
    return f"{seconds / 60:.0f} 分钟"


def remark(world: World, event: Event) -> Remark | None:
    """Return the line for an event, None for an ordinary one."""
    for kind, (style, write) in _LINES.items():
        if isinstance(event, kind):
            text = write(world, event)
            return Remark(event.occurred_at, style, f"{event.case_id[-8:]} {text}") if text else None
    return None


def _opened(_: World, event: said.CaseOpened) -> str:
    return f"一级事件 {event.category_name or event.category}：{event.text[:28]}" if event.severity == 1 else ""


def _returned(world: World, event: said.TaskReturned) -> str:
    to = f"，建议 {name(world, event.case_id, event.suggest)}" if event.suggest else ""
    who = name(world, event.case_id, event.department)
    return f"退单 {event.count}/{event.allowed} {who}：{event.reason}{to}"


def _closed(world: World, event: said.CaseClosed) -> str:
    """Say that a case is solved for which a team was on the spot."""
    together = world.desk.file(event.case_id).present
    return f"联合处置办结，历时 {event.handling_seconds / 3600:.1f} 小时" if together else ""


def _escalated(world: World, event: timed.CaseEscalated) -> str:
    return f"升级到 {event.level} 级 {name(world, event.case_id, event.owner)}" if event.level > 1 else ""


def _summoned(world: World, event: timed.TeamSummoned) -> str:
    who = "、".join(name(world, event.case_id, one.department) for one in event.members)
    again = f"第 {event.round} 次" if event.round > 1 else ""
    by = f"{event.muster_by.astimezone(ZONE):%H:%M}"
    return f"{again}吹哨（{REASONS.get(event.reason, event.reason)}）{who}，{by} 前到场"


def _absent(world: World, event: timed.TeamAbsent) -> str:
    return f"未到场 {name(world, event.case_id, event.department)}"


def _on_scene(_: World, event: timed.TeamOnScene) -> str:
    return f"部门报到 {len(event.present)} 家到场，用时 {minutes(event.muster_seconds)}"


def _failed(_: World, event: timed.TeamMusterFailed) -> str:
    return f"到场不足 {len(event.present)} 家"


def _stood_down(_: World, event: timed.TeamStoodDown) -> str:
    return f"联合处置结束，吹哨后 {minutes(event.seconds)}"


def _surge(_: World, event: incidents.SurgeDetected) -> str:
    return f"群体性事件：{event.text}，立总案"


def _batch(_: World, event: disputes.BatchProgressed) -> str:
    of = f"/{event.expected}" if event.expected else ""
    return f"群体性纠纷 {event.files}{of} 户建档，达成协议 {event.agreed} 户，已履行 {event.fulfilled} 户"


def _taken_apart(_: World, event: incidents.ReportUnmerged) -> str:
    return f"误并分出 {event.own_case_id[-8:]}：{event.reason}"


_LINES: dict[type[Event], tuple[str, Callable[..., str]]] = {
    said.CaseOpened: ("bold red", _opened),
    incidents.SurgeDetected: ("bold red", _surge),
    incidents.ReportUnmerged: ("cyan", _taken_apart),
    disputes.BatchProgressed: ("magenta", _batch),
    said.TaskReturned: ("yellow", _returned),
    said.CaseClosed: ("bold green", _closed),
    timed.CaseEscalated: ("red", _escalated),
    timed.TeamSummoned: ("bold yellow", _summoned),
    timed.TeamAbsent: ("bold red", _absent),
    timed.TeamOnScene: ("bold green", _on_scene),
    timed.TeamMusterFailed: ("bold red", _failed),
    timed.TeamStoodDown: ("green", _stood_down),
}
