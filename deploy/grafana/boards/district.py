"""区县: one district's reports and cases."""

from __future__ import annotations

from deploy.grafana.board import DEPARTMENT_BAR, DISTRICT, Board, Row
from deploy.grafana.panels import Ask, bars, lines, shares, stat
from deploy.grafana.words import ANSWERS, CASES, PLACES, REPORTS, STATES, SUGGESTIONS

IN = 'district=~"$district"'

REPORTED = Row(
    "上报",
    "reports",
    (
        lines(
            "上报（按来源）",
            "Reports by source",
            "Reports per hour by partner, every outcome.",
            Ask(f"3600 * sum by (partner) (rate(gridwhistle_intake_reports_total{{{IN}}}[30m]))", "{{partner}}"),
            stacked=True,
        ),
        lines(
            "上报（按结果）",
            "Reports by outcome",
            "Reports per hour: accepted, merged into another case, duplicate, conflicting, rejected.",
            Ask(f"3600 * sum by (outcome) (gridwhistle:reports:rate5m{{{IN}}})", "{{outcome}}"),
            words=REPORTS,
        ),
        lines(
            "定位方式",
            "How places were found",
            "Reports per hour; many at district level mean that addresses or coordinates are missing.",
            Ask(f"3600 * sum by (precision) (rate(gridwhistle_intake_located_total{{{IN}}}[30m]))", "{{precision}}"),
            words=PLACES,
        ),
        lines(
            "指令",
            "Commands",
            "What departments and the centre asked for per hour, and what was refused.",
            Ask(f"3600 * sum by (outcome) (rate(gridwhistle_intake_commands_total{{{IN}}}[30m]))", "{{outcome}}"),
            words={"accepted": "放行", "rejected": "拒绝"},
        ),
        lines(
            "文本分类",
            "Categories from texts",
            "Reports without a category, of the last hour, by what their text's suggestion did.",
            Ask(f"sum by (outcome) (increase(gridwhistle_intake_suggestions_total{{{IN}}}[1h]))", "{{outcome}}"),
            words=SUGGESTIONS,
        ),
        lines(
            "建议与人工",
            "Suggestions and people",
            "What people in triage answered in 24 hours, beside what the text suggested.",
            Ask(f"sum by (verdict) (increase(gridwhistle_router_triage_answers_total{{{IN}}}[24h]))", "{{verdict}}"),
            words=ANSWERS,
        ),
        lines(
            "建议置信度",
            "Confidence of suggestions",
            "Half and nine tenths of the last 24 hours were no surer than this.",
            *shares(f"gridwhistle_intake_suggestion_confidence_bucket{{{IN}}}", "24h"),
            unit="percentunit",
        ),
        stat(
            "并案被撤销",
            "Merges undone",
            "Reports of the last 24 hours that the centre took out of their case again.",
            f"sum(increase(gridwhistle_intake_unmerged_total{{{IN}}}[24h]))",
            width=4,
            height=4,
        ),
        stat(
            "分类模型版本",
            "Classifier version",
            "The trained model at work; 0 where the words of the code tables do it.",
            f"max(gridwhistle_intake_classifier_version{{{IN}}} or 0 * gridwhistle_intake_classifier_refused{{{IN}}})",
            width=4,
            height=4,
        ),
    ),
)

CASEWORK = Row(
    "案件",
    "cases",
    (
        lines(
            "在办案件（按状态）",
            "Open cases by state",
            "As last counted by the router.",
            Ask(f"sum by (state) (max by (district, state) (gridwhistle_router_open_cases{{{IN}}}))", "{{state}}"),
            words=STATES,
            stacked=True,
        ),
        lines(
            "案件进展",
            "Cases",
            "Cases per hour by what happened to them.",
            Ask(f"3600 * sum by (event) (rate(gridwhistle_router_cases_total{{{IN}}}[30m]))", "{{event}}"),
            words=CASES,
        ),
        lines(
            "办理时长",
            "Handling time",
            "From the report to the lead's completion, of the last hour: half and nine tenths took no longer.",
            *shares(f"gridwhistle_router_handling_seconds_bucket{{{IN}}}", "1h"),
            unit="s",
        ),
        bars(
            "在办任务（按部门）",
            "Open tasks by department",
            "A click opens the department.",
            "topk(20, sum by (department) (max by (district, department, state) "
            f"(gridwhistle_router_open_tasks{{{IN}}})))",
            "{{department}}",
            height=10,
            jump=DEPARTMENT_BAR,
        ),
        bars(
            "派单规则命中",
            "Rules that routed cases",
            "Cases of the last 24 hours by the rule that routed them, the twenty busiest.",
            f"topk(20, sum by (rule) (increase(gridwhistle_router_rule_matches_total{{{IN}}}[24h])))",
            "{{rule}}",
            height=10,
        ),
        bars(
            "群体性事件的案件",
            "Cases in surges",
            "Cases of the last 24 hours that belong to a surge.",
            f"sum by (district) (increase(gridwhistle_intake_surge_children_total{{{IN}}}[24h]))",
            "{{district}}",
            height=10,
        ),
    ),
)

BOARD = Board(
    "district",
    "区县",
    "District",
    "One district: what was reported, how it was understood, and what became of it.",
    (DISTRICT,),
    (REPORTED, CASEWORK),
)
