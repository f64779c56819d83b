"""What each event gives to tell: the step, the template, which departments it is about, and the facts.

Whom it is told to stands in the profile; how a step is named stands here, with as much in it as makes it new when it
must be: a second warning of one clock, a second round of one team, a due instant that moved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.notifier.domain import advisory_steps, alerts, ground_steps, mediation_steps, promise_steps
from services.notifier.domain.facts import MAX_REASON, Facts, shorten
from services.notifier.domain.model import CaseView
from shared.contracts import cases, escalations, incidents
from shared.contracts.base import Event

DEFAULT_SEVERITY = 3


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing to tell. `asks` is the event as the profile names it; `about` the departments it is about.

    `public`: in the words for reporters, else for officials. `reporter`: to this one alone. The rest is as in
    `NoticeState`.
    """

    step: str
    template: str
    asks: str
    episode: int
    facts: Facts
    about: tuple[str, ...] = ()
    public: bool = False
    reporter: str | None = None
    level: int | None = None
    moot: bool = False
    task: str | None = None
    until: datetime | None = None
    pressing: bool = False


@dataclass(frozen=True, slots=True)
class _Draft:
    """An event beside what is known of its case; makes tellings with the common parts filled in."""

    view: CaseView
    event: Any
    episode: int
    about: tuple[str, ...] = field(default=())

    def telling(self, step: str, template: str, facts: dict[str, Any] | None = None, **rest: Any) -> Telling:
        about = tuple(code for code in rest.pop("about", self.about) if code)
        said = Facts(**{**self.common(about), **(facts or {})})
        return Telling(step, template, asked(self.event), self.episode, said, about, **rest)

    def common(self, about: tuple[str, ...]) -> dict[str, Any]:
        view = self.view
        return {
            "case_id": self.event.case_id,
            "severity": view.severity or DEFAULT_SEVERITY,
            "episode": self.episode,
            "category": view.category,
            "place": view.place,
            "summary": view.summary,
            "department": about[0] if about else None,
        }


def asked(event: Event | type[Event]) -> str:
    """Return the event's type as a profile names it: `gridwhistle.clock.breached.v1` is `clock.breached`."""
    if isinstance(event, alerts.AlertEvent):
        return event.asks
    return event.type.removeprefix("gridwhistle.").removesuffix(".v1")


def task_suffix(task_id: str) -> str:
    """Return the part of a task id that is new within its case: `housing#1`."""
    return task_id.rpartition("/")[2]


def tellings(view: CaseView, event: Event) -> tuple[Telling, ...]:
    """Return what an event gives to tell, on a view that has taken the event in already."""
    build = _STEPS.get(type(event))
    if build is None:
        return ()
    # A report is told under its case's first episode whenever it is read: topics are read independently, and two
    # replicas that both began on it, one behind a reopening, would tell its reporter twice.
    episode = getattr(event, "episode", 1)
    return build(_Draft(view, event, episode, _departments(view, event)))


def _departments(view: CaseView, event: Any) -> tuple[str, ...]:
    """Return the department an event is about: its own, its clock's owner, else the case's lead."""
    code = getattr(event, "department", None) or getattr(event, "owner", None) or view.lead
    return (code,) if code else ()


def _reported(draft: _Draft) -> tuple[Telling, ...]:
    event = draft.event
    ref = reporter_ref(event)
    apart = getattr(event, "unmerged_from", None) is not None
    facts = {"merged": isinstance(event, incidents.ReportMerged), "apart": apart, "report_id": event.report_id}
    return (draft.telling("received", "received", facts, public=True, reporter=ref),)


def reporter_ref(event: incidents.ReportFacts) -> str:
    """Return the reference of the person behind a report; of one without any, the report's own."""
    return event.reporter_ref or f"{event.partner}:{event.report_id}"


def _triaged(draft: _Draft) -> tuple[Telling, ...]:
    facts: dict[str, Any] = {"reason": shorten(draft.event.reason, MAX_REASON), "limit": draft.event.limit}
    if draft.event.suggested:
        facts |= {"suggested": draft.event.suggested.category, "confidence": draft.event.suggested.confidence}
    return (draft.telling("triage", "triage", facts, moot=True),)


def _opened(draft: _Draft) -> tuple[Telling, ...]:
    return (draft.telling("opened", "opened"), draft.telling("assigned", "assigned", public=True, moot=True))


def _assigned(draft: _Draft) -> tuple[Telling, ...]:
    event = draft.event
    task = task_suffix(event.task_id)
    facts = {"due_at": event.due_at, "limit": event.stages[-1].limit if event.stages else None}
    officials = draft.telling(f"task_assigned:{task}", "task_assigned", facts, moot=True, task=task)
    public = draft.telling("assigned", "assigned", about=(draft.view.lead or "",), public=True, moot=True)
    return (officials, public)


def _returned(draft: _Draft) -> tuple[Telling, ...]:
    event = draft.event
    facts = {"reason": shorten(event.reason, MAX_REASON), "count": event.count, "allowed": event.allowed}
    step = f"returned:{task_suffix(event.task_id)}:{event.count}"
    return (draft.telling(step, "returned", facts, moot=True),)


def _hold_requested(draft: _Draft) -> tuple[Telling, ...]:
    facts = {"wanted": "hold", "reason": shorten(draft.event.reason, MAX_REASON), "until": draft.event.until}
    return (_approval(draft, "hold", facts),)


def _extension_requested(draft: _Draft) -> tuple[Telling, ...]:
    facts = {"wanted": "extension", "reason": shorten(draft.event.reason, MAX_REASON), "limit": draft.event.limit}
    return (_approval(draft, "extension", facts),)


def _approval(draft: _Draft, what: str, facts: dict[str, Any]) -> Telling:
    task = task_suffix(draft.event.task_id)
    step = f"approval:{what}:{task}:{_stamp(draft.event.occurred_at)}"
    return draft.telling(step, "approval", facts, moot=True, task=task)


def _resolved(draft: _Draft) -> tuple[Telling, ...]:
    facts = {"limit": draft.event.verify_limit}
    officials = draft.telling("verify", "verify", facts, moot=True)
    return (officials, draft.telling("verify", "verify", public=True, moot=True))


def _closed(draft: _Draft) -> tuple[Telling, ...]:
    facts = {"outcome": draft.event.outcome.value}
    return (draft.telling("closed", "closed", facts), draft.telling("solved", "solved", facts, public=True))


def _reopened(draft: _Draft) -> tuple[Telling, ...]:
    facts = {"reason": shorten(draft.event.reason, MAX_REASON)}
    officials = draft.telling("reopened", "reopened", facts, moot=True)
    return (officials, draft.telling("reopened", "reopened", public=True, moot=True))


def _withdrawn(draft: _Draft) -> tuple[Telling, ...]:
    facts = {"reason": shorten(draft.event.reason, MAX_REASON)}
    return (draft.telling("withdrawn", "withdrawn", facts), draft.telling("withdrawn", "withdrawn", public=True))


def _warned(draft: _Draft) -> tuple[Telling, ...]:
    """Warn of a limit that has not passed; one that was known of too late is only told as breached."""
    event = draft.event
    if event.recorded_at >= event.due_at:
        return ()
    step = f"warned:{event.clock_id}:{event.fraction:g}:{_stamp(event.due_at)}"
    template = "promise_due" if event.kind in promise_steps.PROMISED else "warned"
    return (draft.telling(step, template, _clock(event), **_of_task(event), moot=True, until=event.due_at),)


def _breached(draft: _Draft) -> tuple[Telling, ...]:
    event = draft.event
    if event.kind in promise_steps.PROMISED:
        return ()
    step = f"breached:{event.clock_id}:{_stamp(event.due_at)}"
    return (draft.telling(step, "breached", _clock(event)),)


def _extension_ignored(draft: _Draft) -> tuple[Telling, ...]:
    event = draft.event
    step = f"extension_ignored:{event.clock_id}:{_stamp(event.asked_at)}"
    facts = {**_clock(event), "limit": event.limit}
    return (draft.telling(step, "extension_ignored", facts, **_of_task(event), moot=True),)


def _clock(event: Any) -> dict[str, Any]:
    return {"due_at": event.due_at, "fraction": getattr(event, "fraction", None), "clock": event.kind.value}


def _of_task(event: Any) -> dict[str, Any]:
    return {"task": task_suffix(event.task_id)} if event.task_id else {}


def _escalated(draft: _Draft) -> tuple[Telling, ...]:
    level = draft.event.level
    return (draft.telling(f"escalated:{level}", "escalated", {"level": level}, level=level),)


def _summoned(draft: _Draft) -> tuple[Telling, ...]:
    event = draft.event
    members = tuple(one.department for one in event.members)
    facts = {"departments": members, "due_at": event.muster_by, "until": event.answer_by, "quorum": event.quorum}
    place = shorten(event.place.address, 60)
    facts |= {"round": event.round, **({"place": place} if place else {})}
    step = f"summoned:{event.team_id}:{event.round}"
    late = {"until": event.muster_by, "pressing": True}
    return (draft.telling(step, "summoned", facts, about=members, moot=True, **late),)


def _substituted(draft: _Draft) -> tuple[Telling, ...]:
    event = draft.event
    place = shorten(event.place.address, 60) if event.place else ""
    facts = {"substitute": event.by, "substituted": event.department, "due_at": event.muster_by}
    facts |= {"round": event.round, **({"place": place} if place else {})}
    step = f"substituted:{event.team_id}:{event.round}:{event.department}:{event.by}"
    late = {"until": event.muster_by, "pressing": True}
    return (draft.telling(step, "substituted", facts, about=(event.by, event.department), moot=True, **late),)


def _absent(draft: _Draft) -> tuple[Telling, ...]:
    event = draft.event
    step = f"absent:{event.team_id}:{event.round}:{event.department}"
    return (draft.telling(step, "absent", {"round": event.round}),)


def _on_scene(draft: _Draft) -> tuple[Telling, ...]:
    event = draft.event
    return (draft.telling(f"on_scene:{event.team_id}:{event.round}", "on_scene", {"departments": event.present}),)


def _muster_failed(draft: _Draft) -> tuple[Telling, ...]:
    event = draft.event
    facts = {"departments": event.absent, "round": event.round}
    return (draft.telling(f"muster_failed:{event.team_id}:{event.round}", "muster_failed", facts),)


def _stood_down(draft: _Draft) -> tuple[Telling, ...]:
    return (draft.telling(f"stood_down:{draft.event.team_id}", "stood_down", about=draft.view.members),)


def _surge(draft: _Draft) -> tuple[Telling, ...]:
    return (draft.telling("surge", "surge", {"count": draft.event.count}, moot=True),)


def _surge_ended(draft: _Draft) -> tuple[Telling, ...]:
    return (draft.telling("surge_ended", "surge_ended", {"count": draft.event.count}, moot=True),)


def _stamp(instant: datetime) -> str:
    return f"{instant:%y%m%d%H%M%S}"


_STEPS: dict[type[Event], Callable[[_Draft], tuple[Telling, ...]]] = {
    incidents.ReportAccepted: _reported,
    incidents.ReportMerged: _reported,
    incidents.SurgeDetected: _surge,
    incidents.SurgeEnded: _surge_ended,
    cases.CaseTriaged: _triaged,
    cases.CaseOpened: _opened,
    cases.TaskAssigned: _assigned,
    cases.TaskReturned: _returned,
    cases.TaskHoldRequested: _hold_requested,
    cases.TaskExtensionRequested: _extension_requested,
    cases.CaseResolved: _resolved,
    cases.CaseClosed: _closed,
    cases.CaseReopened: _reopened,
    cases.CaseWithdrawn: _withdrawn,
    escalations.ClockWarned: _warned,
    escalations.ClockBreached: _breached,
    escalations.ClockExtensionIgnored: _extension_ignored,
    escalations.CaseEscalated: _escalated,
    escalations.TeamSummoned: _summoned,
    escalations.TeamSubstituted: _substituted,
    escalations.TeamAbsent: _absent,
    escalations.TeamOnScene: _on_scene,
    escalations.TeamMusterFailed: _muster_failed,
    escalations.TeamStoodDown: _stood_down,
    **advisory_steps.STEPS | alerts.STEPS | promise_steps.STEPS | mediation_steps.STEPS | ground_steps.STEPS,
}
TOLD_EVENTS: frozenset[type[Event]] = frozenset(_STEPS)
"""The events that give something to tell."""
