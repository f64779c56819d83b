"""What of which event stays in the ledger for good: codes, instants and numbers, and nothing that names a person.

A type that is not mentioned here is kept as its head alone (type, case, when it happened), so that what a newer version
says is at least counted from its first day. Fields are written by position: new ones only ever go to the end.
"""

from __future__ import annotations

from collections.abc import Mapping

_TASK = ("task_id", "department", "role", "episode")
_CLOCK = ("clock_id", "kind", "owner", "task_id")
_PLACE = ("partner", "grid", "township")
_MEMBER = ("team_id", "round", "department")
_ADVISORY = ("episode", "rule", "kind", "addressee", "category", "area")
_ADVISORY = ("rule", "kind", "addressee", "category", "area", "episode")
_NOTICE = ("recipient", "channel", "step")

KEPT: Mapping[str, tuple[str, ...]] = {
    "report.accepted": (*_PLACE, "category"),
    "report.merged": (*_PLACE, "category", "merged_case_id"),
    "case.triaged": (*_PLACE,),
    "case.opened": (*_PLACE, "category", "lead", "opened_at", "severity", "profile_version"),
    "case.moved": ("grid", "township", "from_grid", "profile_version"),
    "surge.detected": ("kind", "category", "count"),
    "surge.joined": ("parent",),
    "surge.ended": ("count",),
    "report.unmerged": ("partner", "own_case_id"),
    "case.closed": ("episode", "outcome", "handling_seconds", "category", "department"),
    "case.reopened": ("episode",),
    "case.withdrawn": ("episode",),
    "task.assigned": (*_TASK, "reason"),
    "task.completed": _TASK,
    "task.returned": (*_TASK, "count"),
    "task.superseded": _TASK,
    "task.extended": (*_TASK, "count"),
    "clock.breached": _CLOCK,
    "clock.breach-withdrawn": _CLOCK,
    "clock.stopped": (*_CLOCK, "verdict", "original_verdict"),
    "case.escalated": ("level", "episode"),
    "team.summoned": ("team_id", "round", "members", "reason"),
    "team.checked-in": (*_MEMBER, "on_time", "muster_seconds"),
    "team.absent": _MEMBER,
    "team.substituted": (*_MEMBER, "by"),
    "team.on-scene": ("team_id", "round", "muster_seconds"),
    "team.muster-failed": ("team_id", "round"),
    "team.stood-down": ("team_id", "round", "seconds"),
    "tier.entered": ("tier_id", "tier", "owner", "episode"),
    "tier.ended": ("tier_id", "tier", "owner", "episode", "outcome", "hearings"),
    "work.recorded": (
        "township",
        "obligation",
        "kind",
        "starts_at",
        "grid",
        "worker",
        "holder",
        "number",
        "needed",
        "points",
    ),
    "work.missed": (
        "township",
        "obligation",
        "kind",
        "starts_at",
        "ends_at",
        "needed",
        "expected",
        "excused",
        "places",
    ),
    "work.made-good": ("township", "obligation", "starts_at", "grid", "worker"),
    "worker.on-leave": ("township", "worker", "first", "last", "substitute", "cancelled"),
    "worker.trained": ("township", "worker", "course", "hours", "points"),
    "worker.assessed": ("township", "worker", "subject", "score", "passed", "points"),
    "agreement.signed": ("agreement", "amends", "obligations", "owner"),
    "agreement.fulfilled": ("agreement", "on_time"),
    "agreement.breached": ("agreement", "obligation_id", "what", "route", "owner"),
    "agreement.breach-withdrawn": ("agreement", "obligation_id"),
    "obligation.recorded": ("agreement", "obligation_id", "what", "state", "due_at", "owner", "on_time"),
    "advisory.proposed": (*_ADVISORY, "count"),
    "advisory.issued": _ADVISORY,
    "advisory.declined": (*_ADVISORY, "lapsed"),
    "advisory.replied": (*_ADVISORY, "adopted"),
    "advisory.measured": (*_ADVISORY, "before", "after", "effect"),
    "closings.flagged": ("department", "count", "episode"),
    "notice.delivered": (*_NOTICE, "digest_of"),
    "notice.failed": (*_NOTICE, "reason", "fallback"),
    "notice.suppressed": (*_NOTICE, "reason"),
}
"""Type without `gridwhistle.` and `.v1` -> the fields that are kept, in order."""

LEFT_OUT = frozenset({
    "case.resolved", "case.verified", "clock.started", "clock.warned", "notice.acknowledged", "notice.queued",
    "notice.unknown", "task.accepted", "task.progressed",
})  # fmt: skip
"""What no figure asks for and every case has many of: nine of the seventeen records that an ordinary report entails."""

FIRST_PART = frozenset({"recipient"})
"""Of these only what stands before the slash is kept: `housing/duty_officer` is a department, `reporter/…` a person."""
