"""平台运行: the four services as machines. Of every service under one name, by the recording rules."""

from __future__ import annotations

from deploy.grafana.board import Board, Row, Variable
from deploy.grafana.panels import BAD, GOOD, WATCH, Ask, bars, lines, stat
from deploy.grafana.words import FORGOTTEN, RECORDS, SERVICES

SERVICE = Variable("service", "服务 service", "label_values(gridwhistle:ready, service)")
IN = 'service=~"$service"'
READY = stat(
    "就绪服务",
    "Services ready",
    "How many of the four services have at least one ready replica.",
    "sum(max by (service) (gridwhistle:ready))",
    steps=((0, BAD), (4, GOOD)),
)


def _each(expr: str) -> list[Ask]:
    """Return the question for each service by its own metric, where no rule has recorded it under one name."""
    return [Ask(expr.format(service=name), name) for name in SERVICES]


HEALTH = Row(
    "健康",
    "health",
    (
        READY,
        stat(
            "积压",
            "Lag",
            "Records that wait to be read, of all services.",
            f"sum(gridwhistle:consumer_lag_records{{{IN}}})",
            steps=((0, GOOD), (1000, WATCH), (10000, BAD)),
        ),
        stat(
            "24 小时内部死信",
            "Internal dead letters of 24 h",
            "Records of our own services that another of ours could not read or apply; anything but 0 is a fault.",
            " + ".join(
                f"sum(increase(gridwhistle_{name}_dead_letters_total"
                '{error=~"bad-envelope|internal-error|invalid-event|unknown-type"}[24h]))'
                for name in SERVICES
            ),
            steps=((0, GOOD), (1, BAD)),
        ),
        stat(
            "最早到期未处理",
            "Oldest due",
            "Age of the oldest due moment that no sweep has examined, in any service.",
            "max(gridwhistle:oldest_due_seconds)",
            unit="s",
            steps=((0, GOOD), (30, WATCH), (60, BAD)),
        ),
        stat(
            "错误预算余量",
            "Least budget left",
            "Of the service level objectives, the one with least left of its 30 days; 0 is none.",
            "min(gridwhistle:slo_budget_left:ratio30d)",
            unit="percentunit",
            steps=((0, BAD), (0.25, WATCH), (0.5, GOOD)),
        ),
        stat(
            "触发中的告警",
            "Alerts firing",
            "Without the watchdog, which always fires.",
            'count(ALERTS{alertstate="firing", alertname!="GridWhistleWatchdog"}) or vector(0)',
            steps=((0, GOOD), (1, WATCH), (5, BAD)),
        ),
        lines(
            "就绪（按实例）",
            "Ready by replica",
            "1 while broker, database and partitions are there.",
            Ask(f"gridwhistle:ready{{{IN}}}", "{{service}} {{instance}}"),
        ),
        lines(
            "可抓取",
            "Reached by Prometheus",
            "1 where /metrics answered.",
            Ask('up{job=~"$service"}', "{{job}} {{instance}}"),
        ),
        lines(
            "目标偏离（5 分钟）",
            "Errors by objective",
            "Share of bad of the last five minutes, by service level objective.",
            Ask("max by (slo) (gridwhistle:slo_errors:ratio5m)", "{{slo}}"),
            unit="percentunit",
        ),
    ),
)

FLOW = Row(
    "流量",
    "flow",
    (
        lines(
            "吞吐",
            "Throughput",
            "Records per second that were applied.",
            Ask(f'sum by (service) (gridwhistle:records:rate5m{{{IN}, outcome="applied"}})', "{{service}}"),
            unit="cps",
            words=SERVICES,
        ),
        lines(
            "其他结果",
            "What else became of records",
            "Per second: read twice, refused, decided again after a conflict, published again by the relay.",
            Ask(f'sum by (outcome) (gridwhistle:records:rate5m{{{IN}, outcome!="applied"}})', "{{outcome}}"),
            unit="cps",
            words=RECORDS,
        ),
        lines(
            "积压（按服务）",
            "Lag by service",
            "Records that wait to be read.",
            Ask(f"sum by (service) (gridwhistle:consumer_lag_records{{{IN}}})", "{{service}}"),
            words=SERVICES,
        ),
        bars(
            "积压最多的主题",
            "Topics with most lag",
            "A partner in a hurry, or a service that stands still.",
            f"topk(10, sum by (service, topic) (gridwhistle:consumer_lag_records{{{IN}}}))",
            "{{service}} {{topic}}",
        ),
        lines(
            "批处理时延 p99",
            "Batches p99",
            "99 of 100 batches were decided, saved and published within this time.",
            Ask(f"gridwhistle:batch_seconds:p99_5m{{{IN}}}", "{{service}}"),
            unit="s",
            words=SERVICES,
        ),
        lines(
            "消息时效 p99",
            "Age of records p99",
            "How long the oldest record of a batch had been on the bus when it was safe, for 99 of 100 batches.",
            Ask(f"gridwhistle:batch_age_seconds:p99_5m{{{IN}}}", "{{service}}"),
            unit="s",
            words=SERVICES,
        ),
        lines(
            "每批条数",
            "Records of a batch",
            "The mean of five minutes; it grows with the load, which is what makes the load cheap.",
            *_each(
                "sum(rate(gridwhistle_{service}_batch_records_sum[5m]))"
                " / sum(rate(gridwhistle_{service}_batch_records_count[5m]))"
            ),
            words=SERVICES,
        ),
        lines(
            "最早到期未处理",
            "Oldest due by service",
            "Age of the oldest due moment that no sweep has examined.",
            Ask(f"max by (service) (gridwhistle:oldest_due_seconds{{{IN}}})", "{{service}}"),
            unit="s",
            words=SERVICES,
        ),
        lines(
            "HTTP 请求",
            "HTTP requests",
            "To intake, per second by status.",
            Ask("sum by (status) (rate(gridwhistle_intake_http_requests_total[$__rate_interval]))", "{{status}}"),
            unit="reqps",
        ),
    ),
)

JUDGED = Row(
    "判定",
    "decisions",
    (
        lines(
            "死信（按原因）",
            "Dead letters",
            "Records refused in 15 minutes by error, the ten with most; gridwhistle dead-letters list shows each.",
            Ask(f"topk(10, sum by (error) (gridwhistle:dead_letters:increase15m{{{IN}}}))", "{{error}}"),
        ),
        *(
            bars(
                f"{word}判定（24 小时）",
                f"Decisions of {name}",
                "Saved decisions by reason, the fifteen with most: what the service did, and why.",
                f"topk(15, sum by (reason) (increase(gridwhistle_{name}_decisions_total[24h])))",
                "{{reason}}",
                width=12,
                height=9,
            )
            for name, word in SERVICES.items()
        ),
        bars(
            "到期清理（24 小时）",
            "Forgotten",
            "Documents that retention removed, and what was erased on request.",
            "sum by (what) (increase(gridwhistle_intake_forgotten_total[24h]))",
            "{{what}}",
            width=12,
            height=9,
            words=FORGOTTEN,
        ),
    ),
)

KEPT = Row(
    "账目与密钥",
    "books and keys",
    (
        stat(
            "守恒问题",
            "Conservation",
            "Sums across services that do not come out, as gridwhistle exporter last found; other than 0 is a fault.",
            "sum(gridwhistle_exporter_conservation_problems)",
            width=6,
            steps=((0, GOOD), (1, BAD)),
        ),
        stat(
            "证书剩余",
            "Next certificate ends in",
            "Of those that broker and database show and that of their authority, as gridwhistle exporter sees them.",
            "min(gridwhistle_exporter_certificate_expiry_timestamp_seconds) - time()",
            unit="s",
            width=6,
            steps=((0, BAD), (21 * 86_400, WATCH), (60 * 86_400, GOOD)),
        ),
        stat(
            "密钥使用",
            "Sealing key in use for",
            "How long intake and notifier have sealed with their key; replace it once a year.",
            "time() - min(gridwhistle_intake_vault_key_since_timestamp_seconds"
            " or gridwhistle_notifier_vault_key_since_timestamp_seconds)",
            unit="s",
            width=6,
            steps=((0, GOOD), (330 * 86_400, WATCH), (365 * 86_400, BAD)),
        ),
        stat(
            "旧密钥下的文档",
            "Under an older key",
            "Documents that wait to be sealed again; 0 before a key that was replaced may be thrown away.",
            'sum(gridwhistle_intake_sealed_documents{key="older"}'
            ' or gridwhistle_notifier_sealed_documents{key="older"})',
            width=6,
        ),
        lines(
            "区情档案版本",
            "Profile at work",
            "By service and district; the lines of a district lie on each other within seconds of district apply.",
            *(
                Ask(f"max by (district) (gridwhistle_{name}_profile_version)", f"{name} {{{{district}}}}")
                for name in SERVICES
            ),
            width=12,
        ),
    ),
)

BOARD = Board(
    "pipeline",
    "平台运行",
    "Pipeline health",
    "The four services as machines: ready, flowing, in time, and what they refused.",
    (SERVICE,),
    (HEALTH, FLOW, JUDGED, KEPT),
)
