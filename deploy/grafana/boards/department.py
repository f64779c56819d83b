"""部门: how departments stand, side by side and each by itself."""

from __future__ import annotations

from deploy.grafana.board import DEPARTMENT, DISTRICT, Board, Row, jump
from deploy.grafana.panels import BAD, GOOD, WATCH, Ask, bars, lines, table
from deploy.grafana.words import ATTENDANCE, KINDS, STATES, TASKS

IN = 'district=~"$district", department=~"$department"'
RATE_STEPS = ((0, BAD), (0.9, WATCH), (0.95, GOOD))
BY = "by (district, department)"
OPEN_TASKS = f"max by (district, department, state) (gridwhistle_router_open_tasks{{{IN}}})"
TASK = "gridwhistle_router_tasks_total"
DEPARTMENT_CELL = jump("department", "只看该部门 only this", "department", "${__data.fields.department}")

SIDE_BY_SIDE = Row(
    "横向比较",
    "side by side",
    (
        bars(
            "按期率（24 小时）",
            "On-time rate of 24 h",
            "One minus breaches over completions of the last 24 hours: what is late and still open counts at once.",
            f"bottomk(20, gridwhistle:department_on_time:ratio1d{{{IN}}})",
            "{{district}} {{department}}",
            unit="percentunit",
            steps=RATE_STEPS,
            height=12,
        ),
        bars(
            "在办任务",
            "Open tasks",
            "Tasks that somebody is to act on, the twenty with most.",
            f"topk(20, sum by (department) ({OPEN_TASKS}))",
            "{{department}}",
            height=12,
        ),
        bars(
            "到场率（24 小时）",
            "Attendance at whistles",
            "Share of summoned members of the last 24 hours that were on site in time or sent a substitute.",
            f"sum by (department) (increase(gridwhistle_escalation_attendance_total{{{IN}, "
            'outcome=~"present|substituted"}[24h]))'
            f" / (sum by (department) (increase(gridwhistle_escalation_attendance_total{{{IN}}}[24h])) > 0)",
            "{{department}}",
            unit="percentunit",
            steps=((0, BAD), (0.8, WATCH), (1, GOOD)),
            height=12,
        ),
        table(
            "部门一览（24 小时）",
            "Departments at a glance",
            "What happened to the tasks of each in 24 hours; a click on its code shows it alone.",
            *(
                Ask(
                    f'sum {BY} (increase({TASK}{{{IN}, event="{event}"}}[24h]))',
                    f"{word} {event}",
                )
                for event, word in TASKS.items()
            ),
            Ask(f"sum {BY} (increase(gridwhistle_escalation_breaches_total{{{IN}}}[24h]))", "超期 breached"),
            # A department without any has no series: zero for each that has tasks.
            Ask(
                f"sum {BY} (increase(gridwhistle_escalation_flagged_closings_total{{{IN}}}[24h]))"
                f" or 0 * sum {BY} (gridwhistle_router_open_tasks{{{IN}}})",
                "卡点 bulk",
            ),
            words={"district": "区县 district", "department": "部门 department"},
            jump=DEPARTMENT_CELL,
            height=10,
        ),
    ),
)

EACH = Row(
    "经过",
    "over time",
    (
        lines(
            "在办任务（按状态）",
            "Open tasks by state",
            "As last counted by the router; much that waits to be accepted means that nobody looks.",
            Ask(f"sum by (state) ({OPEN_TASKS})", "{{state}}"),
            words=STATES,
            stacked=True,
        ),
        lines(
            "任务",
            "Tasks",
            "Tasks per hour by what happened to them.",
            Ask(f"3600 * sum by (event) (rate({TASK}{{{IN}}}[30m]))", "{{event}}"),
            words=TASKS,
        ),
        lines(
            "退单",
            "Tasks returned",
            "Of the last hour by department; the same case returned twice may end in a whistle.",
            Ask(f'topk(10, sum by (department) (increase({TASK}{{{IN}, event="returned"}}[1h])))', "{{department}}"),
        ),
        lines(
            "超期",
            "Limits passed",
            "Of the last hour by what they limit.",
            Ask(f"sum by (kind) (increase(gridwhistle_escalation_breaches_total{{{IN}}}[1h]))", "{{kind}}"),
            words=KINDS,
        ),
        lines(
            "报到",
            "Attendance",
            "Summoned members of the last hour by whether they came.",
            Ask(f"sum by (outcome) (increase(gridwhistle_escalation_attendance_total{{{IN}}}[1h]))", "{{outcome}}"),
            words=ATTENDANCE,
        ),
        lines(
            "部门指令",
            "Commands of departments",
            "What departments did per hour, and what was refused: a department's partner has its code for a name.",
            Ask(
                "3600 * sum by (outcome) (rate(gridwhistle_intake_commands_total"
                '{district=~"$district", partner=~"$department"}[30m]))',
                "{{outcome}}",
            ),
            words={"accepted": "放行", "rejected": "拒绝"},
        ),
    ),
)

BOARD = Board(
    "department",
    "部门",
    "Department",
    "Departments side by side, and what each did with its tasks, limits and whistles.",
    (DISTRICT, DEPARTMENT),
    (SIDE_BY_SIDE, EACH),
)
