"""通知: who was told, on which channel, how fast, and what did not arrive."""

from __future__ import annotations

from deploy.grafana.board import DISTRICT, Board, Row, Variable
from deploy.grafana.panels import BAD, GOOD, WATCH, Ask, bars, lines, stat
from deploy.grafana.words import CHANNELS, NOTICES

CHANNEL = Variable("channel", "渠道 channel", "label_values(gridwhistle_notifier_pending, channel)")
OF = 'channel=~"$channel"'
# `none` is no channel but what a notice has that nobody could be told: shown whatever is chosen.
IN = 'district=~"$district", channel=~"$channel|none"'
NOTICE = "gridwhistle_notifier_notices_total"
READS = 'service="notifier", topic=~"gw[.]($district|000000)[.].*"'
SECONDS = "gridwhistle_notifier_delivery_seconds"

TOLD = Row(
    "告知",
    "telling",
    (
        stat(
            "24 小时送达率",
            "Delivered of 24 h",
            "Delivered over delivered, failed and unknown.",
            f'sum(increase({NOTICE}{{{IN}, outcome="delivered"}}[24h]))'
            f' / (sum(increase({NOTICE}{{{IN}, outcome=~"delivered|failed|unknown"}}[24h])) > 0) or vector(1)',
            unit="percentunit",
            steps=((0, BAD), (0.9, WATCH), (0.99, GOOD)),
        ),
        stat(
            "24 小时送达",
            "Notices of 24 h",
            "Notices that a channel took.",
            f'sum(increase({NOTICE}{{{IN}, outcome="delivered"}}[24h]))',
        ),
        stat(
            "24 小时失败",
            "Failed in 24 h",
            "Given up on that channel; where the roster names another, they went there.",
            f'sum(increase({NOTICE}{{{IN}, outcome="failed"}}[24h]))',
            steps=((0, GOOD), (1, WATCH), (100, BAD)),
        ),
        stat(
            "24 小时未知",
            "Unknown in 24 h",
            "The channel did not say whether it took them; sent again with the same key.",
            f'sum(increase({NOTICE}{{{IN}, outcome="unknown"}}[24h]))',
            steps=((0, GOOD), (1, WATCH), (100, BAD)),
        ),
        stat(
            "24 小时不发",
            "Suppressed in 24 h",
            "By quiet hours, limits per recipient, or for want of anybody to tell.",
            f'sum(increase({NOTICE}{{{IN}, outcome="suppressed"}}[24h]))',
        ),
        stat(
            "待发",
            "Waiting",
            "Notices that are not finished.",
            f"sum(max by (channel) (gridwhistle_notifier_pending{{{OF}}}))",
            steps=((0, GOOD), (100, WATCH), (1000, BAD)),
        ),
        lines(
            "通知（按结果）",
            "Notices by outcome",
            "Per hour.",
            Ask(f"3600 * sum by (outcome) (rate({NOTICE}{{{IN}}}[30m]))", "{{outcome}}"),
            words=NOTICES,
        ),
        lines(
            "通知（按渠道）",
            "Notices by channel",
            "Delivered per hour.",
            Ask(f'3600 * sum by (channel) (rate({NOTICE}{{{IN}, outcome="delivered"}}[30m]))', "{{channel}}"),
            words=CHANNELS,
            stacked=True,
        ),
        lines(
            "失败率（按渠道）",
            "Failures by channel",
            "Share of the notices of 15 minutes that failed or are unknown; the alert starts at 10 %.",
            Ask(f"gridwhistle:notices_failed:ratio15m{{{IN}}}", "{{channel}} {{district}}"),
            unit="percentunit",
            steps=((0, GOOD), (0.1, BAD)),
        ),
    ),
)

CHANNELS_ROW = Row(
    "渠道",
    "channels",
    (
        lines(
            "待发（按渠道）",
            "Waiting by channel",
            "A channel that answers slowly or not at all grows here first.",
            Ask(f"max by (channel) (gridwhistle_notifier_pending{{{OF}}})", "{{channel}}"),
            words=CHANNELS,
        ),
        lines(
            "应答用时 p50",
            "Half answered within",
            "Time a channel took to answer, of the last hour.",
            Ask(f"histogram_quantile(0.5, sum by (channel, le) (rate({SECONDS}_bucket{{{OF}}}[1h])))", "{{channel}}"),
            unit="s",
            words=CHANNELS,
        ),
        lines(
            "应答用时 p99",
            "99 of 100 answered within",
            "Time a channel took to answer, of the last five minutes.",
            Ask(f"gridwhistle:delivery_seconds:p99_5m{{{OF}}}", "{{channel}}"),
            unit="s",
            words=CHANNELS,
        ),
        bars(
            "24 小时（按渠道）",
            "24 h by channel",
            "Delivered by channel; none: nobody could be told.",
            f'sum by (channel) (increase({NOTICE}{{{IN}, outcome="delivered"}}[24h]))',
            "{{channel}}",
            words=CHANNELS,
        ),
        bars(
            "24 小时（按结果）",
            "24 h by outcome",
            "What became of the notices of 24 hours.",
            f"sum by (outcome) (increase({NOTICE}{{{IN}}}[24h]))",
            "{{outcome}}",
            words=NOTICES,
        ),
        lines(
            "通知服务积压",
            "Lag of the notifier",
            "Records that wait to be told, by topic.",
            Ask(f"sum by (topic) (gridwhistle:consumer_lag_records{{{READS}}})", "{{topic}}"),
        ),
    ),
)

BOARD = Board(
    "notifier",
    "通知",
    "Notifier",
    "Who was told, on which channel, how fast, and what did not arrive.",
    (DISTRICT, CHANNEL),
    (TOLD, CHANNELS_ROW),
)
