"""What tiers mean for time: a clock each, one for mediation as a whole."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.support.model.case import CaseFile, Clock
from tests.support.model.clocks import Clocks
from tests.support.model.routes import centre


class TierClocks(Clocks):
    """What facts of mediation mean for the clocks of a case."""

    def clock_of(self, case: CaseFile, more: dict[str, Any]) -> Clock | None:
        """The clock of a tier, whether it runs or not."""
        return next((one for one in case.clocks if one.key == f"tier#{more['tier'].number}"), None)

    def on_tier_entered(self, case: CaseFile, at: datetime, _: Any, more: dict[str, Any]) -> None:
        """A tier with a limit has a clock; a court ends the time of the whole."""
        tier = more["tier"]
        if tier.name == "court":
            for clock in case.live_clocks("mediation"):
                self.stop(case, clock, at, "void" if clock.breached is None else "late")
        if more["limit"]:
            self.start(case, Clock(f"tier#{tier.number}", "tier", tier.owner, at, more["limit"]))
        if more["total"]:
            number = 1 + sum(clock.kind == "mediation" for clock in case.clocks)
            owner = case.lead or centre(case.profile)
            self.start(case, Clock(f"mediation#{number}", "mediation", owner, at, more["total"]))

    def on_tier_ended(self, case: CaseFile, at: datetime, _: Any, more: dict[str, Any]) -> None:
        """A verdict for whoever worked it through or let it run out; an agreement ends the whole."""
        outcome, clock = more["tier"].outcome, self.clock_of(case, more)
        if outcome == "agreement":
            for whole in case.live_clocks("mediation"):
                self.stop(case, whole, at)
        if outcome == "kept":
            for whole in case.live_clocks("mediation"):
                self.stop(case, whole, at, "void" if whole.breached is None else "late")
        if clock is None:
            return
        if not clock.live:
            self.again(case, clock, at, outcome)
        elif outcome in ("agreement", "failed"):
            self.stop(case, clock, at)
        else:
            self.stop(case, clock, at, "void" if clock.breached is None else "late")

    def again(self, case: CaseFile, clock: Clock, at: datetime, outcome: str) -> None:
        """It was in time after all."""
        if outcome == "agreement" and clock.verdict == "late" and at <= clock.reckon(self.days).due:
            self.withdraw(case, clock, at)
            self.stop(case, clock, at)

    def on_mediator_assigned(self, case: CaseFile, _at: datetime, _: Any, more: dict[str, Any]) -> None:
        """The clock goes with the mediator."""
        clock = self.clock_of(case, more)
        if clock is not None and clock.live:
            clock.owner = more["tier"].owner

    def on_mediation_extended(self, case: CaseFile, at: datetime, _: Any, more: dict[str, Any]) -> None:
        """Both limits move on."""
        for clock in case.live_clocks("tier", "mediation"):
            self.extend(case, clock, at, more["limit"])
