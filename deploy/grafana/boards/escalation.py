"""督办与吹哨: clocks, warnings, breaches, levels; whistles and who came."""

from __future__ import annotations

from deploy.grafana.board import DEPARTMENT_BAR, DISTRICT, Board, Row
from deploy.grafana.panels import BAD, GOOD, WATCH, Ask, bars, lines, shares, stat
from deploy.grafana.words import ATTENDANCE, CLOCKS, KINDS, LEVELS, REASONS, TEAMS

IN = 'district=~"$district"'
CLOCK = "gridwhistle_escalation_clocks_total"

LIMITS = Row(
    "时限",
    "limits",
    (
        stat(
            "24 小时预警",
            "Warnings of 24 h",
            "Fractions of limits that passed in 24 hours, by default a half and four fifths.",
            f'sum(increase({CLOCK}{{{IN}, event="warned"}}[24h]))',
        ),
        stat(
            "24 小时超期",
            "Breaches of 24 h",
            "Limits of every kind that passed in 24 hours.",
            f'sum(increase({CLOCK}{{{IN}, event="breached"}}[24h]))',
            steps=((0, GOOD), (1, WATCH), (100, BAD)),
        ),
        stat(
            "撤销超期",
            "Breaches taken back",
            "A completion arrived late but had happened in time, in 24 hours.",
            f'sum(increase({CLOCK}{{{IN}, event="breach_withdrawn"}}[24h]))',
        ),
        stat(
            "最早到期未处理",
            "Oldest due",
            "Age of the oldest due moment that no sweep has examined; warnings and levels come so late.",
            'max(gridwhistle:oldest_due_seconds{service="escalation"})',
            unit="s",
            steps=((0, GOOD), (30, WATCH), (60, BAD)),
        ),
        stat(
            "无时限案件",
            "Unwatched cases",
            "Open cases without a next due instant at the last audit; anything but 0 is a fault.",
            "max(gridwhistle_escalation_unwatched_cases)",
            steps=((0, GOOD), (1, BAD)),
        ),
        stat(
            "上次时限审计",
            "Last clean audit",
            "When the audit last proved that every open case has a clock; in a demo in the demo's own time.",
            "1000 * max(gridwhistle_escalation_audit_timestamp_seconds)",
            unit="dateTimeAsIso",
        ),
        lines(
            "时钟",
            "Clocks",
            "Of the last hour by what became of them.",
            Ask(f'sum by (event) (increase({CLOCK}{{{IN}, event!~"started|void"}}[1h]))', "{{event}}"),
            words=CLOCKS,
        ),
        lines(
            "起算与终止",
            "Clocks started and ended",
            "Of the last hour; void: what it measured ceased to matter.",
            Ask(f'sum by (event) (increase({CLOCK}{{{IN}, event=~"started|on_time|late|void"}}[1h]))', "{{event}}"),
            words=CLOCKS,
        ),
        lines(
            "超期（按环节）",
            "Breaches by kind",
            "Limits that passed in the last hour, by what they limit.",
            Ask(f'sum by (kind) (increase({CLOCK}{{{IN}, event="breached"}}[1h]))', "{{kind}}"),
            words=KINDS,
            stacked=True,
        ),
        bars(
            "超期（按部门，24 小时）",
            "Breaches by owner",
            "The twenty with most; a click opens the department.",
            f"topk(20, sum by (department) (increase(gridwhistle_escalation_breaches_total{{{IN}}}[24h])))",
            "{{department}}",
            jump=DEPARTMENT_BAR,
        ),
        lines(
            "逾期时长",
            "How late",
            "Half and nine tenths of what was late within 24 hours was no later than this.",
            *shares(f"gridwhistle_escalation_lateness_seconds_bucket{{{IN}}}", "24h"),
            unit="s",
        ),
        lines(
            "升级",
            "Levels",
            "Cases of the last hour that rose to a level.",
            Ask(f"sum by (level) (increase(gridwhistle_escalation_levels_total{{{IN}}}[1h]))", "{{level}}"),
            words=LEVELS,
        ),
    ),
)

WHISTLES = Row(
    "吹哨报到",
    "whistles",
    (
        lines(
            "吹哨（按原因）",
            "Whistles by reason",
            "Of the last hour, further rounds included.",
            Ask(f"sum by (reason) (increase(gridwhistle_escalation_whistles_total{{{IN}}}[1h]))", "{{reason}}"),
            words=REASONS,
        ),
        lines(
            "联合处置队伍",
            "Joint teams",
            "Of the last hour by what became of them.",
            Ask(f"sum by (event) (increase(gridwhistle_escalation_teams_total{{{IN}}}[1h]))", "{{event}}"),
            words=TEAMS,
        ),
        lines(
            "集结用时（24 小时）",
            "Time to the quorum",
            "From the first whistle to the quorum on site: half and nine tenths of the teams of 24 hours.",
            Ask(f"gridwhistle:muster_seconds:p50_1d{{{IN}}}", "p50 {{district}}"),
            Ask(f"gridwhistle:muster_seconds:p90_1d{{{IN}}}", "p90 {{district}}"),
            unit="s",
        ),
        bars(
            "到场（24 小时）",
            "Who came",
            "Summoned members by whether they came.",
            f"sum by (outcome) (increase(gridwhistle_escalation_attendance_total{{{IN}}}[24h]))",
            "{{outcome}}",
            words=ATTENDANCE,
        ),
        bars(
            "未到场（按部门，24 小时）",
            "Who did not come",
            "Members found absent at the muster time; a click opens the department.",
            "topk(20, sum by (department) "
            f'(increase(gridwhistle_escalation_attendance_total{{{IN}, outcome="absent"}}[24h])))',
            "{{department}}",
            jump=DEPARTMENT_BAR,
        ),
        bars(
            "到场率（按部门，24 小时）",
            "Attendance by department",
            "Share of summoned members that were on site in time or sent a substitute.",
            f"sum by (department) (increase(gridwhistle_escalation_attendance_total{{{IN}, "
            'outcome=~"present|substituted"}[24h]))'
            f" / (sum by (department) (increase(gridwhistle_escalation_attendance_total{{{IN}}}[24h])) > 0)",
            "{{department}}",
            unit="percentunit",
            steps=((0, BAD), (0.8, WATCH), (1, GOOD)),
            jump=DEPARTMENT_BAR,
        ),
    ),
)

BOARD = Board(
    "escalation",
    "督办与吹哨",
    "Escalation and whistle",
    "Every limit that runs, warns or passes; who was summoned, who came, how fast.",
    (DISTRICT,),
    (LIMITS, WHISTLES),
)
