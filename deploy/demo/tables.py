"""The tables a director reads when the day is over, in Chinese with English where it helps. From a tally, no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from statistics import mean

from rich.table import Table

from deploy.demo.figures import DepartmentFigures, TeamFigures
from deploy.demo.habits import ZONE
from deploy.demo.remarkable import REASONS, minutes, name
from deploy.demo.tally import Tally
from deploy.demo.world import World

BUSIEST = 16
NO_CHANNEL = "（无联系方式 no address）"
OUTCOMES = ("queued", "delivered", "failed", "unknown", "suppressed", "acknowledged")
OUTCOME_NAMES = ("排队", "送达", "失败", "未知", "未发", "已阅")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold cyan", header_style="bold", pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    return table


def percent(part: float | None) -> str:
    """Return a share in percent, a dash for nothing."""
    return "—" if part is None else f"{part:.1%}"


def hours(value: float | None) -> str:
    """Return hours with one decimal, a dash for nothing."""
    return "—" if value is None else f"{value:.1f}"


def closing_rate(tally: Tally) -> float | None:
    """Return the closed share of the cases that were not withdrawn."""
    closed = tally.in_state("closed")
    counted = closed + tally.open_cases
    return closed / counted if counted else None


def on_time_rate(tally: Tally) -> float | None:
    """Return the share of handling clocks in time, of those done or overdue."""
    return _together(tally.departments.items()).on_time_rate


def mean_hours(tally: Tally) -> float | None:
    """Return the mean time from report to the lead's completion of the closed cases, in hours."""
    closed = [case.handling for case in tally.cases.values() if case.state == "closed" and case.handling is not None]
    return mean(closed) / 3600 if closed else None


def overview(tally: Tally, submitted: int, duplicates: int) -> Table:
    """Return the day in one table."""
    events = tally.events
    table = _table("总览 Overview", "指标", "数")
    rows: Iterable[tuple[str, object]] = (
        ("上报 reports submitted", submitted),
        ("  受理 accepted", tally.accepted),
        ("    其中合并 of which merged into a case already there", events["report.merged"]),
        ("  重复 exact duplicates", duplicates),
        ("  退回 rejected, each a dead letter", sum(tally.rejected_reports.values())),
        ("案件 cases", len(tally.cases)),
        ("办结 closed", tally.in_state("closed")),
        ("在办 open", tally.open_cases),
        ("作废 withdrawn", tally.in_state("withdrawn")),
        ("办结率 closing rate", percent(closing_rate(tally))),
        ("按时率 on-time rate of tasks", percent(on_time_rate(tally))),
        ("平均办理时长（小时）mean handling hours", hours(mean_hours(tally))),
        ("预警 warnings / 超时 breaches", f"{events['clock.warned']} / {tally.breaches}"),
        ("退单 returns / 核查不通过 reopened", f"{events['task.returned']} / {events['case.reopened']}"),
        ("调解达成 agreed / 已履行 fulfilled", f"{events['agreement.signed']} / {events['agreement.fulfilled']}"),
        ("巡查值守 patrols and duties / 补正 made good", f"{events['work.recorded']} / {events['work.made-good']}"),
        ("漏巡 rounds missed, each one notice", events["work.missed"]),
    )
    for label, value in rows:
        table.add_row(label, f"{value:,}" if isinstance(value, int) else str(value))
    return table


def partners(tally: Tally) -> Table:
    """Return the reports by partner."""
    table = _table("来源 Reports by partner", "来源", "受理", "合并", "退回")
    ids = {partner for partner, _ in tally.reports} | set(tally.rejected_reports)
    for partner in sorted(ids, key=lambda one: -tally.reports[one, "accepted"]):
        counts = (tally.reports[partner, "accepted"], tally.reports[partner, "merged"], tally.rejected_reports[partner])
        table.add_row(partner, *map(str, counts))
    return table


def departments(world: World, tally: Tally) -> Table:
    """Return the departments, the busiest first."""
    table = _table("部门 Departments", "部门", "派单", "完成", "退单", "按时率", "平均时长 h", "超时")
    busy = sorted(tally.departments.items(), key=lambda item: -item[1].tasks["assigned"])
    shown = [item for item in busy if item[1].tasks["assigned"]]
    for (district, code), figures in shown[:BUSIEST]:
        found = world.districts[district].index.department(code)
        table.add_row(found.name if found else code, *_department_cells(figures))
    if len(shown) > BUSIEST:
        table.add_row(
            f"其余 {len(shown) - BUSIEST} 个部门", *_department_cells(_together(shown[BUSIEST:])), style="dim"
        )
    return table


def _department_cells(figures: DepartmentFigures) -> Iterator[str]:
    yield from (str(figures.tasks[word]) for word in ("assigned", "completed", "returned"))
    yield percent(figures.on_time_rate)
    yield hours(figures.mean_hours)
    yield str(figures.breaches)


def _together(rest: Iterable[tuple[object, DepartmentFigures]]) -> DepartmentFigures:
    total = DepartmentFigures()
    for _, figures in rest:
        total.tasks.update(figures.tasks)
        total.verdicts.update(figures.verdicts)
        total.overdue |= figures.overdue
        total.breaches += figures.breaches
        total.handling |= figures.handling
    return total


def whistles(world: World, tally: Tally) -> Table:
    """Return the joint teams in the order they were summoned."""
    table = _table("吹哨报到 Whistles", "时间", "案件", "原因", "应到", "实到", "缺席或迟到", "到场用时", "处置用时")
    for column in (1, 5):
        table.columns[column].justify = "left"
    for team in sorted(tally.teams.values(), key=lambda one: one.blown):
        table.add_row(*_team_cells(world, team, tally))
    return table


def _team_cells(world: World, team: TeamFigures, tally: Tally) -> Iterator[str]:
    case = tally.cases.get(team.case_id)
    yield f"{team.blown.astimezone(ZONE):%H:%M}"
    yield f"{case.category if case else ''} {team.case_id}"
    yield REASONS.get(team.reason, team.reason) + (f" ×{team.rounds}" if team.rounds > 1 else "")
    yield str(len(team.members))
    yield str(len(team.present))
    gone = sorted(team.absent - set(team.present))
    late = sorted(team.absent & set(team.present))
    names = [name(world, team.case_id, one) for one in gone]
    names += [f"{name(world, team.case_id, one)}（迟到）" for one in late]
    yield "、".join(names) or "无"
    yield minutes(team.mustered) if team.mustered is not None else "未达"
    yield minutes(team.stood_down) if team.stood_down is not None else "处置中"


def notices(tally: Tally) -> Table:
    """Return the notices by channel and outcome."""
    table = _table("通知 Notices by channel", "渠道", *OUTCOME_NAMES)
    for channel in sorted({channel for channel, _ in tally.notices}):
        shown = NO_CHANNEL if channel == "none" else channel
        table.add_row(shown, *(str(tally.notices[channel, outcome]) for outcome in OUTCOMES))
    return table


def letters(tally: Tally) -> Table:
    """Return the dead letters by reason, each with the sentence of the first."""
    table = _table("死信 Dead letters by reason", "原因", "数", "服务", "例")
    table.columns[3].justify = "left"
    table.columns[3].max_width = 70
    for (service, error), count in tally.letters.most_common():
        table.add_row(error, str(count), service, tally.samples[service, error].message)
    return table
