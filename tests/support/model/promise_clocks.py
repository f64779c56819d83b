"""What promises mean for time: reminded of by the calendar, given grace, and nobody's ladder."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.support.model.case import CaseFile, Clock
from tests.support.model.promises import Owed
from tests.support.model.routes import centre
from tests.support.model.tier_clocks import TierClocks

OUTLIVING = ("obligation", "follow_up", "confirm", "appeal")
"""Clocks that end with the promise or the case, whatever becomes of the work."""

OF_PARTIES = ("obligation", "confirm")
"""What no department can be late with."""


class PromiseClocks(TierClocks):
    """What facts of agreements mean for the clocks of a case."""

    def on_obligation_recorded(self, case: CaseFile, at: datetime, _: Any, more: dict[str, Any]) -> None:
        """A new promise has a clock; it ends when it is met, or is owed no more."""
        one: Owed = more["owed"]
        key = f"obligation#{one.number}"
        clock = next((each for each in case.clocks if each.key == key), None)
        if clock is None:
            self.watch(case, one, more["owner"])
        elif clock.live and one.state in ("fulfilled", "superseded", "void"):
            self.stop(case, clock, at, None if one.state == "fulfilled" else "void")

    def watch(self, case: CaseFile, one: Owed, owner: str) -> None:
        """Due at the end of the day, reminded of some time before, if there is that much; visits are the centre's."""
        now, due, policy = self.district.now, one.due_at, case.profile.agreements
        remind = due - policy.remind_before
        kind, who = ("follow_up", centre(case.profile)) if one.visit else ("obligation", owner)
        clock = Clock(f"obligation#{one.number}", kind, who, now, None, due)
        clock.remind, clock.grace = (remind if now < remind < due else None), (None if one.visit else policy.grace)
        self.start(case, clock)

    def on_agreement_signed(self, case: CaseFile, at: datetime, _: Any, more: dict[str, Any]) -> None:
        """The law's time to apply for confirmation, where it is wanted."""
        for clock in case.live_clocks("confirm"):
            self.stop(case, clock, at, "void")
        if more["confirm"]:
            limit, now = case.profile.agreements.confirm_within, self.district.now
            key = f"confirm#{more['number']}"
            self.start(case, Clock(key, "confirm", more["owner"], at, limit, lives_from=now))

    def on_agreement_confirmed(self, case: CaseFile, at: datetime, *_: Any) -> None:
        """They have applied."""
        for clock in case.live_clocks("confirm"):
            self.stop(case, clock, at)

    def on_defaulter_recorded(self, case: CaseFile, at: datetime, _: Any, more: dict[str, Any]) -> None:
        """The centre decides on an appeal in time."""
        if more["standing"] == "appealed":
            number = 1 + sum(clock.kind == "appeal" for clock in case.clocks)
            limit, centre = case.profile.agreements.defaulters.decide_within, more["centre"]
            clock = Clock(f"appeal#{number}", "appeal", centre, self.district.now, limit, stage=more["party"])
            self.start(case, clock)
            return
        for clock in case.live_clocks("appeal"):
            if clock.stage == more["party"]:
                self.stop(case, clock, at)
