"""矛盾纠纷与源头治理: disputes up to fulfilment, advisories to those who can end a cause, grid workers' rounds."""

from __future__ import annotations

from deploy.grafana.board import DISTRICT, Board, Row
from deploy.grafana.panels import BAD, GOOD, WATCH, Ask, bars, lines, stat
from deploy.grafana.words import (
    ADVISORIES,
    AGREEMENTS,
    DEFAULTERS,
    EFFECTS,
    MONEY,
    OBLIGATIONS,
    TIER_EVENTS,
    TIERS,
    WORK,
    WORK_KINDS,
)

IN = 'district=~"$district"'
YUAN = "suffix: 元"


def _of(metric: str, *events: str, by: str = "") -> str:
    """Return how many of these events there were in 24 hours."""
    which = f', event=~"{"|".join(events)}"' if events else ""
    return f"sum{by} (increase({metric}{{{IN}{which}}}[24h]))"


MEDIATION = Row(
    "调解",
    "mediation",
    (
        stat(
            "进入调解",
            "Disputes taken up",
            "Disputes of the last 24 hours that entered a first tier: the community's, a task force, or a batch.",
            f"sum(increase(gridwhistle_router_tiers_total"
            f'{{{IN}, tier=~"community|task_force|batch", event="entered"}}[24h]))',
        ),
        stat(
            "达成协议",
            "Agreed",
            "Agreements signed in 24 hours; agreed is not yet fulfilled.",
            _of("gridwhistle_router_agreements_total", "agreed"),
        ),
        stat(
            "履行完毕",
            "Fulfilled",
            "Agreements of which every obligation was met in 24 hours; only these close a dispute.",
            _of("gridwhistle_router_agreements_total", "fulfilled"),
        ),
        stat(
            "违约",
            "Broken",
            "Agreements in 24 hours of which an obligation was not met by its day and grace.",
            _of("gridwhistle_router_agreements_total", "breached"),
            steps=((0, GOOD), (1, WATCH), (10, BAD)),
        ),
        stat(
            "约定金额",
            "Money agreed",
            "Of the obligations agreed on in 24 hours.",
            f"{_of('gridwhistle_router_agreement_fen_total', 'agreed')} / 100",
            unit=YUAN,
        ),
        stat(
            "已付金额",
            "Money paid",
            "Payments recorded in 24 hours.",
            f"{_of('gridwhistle_router_agreement_fen_total', 'paid')} / 100",
            unit=YUAN,
        ),
        bars(
            "小事不出村",
            "Agreements by tier",
            "Tiers of the last 24 hours that ended in an agreement; the more in the community, the better.",
            f'sum by (tier) (increase(gridwhistle_router_tiers_total{{{IN}, event="agreement"}}[24h]))',
            "{{tier}}",
            words=TIERS,
        ),
        lines(
            "各层级",
            "Tiers",
            "What happened in the tiers of mediation, of the last hour.",
            Ask(f"sum by (event) (increase(gridwhistle_router_tiers_total{{{IN}}}[1h]))", "{{event}}"),
            words=TIER_EVENTS,
        ),
        bars(
            "进入各层级",
            "Tiers entered",
            "Disputes of the last 24 hours by the tier that they entered.",
            f'sum by (tier) (increase(gridwhistle_router_tiers_total{{{IN}, event="entered"}}[24h]))',
            "{{tier}}",
            words=TIERS,
        ),
    ),
)

PROMISES = Row(
    "协议与履行",
    "agreements",
    (
        lines(
            "协议",
            "Agreements",
            "Of the last hour, by what became of them.",
            Ask(f"sum by (event) (increase(gridwhistle_router_agreements_total{{{IN}}}[1h]))", "{{event}}"),
            words=AGREEMENTS,
        ),
        lines(
            "义务",
            "Obligations",
            "What parties owe, of the last hour, by what became of it.",
            Ask(f"sum by (event) (increase(gridwhistle_router_obligations_total{{{IN}}}[1h]))", "{{event}}"),
            words=OBLIGATIONS,
        ),
        lines(
            "金额",
            "Money",
            "Agreed on and paid, of the last hour.",
            Ask(f"sum by (event) (increase(gridwhistle_router_agreement_fen_total{{{IN}}}[1h])) / 100", "{{event}}"),
            unit=YUAN,
            words=MONEY,
        ),
        bars(
            "失信名单",
            "Defaulter list",
            "Parties of the last 24 hours by what became of them on the list.",
            _of("gridwhistle_router_defaulters_total", by=" by (event)"),
            "{{event}}",
            words=DEFAULTERS,
        ),
        lines(
            "履约时限",
            "Limits of promises",
            "Limits of the last 24 hours that promises keep or break: obligations, follow-up visits, court, appeals.",
            Ask(
                "sum by (event) (increase(gridwhistle_escalation_clocks_total"
                f'{{{IN}, kind=~"obligation|follow_up|confirm|appeal", event=~"on_time|breached"}}[24h]))',
                "{{event}}",
            ),
            words={"on_time": "按期", "breached": "超期"},
        ),
    ),
)

SOURCES = Row(
    "源头治理与网格",
    "sources and grids",
    (
        lines(
            "建议函",
            "Advisories",
            "Judicial, procuratorial and police advisories of the last 24 hours.",
            Ask(f"sum by (event) (increase(gridwhistle_escalation_advisories_total{{{IN}}}[24h]))", "{{event}}"),
            words=ADVISORIES,
        ),
        bars(
            "建议函成效",
            "Effect of advisories",
            "Whether reports fell after an advisory, of those measured in 24 hours.",
            f"sum by (effect) (increase(gridwhistle_escalation_advisory_effects_total{{{IN}}}[24h]))",
            "{{effect}}",
            words=EFFECTS,
        ),
        stat(
            "24 小时卡点办结",
            "Closings in bulk",
            "Days on which a department completed many tasks at the very end of their limits; someone should look.",
            f"sum(increase(gridwhistle_escalation_flagged_closings_total{{{IN}}}[24h])) or vector(0)",
            width=8,
            steps=((0, GOOD), (1, WATCH)),
            height=8,
        ),
        lines(
            "网格员履职",
            "Grid workers' rounds",
            "What is owed and what was done, of the last hour: patrols, visits, duties.",
            Ask(f"sum by (event) (increase(gridwhistle_escalation_work_total{{{IN}}}[1h]))", "{{event}}"),
            words=WORK,
        ),
        bars(
            "完成率（24 小时）",
            "Done of what was owed",
            "Recorded over recorded and missed; what was excused is not counted, what was made good is.",
            f'(sum by (kind) (increase(gridwhistle_escalation_work_total{{{IN}, event="recorded"}}[24h])) > 0)'
            " / (sum by (kind) (increase(gridwhistle_escalation_work_total"
            f'{{{IN}, event=~"recorded|missed"}}[24h]))'
            f' - sum by (kind) (increase(gridwhistle_escalation_work_total{{{IN}, event="made_good"}}[24h])))',
            "{{kind}}",
            unit="percentunit",
            words=WORK_KINDS,
            steps=((0, BAD), (0.9, WATCH), (0.98, GOOD)),
        ),
    ),
)

BOARD = Board(
    "disputes",
    "纠纷与源头治理",
    "Disputes and sources",
    "Disputes up to fulfilment, advisories to those who can end a cause, and the rounds of grid workers.",
    (DISTRICT,),
    (MEDIATION, PROMISES, SOURCES),
)
