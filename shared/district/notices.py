"""Who is told what, how often and how: the notify section of a profile."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from shared.district.base import DottedName, Period, Section, Severity, Slug, Span
from shared.district.parties import Contact
from shared.district.policies import Audience

Audiences = dict[DottedName, tuple[Audience, ...]]
"""Event type without prefix and version, e.g. `clock.breached` -> whom it is told to."""

DEFAULT_AUDIENCES: Audiences = {
    "report.accepted": (Audience.REPORTER,),
    "report.merged": (Audience.REPORTER,),
    "surge.detected": (Audience.CENTRE, Audience.DUTY_OFFICER),
    "surge.ended": (Audience.CENTRE,),
    "case.triaged": (Audience.CENTRE,),
    "task.assigned": (Audience.DUTY_OFFICER, Audience.REPORTER),
    "task.returned": (Audience.CENTRE,),
    "task.hold-requested": (Audience.CENTRE,),
    "task.extension-requested": (Audience.CENTRE,),
    "case.resolved": (Audience.GRID_WORKER,),
    "case.closed": (Audience.REPORTER,),
    "case.reopened": (Audience.DUTY_OFFICER, Audience.CENTRE),
    "clock.warned": (Audience.DUTY_OFFICER,),
    "clock.breached": (Audience.DUTY_OFFICER, Audience.HEAD),
    "advisory.proposed": (Audience.CENTRE,),
    "advisory.issued": (Audience.DUTY_OFFICER, Audience.HEAD, Audience.CENTRE),
    "advisory.declined": (Audience.CENTRE,),
    "advisory.replied": (Audience.CENTRE,),
    "advisory.measured": (Audience.CENTRE,),
    "closings.flagged": (Audience.CENTRE,),
    "clock.extension-ignored": (Audience.DUTY_OFFICER, Audience.CENTRE),
    "case.escalated": (),
    "team.summoned": (Audience.DUTY_OFFICER, Audience.HEAD),
    "team.substituted": (Audience.DUTY_OFFICER, Audience.CENTRE),
    "team.absent": (Audience.HEAD, Audience.CENTRE),
    "team.on-scene": (Audience.CENTRE,),
    "team.muster-failed": (Audience.CENTRE_DIRECTOR,),
    "team.stood-down": (Audience.DUTY_OFFICER,),
    "work.missed": (Audience.TOWNSHIP,),
    "case.moved": (Audience.GRID_WORKER,),
    "tier.entered": (Audience.DUTY_OFFICER, Audience.REPORTER),
    "mediator.assigned": (Audience.DUTY_OFFICER,),
    "batch.progressed": (Audience.CENTRE,),
    "agreement.breached": (Audience.DUTY_OFFICER, Audience.CENTRE),
    "defaulter.recorded": (Audience.CENTRE,),
    "alert.raised": (Audience.DUTY_OFFICER,),
    "alert.resolved": (Audience.DUTY_OFFICER,),
}
"""Of the department an event is about. `case.escalated` is told to the audience of its rung and these besides."""


class RateLimit(Section):
    """At most so many notices an hour to one recipient; what is above is grouped, never dropped."""

    per_hour: int = Field(default=60, ge=1)


class Digest(Section):
    """From the `after`-th notice to one recipient within the window on, the rest goes out as one digest."""

    after: int = Field(default=5, ge=1)
    window: Span = timedelta(minutes=10)


class Retry(Section):
    """Attempts on one channel: the n-th waits `backoff` x `factor` to the power n-1, at most `max_backoff`."""

    attempts: int = Field(default=5, ge=1, le=50)
    backoff: Span = timedelta(seconds=2)
    factor: float = Field(default=2.0, ge=1)
    max_backoff: Span = timedelta(minutes=5)


class Webhook(Section):
    """`allow_private`: webhooks to private and loopback addresses; off, or a profile could reach into the network."""

    allow_private: bool = False


class NoticePolicy(Section):
    """A named change to who is told, for a rule or a category: its steps replace the district's."""

    audiences: Audiences = Field(default_factory=dict)
    ignore_quiet_hours: bool = False


class Notify(Section):
    """`channels` is the order of fallback for a recipient that has several; its own order wins where it names them.

    `grid_worker_contacts` may hold `{worker}` and `{grid}`, filled in from the grid of the case.
    """

    languages: tuple[Literal["zh-CN", "en"], ...] = Field(default=("zh-CN",), min_length=1)
    quiet_hours: Period | None = None
    quiet_exempt_severity: Severity = 1
    rate_limit: RateLimit = RateLimit()
    digest: Digest = Digest()
    channels: tuple[Slug, ...] = Field(default=("file",), min_length=1)
    retry: Retry = Retry()
    webhook: Webhook = Webhook()
    audiences: Audiences = Field(default_factory=lambda: dict(DEFAULT_AUDIENCES))
    policies: dict[Slug, NoticePolicy] = Field(default_factory=dict)
    grid_worker_contacts: tuple[Contact, ...] = ()

    def audience(self, step: str, policy: str | None = None) -> tuple[Audience, ...]:
        """Return whom a step is told to under a notice policy, or under none.

        A step that the profile does not name is told as by default; nobody hears one that it names with nobody.
        """
        special = self.policies[policy].audiences if policy in self.policies else {}
        return special.get(step, self.audiences.get(step, DEFAULT_AUDIENCES.get(step, ())))
