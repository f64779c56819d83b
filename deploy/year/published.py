"""What 崆峒区 has published of itself, and so how much of what is in the plan; sources in docs/year.md."""

from __future__ import annotations

DISTRICT = "620802"
EVENTS = 32_000
DISPUTES = 12_070
CLOSING_RATE = 0.987
MEAN_HOURS = 24.0
"""Handled within a day in the mean; the exact figure is not published."""

SETTLED = 0.9868
FIRST_TIER, SECOND_TIER = 0.972, 0.023
"""Of the disputes settled, where: in the village or community, in the township or street."""

EVENT_FATES = {
    "plain": 82.25, "late": 7.5, "returned": 3.0, "reopened": 3.0, "forgotten": 1.5, "triaged": 0.8, "withdrawn": 1.2,
    "stuck": 0.75,
}  # fmt: skip
"""Of a hundred events; with what is still in hand at the end of a year, 98.7 % are closed."""

DISPUTE_FATES = {"agreed": 100 * SETTLED, "withdrawn": 0.9, "judged": 0.42}
TIERS = {"community": 100 * FIRST_TIER, "gold": 100 * SECOND_TIER, "lawyer": 0.5}
PAYING = {"kept": 95.0, "late": 2.5, "broken": 2.5}
"""How agreements are kept: not published, a proposal."""

TWINS = 0.02
"""The share of events that somebody else reports as well; they are merged."""

REPEATED = 0.01
"""The share that is sent twice."""

FORGOTTEN, OFFLINE = 0.03, 0.02
"""Of the rounds of grid workers: not done, or known only hours later."""
