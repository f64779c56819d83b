"""One clock (时限): it starts, warns, breaches, stands still, runs on, stops with a verdict."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.contracts.limits import Limit
from tests.support.model.case import CaseFile, Clock
from tests.support.model.days import NOTHING

if TYPE_CHECKING:
    from tests.support.model.district import DistrictModel


class Clocks:
    """What can happen to a clock."""

    def __init__(self, district: DistrictModel) -> None:
        self.district = district
        self.days = district.days

    def next_of(self, clock: Clock) -> datetime | None:
        """The end of a hold; else the next warning, else the breach; nothing once it is breached."""
        now = clock.reckon(self.days)
        if now.held_at is not None:
            return now.until
        if clock.breached is not None:
            return None
        at = min(now.due, self.warning(clock)) if clock.to_warn else now.due
        return max(at, clock.begins)

    def warning(self, clock: Clock) -> datetime:
        """When the next fraction of all the time that the clock gets has been used; what ran before a hold counts."""
        if clock.remind is not None:
            return clock.remind
        now = clock.reckon(self.days)
        ahead = self.days.passed(now.since, now.due, clock.spent_in)
        wanted = (now.used + ahead) * clock.to_warn[0] - now.used
        at = self.days.later(now.since, max(NOTHING, wanted), clock.spent_in)
        return at - timedelta(microseconds=at.microsecond % 1000)

    def strike(self, case: CaseFile, clock: Clock, at: datetime) -> None:
        """Let a clock do what it does at that instant."""
        now = clock.reckon(self.days)
        if now.held_at is not None:
            self.resume(clock, at)
        elif at < now.due:
            fraction = clock.to_warn.pop(0)
            clock.warned.append(fraction)
            self.say(case, clock, "clock.warned", at, fraction=fraction)
        elif clock.grace is not None:
            clock.moves.append(("extend", at, clock.grace))
            clock.grace = None
            clock.warned.append(1.0)
            self.say(case, clock, "clock.warned", at, fraction=1.0)
        else:
            self.breach(case, clock, at)

    def start(self, case: CaseFile, clock: Clock) -> None:
        """Start a clock; warnings that lie before it lives were given, or never made sense."""
        due = clock.reckon(self.days).due
        if due > clock.begins:
            clock.to_warn = self.fractions(case, clock, due)
            while clock.lives_from and clock.to_warn and self.warning(clock) <= clock.lives_from:
                clock.to_warn.pop(0)
        case.clocks.append(clock)
        self.say(case, clock, "clock.started", clock.begins)

    def fractions(self, case: CaseFile, clock: Clock, due: datetime) -> list[float]:
        """When it warns: at the profile's fractions, but of a promise once, so long before its day."""
        if clock.kind not in ("obligation", "follow_up"):
            return list(case.profile.escalation.warn_fractions)
        return [round((clock.remind - clock.start) / (due - clock.start), 4)] if clock.remind else []

    def breach(self, case: CaseFile, clock: Clock, at: datetime) -> None:
        """The limit has passed."""
        clock.breached, clock.breaches = at, clock.breaches + 1
        due = clock.reckon(self.days).due
        if clock.kind == "handle" and clock.task and clock.task.live:
            clock.task.expired = due
        self.say(case, clock, "clock.breached", at)
        if clock.kind == "verify":
            self.district.overdue.append((case, due))
        if clock.kind in ("tier", "mediation"):
            self.district.expired.append((case, clock))
        if clock.kind == "obligation":
            self.district.broken.append((case, int(clock.key.partition("#")[2])))

    def withdraw(self, case: CaseFile, clock: Clock, at: datetime) -> None:
        """The breach does not count."""
        clock.breached, clock.withdrawn = None, clock.withdrawn + 1
        if clock.kind == "handle" and clock.task and clock.task.live:
            clock.task.expired = None
        self.say(case, clock, "clock.breach-withdrawn", at)

    def stop(self, case: CaseFile, clock: Clock, at: datetime, verdict: str | None = None) -> None:
        """End a clock; the verdict is by when the thing happened, up to and including the due instant in time."""
        now = clock.reckon(self.days)
        if verdict is None and now.held_at is not None and at > now.held_at:
            clock.moves.append(("resume", at, None))
        due, original = clock.reckon(self.days).due, clock.original_due(self.days)
        verdict = verdict or ("on_time" if at <= due else "late")
        clock.original_verdict = verdict if verdict != "on_time" else ("on_time" if at <= original else "late")
        if verdict == "late" and clock.breached is None:
            self.breach(case, clock, max(due, clock.begins))
        if verdict == "on_time" and clock.breached is not None:
            self.withdraw(case, clock, at)
        clock.verdict, clock.stopped = verdict, at
        self.say(case, clock, f"clock.{verdict}", at)

    def hold(self, case: CaseFile, clock: Clock, at: datetime, until: datetime | None) -> None:
        """Let it stand still, unless it had run out by then or stands still already."""
        now = clock.reckon(self.days)
        at = max(at, now.since)
        if now.held_at is not None or at >= now.due or (until is not None and until <= at):
            return
        if clock.breached is not None:
            self.withdraw(case, clock, at)
        clock.moves.append(("hold", at, until))

    def resume(self, clock: Clock, at: datetime) -> None:
        """Let it run with what was left."""
        now = clock.reckon(self.days)
        if now.held_at is not None:
            clock.moves.append(("resume", max(at, now.held_at), None))

    def extend(self, case: CaseFile, clock: Clock, at: datetime, limit: Limit) -> None:
        """Move it on by a limit; a breach before the new due instant does not count."""
        clock.moves.append(("extend", at, limit))
        if clock.breached is not None:
            self.withdraw(case, clock, at)

    def say(self, case: CaseFile, clock: Clock, what: str, at: datetime, **more: Any) -> None:
        """Tell what became of a clock."""
        due = clock.reckon(self.days).due
        self.district.happened(case, what, at, clock.task, clock=clock, owner=clock.owner, due=due, **more)
