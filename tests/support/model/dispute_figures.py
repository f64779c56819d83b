"""The figures of disputes (调解成功率, 首级化解率, 履行率): agreed is one thing, fulfilled another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from tests.support.model.case import CaseFile
from tests.support.model.mediators import Tier


def of_disputes(cases: Iterable[CaseFile]) -> dict[str, Any]:
    """Return how many were settled, at the first tier or further up, and what became of what was agreed."""
    disputes = [one for one in cases if one.dispute is not None]
    agreed = [one for one in disputes if agreed_in(one)]
    over = [one for one in disputes if agreed_in(one) or all(tier.ended for tier in one.dispute.tiers)]
    first = [one for one in agreed if agreed_in(one) == "community"]
    return {
        "dispute_success": (len(agreed), len(over)),
        "first_level_settlement": (len(first), len(agreed)),
        "dispute_fulfilment": Counter(performance(one) for one in agreed),
    }


def agreed_in(case: CaseFile) -> str | None:
    """The tier in which the parties agreed last."""
    tiers: list[Tier] = [one for one in case.dispute.tiers if one.outcome == "agreement"]
    return max(tiers, key=lambda one: (one.ended, one.number)).name if tiers else None


def performance(case: CaseFile) -> str:
    """What became of the newest agreement: broken for as long as something broken was not made good."""
    pledges = case.pledges
    if pledges is None or not pledges.signed_at:
        return "running"
    if pledges.closed:
        return "fulfilled"
    return "breached" if any(one.broken and one.met_at is None for one in pledges.promised()) else "running"
