"""What is compared of model and services: every state, every word said of a clock, every notice, every figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from services.escalation.domain.model import Case as TimedCase
from services.router.domain.model import Case
from shared.contracts import escalations as timed
from shared.contracts.base import Event
from shared.contracts.notifications import NoticeDelivered, NoticeEvent, NoticeQueued, NoticeSuppressed
from tests.support.cores import Cores
from tests.support.model.case import Clock, Team
from tests.support.model.district import DistrictModel

Seen = dict[str, Any]

CASE = [
    "state", "episode", "severity", "category", "lead", "refusals", "merged", "outcome", "ended_at",
    "closing", "opened_at",
]  # fmt: skip
PLACE = ("grid", "community", "township")
TASK = {
    "state": "state",
    "role": "role",
    "episode": "episode",
    "accepted": "accepted_at",
    "completed": "completed_at",
    "held_until": "held_until",
    "holds": "holds",
    "extensions": "extensions",
    "asked": "asked_at",
    "expired": "expired_at",
}
TEAM = {"number": "number", "round": "round", "quorum": "quorum", "muster_by": "muster_by", "on_scene": "on_scene_at",
        "ended": "ended_at"}  # fmt: skip
SEAT = {"holder": "holder", "required": "required", "coming": "coming", "answered": "answered_at",
        "absences": "absences", "present": "present_at"}  # fmt: skip
"""Name of the model -> name of the service."""


def picked(thing: Any, names: Sequence[str] | dict[str, str]) -> dict[str, Any]:
    """Return the values of a thing under the model's names."""
    pairs = names.items() if isinstance(names, dict) else zip(names, names, strict=True)
    return {ours: getattr(thing, theirs) for ours, theirs in pairs}


def _case(case: Any) -> dict[str, Any]:
    """Return a case; in which order its assists and links are kept means nothing."""
    return {**picked(case, CASE), "assists": sorted(case.assists), "links": sorted(case.links)}


def of_model(model: DistrictModel) -> Seen:
    """Return everything that counts, as the model has it."""
    cases, timed = model.cases.values(), model.all_that_lives()
    places = {one.id: tuple(one.place.get(name) for name in PLACE) for one in cases}
    return {
        "cases": {one.id: {**_case(one), "level": one.level} for one in cases},
        "tasks": {task.id: picked(task, list(TASK)) for one in cases for task in one.tasks},
        "clocks": {f"{one.id}/{clock.key}": _clock(model, clock) for one in timed for clock in one.clocks},
        "teams": {one.id: _team(one.team) for one in cases if one.team},
        "disputes": {one.id: _dispute(one.dispute) for one in cases if one.dispute},
        "promises": {one.id: _promises(one.pledges, one.way) for one in cases if one.pledges and one.pledges.owed},
        "places": places,
        "places told of": places,
        "notices": Counter(
            (one.case, one.step, one.audience, one.recipient, one.channel, one.outcome) for one in model.telling.notices
        ),
        "letters": sorted(model.letters),
        "figures": dict(model.figures),
    }


def _clock(model: DistrictModel, clock: Clock) -> dict[str, Any]:
    same = ("kind", "owner", "start", "verdict", "original_verdict", "stopped", "breaches", "withdrawn")
    return {
        **picked(clock, same),
        "due": clock.reckon(model.days).due,
        "original_due": clock.original_due(model.days),
        "breached": clock.breached if clock.live else None,
        "warned": tuple(clock.warned),
    }


def _team(team: Team) -> dict[str, Any]:
    seats = sorted((picked(seat, list(SEAT)) for seat in team.seats), key=_holder)
    return {**picked(team, list(TEAM)), "seats": seats}


def _holder(seat: dict[str, Any]) -> str:
    return str(seat["holder"])


def of_cores(cores: Cores) -> Seen:
    """Return the same, as the services' cores have it."""
    said, cases = [*cores.events("escalations"), *cores.events("notifications")], cores.cases.states()
    return {
        **of_states(cases, cores.times.states(), said),
        "places told of": places_of({id_: one for id_, one in cores.views.states().items() if id_ in cases}),
        "letters": sorted(set(cores.letters())),
        "figures": cores.figures(),
    }


def of_states(cases: Mapping[str, Case], times: Mapping[str, TimedCase], said: Sequence[Event]) -> Seen:
    """Return what the services keep and have said, as the model would."""
    live = {f"{id_}/{clock.key}": clock for id_, one in times.items() for clock in one.clocks if clock.live}
    return {
        "cases": {
            id_: {**_case(one), "level": times[id_].level if id_ in times else None} for id_, one in cases.items()
        },
        "tasks": {one.id_of(task): picked(task, TASK) for one in cases.values() for task in one.tasks},
        "clocks": clocks_of(said, live),
        "teams": {id_: team_of(one.team) for id_, one in times.items() if one.team},
        "disputes": {id_: dispute_of(one.dispute) for id_, one in cases.items() if one.dispute},
        "promises": {id_: promises_of(one.promises) for id_, one in cases.items() if one.promises.agreements},
        "places": places_of({id_: one for id_, one in times.items() if id_ in cases}),
        "notices": notices_of(said),
    }


def places_of(things: Mapping[str, Any]) -> dict[str, Any]:
    """Return where somebody has each case."""
    return {id_: tuple(getattr(one, name) for name in PLACE) for id_, one in things.items()}


def _promises(pledges: Any, way: str | None) -> dict[str, Any]:
    owed = [picked(one, list(OWED)) for one in pledges.owed]
    return {"state": pledges.state, "owed": owed, "listed": dict(pledges.listed), "way": way}


def promises_of(promises: Any) -> dict[str, Any]:
    """Return what was promised as the router keeps it."""
    owed = [picked(one, OWED) for one in promises.obligations]
    listed = {one.party: one.standing for one in promises.listings if one.on_the_list}
    last = promises.agreements[-1]
    return {"state": last.state, "owed": owed, "listed": listed, "way": last.route}


OWED = {"number": "number", "party": "party", "state": "state", "left": "owed", "broken": "breached",
        "met_at": "fulfilled_at"}  # fmt: skip
DISPUTE = {"state": "state", "extensions": "extensions", "hearings": "hearings", "total_due": "total_due_at",
           "batch": "batch", "is_batch": "is_batch", "expected": "expected", "counts": "counts",
           "count_at": "count_at"}  # fmt: skip
TIER = {"name": "name", "owner": "owner", "mediator": "mediator", "co": "co_mediator", "members": "members",
        "due": "due_at", "ended": "ended_at", "outcome": "outcome"}  # fmt: skip


def _dispute(dispute: Any) -> dict[str, Any]:
    tiers = [{**picked(one, list(TIER)), "consents": sorted(one.consents)} for one in dispute.tiers]
    return {**picked(dispute, list(DISPUTE)), "parties": sorted(dispute.parties), "tiers": tiers}


def dispute_of(dispute: Any) -> dict[str, Any]:
    """Return a dispute as the router keeps it."""
    tiers = [{**picked(one, TIER), "consents": sorted(one.consents)} for one in dispute.tiers]
    return {**picked(dispute, DISPUTE), "parties": sorted(dispute.parties), "tiers": tiers}


def team_of(team: Any) -> dict[str, Any]:
    """Return a team as escalation keeps it."""
    seats = sorted((picked(seat, SEAT) for seat in team.seats), key=_holder)
    return {**picked(team, TEAM), "seats": seats}


def clocks_of(events: Sequence[Event], live: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Follow each clock through what was said of it, as a partner who keeps the books would; the state says the rest.

    An event that was published again is the same word for word, and counts once.
    """
    said: dict[str, list[timed.ClockEvent]] = {}
    for event in dict.fromkeys(events):
        if isinstance(event, timed.ClockEvent):
            said.setdefault(event.clock_id, []).append(event)
    return {id_: _followed(found, live.get(id_)) for id_, found in said.items()}


def _followed(events: list[timed.ClockEvent], live: Any) -> dict[str, Any]:
    begun = next(one for one in events if isinstance(one, timed.ClockStarted))
    end: Any = next((one for one in events if isinstance(one, timed.ClockStopped)), None)
    return {
        "kind": begun.kind,
        "owner": (live or end or begun).owner,
        "start": begun.started_at,
        "verdict": end and end.verdict,
        "original_verdict": end and end.original_verdict,
        "stopped": end and end.occurred_at,
        "breaches": sum(isinstance(one, timed.ClockBreached) for one in events),
        "withdrawn": sum(isinstance(one, timed.ClockBreachWithdrawn) for one in events),
        "due": (live or end or begun).due_at,
        "original_due": begun.due_at,
        "breached": live and live.breached_at,
        "warned": tuple(one.fraction for one in events if isinstance(one, timed.ClockWarned)),
    }


def notices_of(events: Sequence[Event]) -> Counter[tuple[str, ...]]:
    """Return every notice with what became of it in the end."""
    last = {
        (one.notice_id, one.channel, one.step): one
        for one in events
        if isinstance(one, NoticeQueued | NoticeDelivered | NoticeSuppressed)
    }
    return Counter(
        (one.case_id, one.step, one.audience, one.recipient, one.channel, _outcome(one)) for one in last.values()
    )


def _outcome(event: NoticeEvent) -> str:
    if isinstance(event, NoticeSuppressed):
        return event.reason
    return "delivered" if isinstance(event, NoticeDelivered) else "queued"


def differences(model: Seen, services: Seen) -> list[str]:
    """Return one line for each thing that model and services do not have alike."""
    return [line for part in model for line in _differing(part, model[part], services[part])]


def _differing(name: str, expected: Any, found: Any) -> list[str]:
    if expected == found:
        return []
    if isinstance(expected, dict) and isinstance(found, dict):
        keys = sorted({*expected, *found}, key=str)
        return [line for key in keys for line in _differing(f"{name} {key}", expected.get(key), found.get(key))]
    return [f"{name}: the model has {_plain(expected)}, the services have {_plain(found)}"]


def _plain(value: Any) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%S%z}" if hasattr(value, "strftime") else repr(value)
