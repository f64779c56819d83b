"""What a district does about agreements (调解协议): reminders, grace, confirmation, breach, defaulters, visits."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from shared.contracts.agreements import Route
from shared.contracts.limits import Limit as _Limit
from shared.contracts.limits import LimitUnit
from shared.district.base import Limit, Section, Span


class Defaulters(Section):
    """The defaulter list (失信名单). `entry`: by the centre's decision, with the breach itself, or never."""

    entry: Literal["centre", "breach", "none"] = "centre"
    decide_within: Limit = _Limit(amount=15, unit=LimitUnit.CALENDAR_DAYS)


class Agreements(Section):
    """How agreements are followed up. `visits`: so long after the signature the centre looks (回访).

    `breach`: where a broken agreement goes that the court has confirmed; any other cannot be enforced and goes back to
    mediation (人民调解法 art. 32, 33). The centre may choose otherwise.

    Thirty days to apply for confirmation are the law's (人民调解法 art. 33), fifteen to decide on an objection those of
    the courts' own list (最高人民法院关于公布失信被执行人名单信息的若干规定 art. 12).
    """

    remind_before: Span = timedelta(days=3)
    grace: Limit = _Limit(amount=3, unit=LimitUnit.CALENDAR_DAYS)
    confirm_within: Limit = _Limit(amount=30, unit=LimitUnit.CALENDAR_DAYS)
    breach: Route = Route.ENFORCEMENT
    defaulters: Defaulters = Defaulters()
    visits: tuple[Limit, ...] = Field(default=(), max_length=12)
