"""一屏观全域: what the director of a centre looks at first; every number leads to the dashboard behind it."""

from __future__ import annotations

from deploy.grafana.board import DISTRICT, Board, Row, jump
from deploy.grafana.boards.pipeline import READY
from deploy.grafana.panels import BAD, GOOD, WATCH, Ask, lines, stat, table
from deploy.grafana.words import CASES, KINDS, LEVELS, NOTICES, REASONS, REPORTS, STATES, SURGES

IN = 'district=~"$district"'
RATE_STEPS = ((0, BAD), (0.9, WATCH), (0.95, GOOD))
REPORTED = f'gridwhistle_intake_reports_total{{{IN}, outcome=~"accepted|merged"}}'
DISTRICT_CELL = jump("district", "打开该区县 open", "district", "${__data.fields.district}")

NOW = Row(
    "此刻",
    "now",
    (
        stat(
            "在办案件",
            "Open cases",
            "Cases that are not over yet, as last counted by the router.",
            f"sum(max by (district, state) (gridwhistle_router_open_cases{{{IN}}}))",
        ),
        stat(
            "24 小时上报",
            "Reports of 24 h",
            "Reports taken in during the last 24 hours, merged ones included.",
            f"sum(increase({REPORTED}[24h]))",
        ),
        stat(
            "24 小时办结率",
            "Closing rate of 24 h",
            "Cases closed over cases opened, both of the last 24 hours; above 1 when a backlog is worked off.",
            f'sum(increase(gridwhistle_router_cases_total{{{IN}, event="closed"}}[24h]))'
            f' / (sum(increase(gridwhistle_router_cases_total{{{IN}, event="opened"}}[24h])) > 0) or vector(1)',
            unit="percentunit",
            ceiling=2,
            steps=((0, BAD), (0.7, WATCH), (0.9, GOOD)),
        ),
        stat(
            "24 小时按期率",
            "On-time rate of 24 h",
            "Share of handling limits of the last 24 hours that were kept, by when the work happened.",
            f'sum(increase(gridwhistle_escalation_clocks_total{{{IN}, kind="handle", event="on_time"}}[24h]))'
            f' / (sum(increase(gridwhistle_escalation_clocks_total{{{IN}, kind="handle", event=~"on_time|late"}}[24h]))'
            " > 0) or vector(1)",
            unit="percentunit",
            steps=RATE_STEPS,
        ),
        stat(
            "未收哨",
            "Open whistles",
            "Joint teams summoned during the last 24 hours and not stood down yet.",
            f'clamp_min(round(sum(increase(gridwhistle_escalation_teams_total{{{IN}, event="summoned"}}[24h]))'
            f' - sum(increase(gridwhistle_escalation_teams_total{{{IN}, event="stood_down"}}[24h]))), 0)',
            steps=((0, GOOD), (1, WATCH), (5, BAD)),
        ),
        READY,
    ),
)

DISTRICTS = Row(
    "各区县",
    "districts",
    (
        table(
            "区县一览",
            "Districts at a glance",
            "One line a district, of the last 24 hours; a click on its code opens its dashboard.",
            Ask(f"sum by (district) (max by (district, state) (gridwhistle_router_open_cases{{{IN}}}))", "在办 open"),
            Ask(
                f"sum by (district) (increase({REPORTED}[24h]))",
                "上报 reports",
            ),
            Ask(
                f'sum by (district) (increase(gridwhistle_router_cases_total{{{IN}, event="closed"}}[24h]))',
                "办结 closed",
            ),
            Ask(
                f'sum by (district) (gridwhistle:clocks_on_time:ratio1d{{{IN}, kind="handle"}})',
                "按期率 on time",
            ),
            Ask(
                f'sum by (district) (increase(gridwhistle_escalation_clocks_total{{{IN}, event="breached"}}[24h]))',
                "超期 breached",
            ),
            Ask(f"sum by (district) (increase(gridwhistle_escalation_whistles_total{{{IN}}}[24h]))", "吹哨 whistles"),
            Ask(
                f'sum by (district) (increase(gridwhistle_router_agreements_total{{{IN}, event="agreed"}}[24h]))',
                "调解达成 agreed",
            ),
            words={"district": "区县 district"},
            units={"按期率 on time": "percentunit"},
            jump=DISTRICT_CELL,
            height=6,
        ),
    ),
)

FLOW = Row(
    "事件",
    "events",
    (
        lines(
            "实时上报",
            "Live events",
            "Reports per hour by what became of them.",
            Ask(
                f"3600 * sum by (outcome) (rate(gridwhistle_intake_reports_total{{{IN}}}[$__rate_interval]))",
                "{{outcome}}",
            ),
            words=REPORTS,
            stacked=True,
        ),
        lines(
            "在办案件（按状态）",
            "Open cases by state",
            "What is open waits for this: a person who classifies, a department, its work, somebody who looks.",
            Ask(f"sum by (state) (max by (district, state) (gridwhistle_router_open_cases{{{IN}}}))", "{{state}}"),
            words=STATES,
            stacked=True,
        ),
        lines(
            "案件进展",
            "Cases",
            "Cases per hour by what happened to them; closed below opened for long means a growing backlog.",
            Ask(f"3600 * sum by (event) (rate(gridwhistle_router_cases_total{{{IN}}}[30m]))", "{{event}}"),
            words=CASES,
        ),
        lines(
            "按期率（按环节）",
            "On-time rate by kind of limit",
            "Share of the limits of the last 24 hours that were kept, by what they limit.",
            Ask(f"avg by (kind) (gridwhistle:clocks_on_time:ratio1d{{{IN}}})", "{{kind}}"),
            unit="percentunit",
            steps=RATE_STEPS,
            words=KINDS,
        ),
        lines(
            "升级与吹哨",
            "Escalations and whistles",
            "Of the last hour: rises to a level (department head, centre director, whistle), and whistles by reason.",
            Ask(f"sum by (level) (increase(gridwhistle_escalation_levels_total{{{IN}}}[1h]))", "{{level}}"),
            Ask(f"sum by (reason) (increase(gridwhistle_escalation_whistles_total{{{IN}}}[1h]))", "{{reason}}"),
            words={**LEVELS, **REASONS},
        ),
        lines(
            "群体性事件",
            "Surges",
            "Surges of the last hour, and how many cases belong to them.",
            Ask(f"sum by (event) (increase(gridwhistle_intake_surges_total{{{IN}}}[1h]))", "{{event}}"),
            Ask(f"sum(increase(gridwhistle_intake_surge_children_total{{{IN}}}[1h]))", "children"),
            words={**SURGES, "children": "子案"},
        ),
        lines(
            "通知",
            "Notices",
            "Notices per hour by what became of them.",
            Ask(f"3600 * sum by (outcome) (rate(gridwhistle_notifier_notices_total{{{IN}}}[30m]))", "{{outcome}}"),
            words=NOTICES,
        ),
        lines(
            "近一小时超期率",
            "Breach rate of the last hour",
            "Of the limits that ended in the last hour, the share that passed.",
            Ask(f"gridwhistle:breaches:ratio1h{{{IN}}}", "{{district}}"),
            unit="percentunit",
        ),
        lines(
            "告警",
            "Alerts firing",
            "By name; the watchdog always fires, and when it is missing nobody is watching.",
            Ask('sum by (alertname) (ALERTS{alertstate="firing"})', "{{alertname}}"),
        ),
    ),
)

BOARD = Board(
    "overview",
    "一屏观全域",
    "Command overview",
    "All districts at once: what is open, closed, kept, and whether somebody has to come.",
    (DISTRICT,),
    (NOW, DISTRICTS, FLOW),
)
