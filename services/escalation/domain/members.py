"""Commands of people about the whistle and the team: each is checked here before `whistle.py` or `muster.py` acts."""

from __future__ import annotations

import hashlib
from datetime import datetime

from services.escalation.domain.draft import Draft
from services.escalation.domain.geo import haversine_m
from services.escalation.domain.model import Seat, Team
from services.escalation.domain.muster import answer, arrive, missing, roll_time, stand_down, substitute
from services.escalation.domain.places import named_place
from services.escalation.domain.whistle import Call, blow, minutes, named_departments
from shared.contracts.commands import AnswerTeam, BlowWhistle, CheckInTeam, Command, StandDownTeam, SubstituteTeam
from shared.contracts.escalations import Place
from shared.decision import Rejected

_NONCE_DIGITS = 16
"""So many hexadecimal digits of a nonce's hash are kept: enough to know it again, small in the document."""


def happened(event: Command) -> datetime:
    """Return when a thing happened: never after it became known, however fast a partner's clock runs."""
    return min(event.occurred_at, event.recorded_at)


def on_whistle(draft: Draft, command: BlowWhistle) -> str:
    """Blow the whistle by hand: the departments named must come, the optional ones may."""
    if draft.case.phase.ended:
        raise _illegal(draft, "The case has ended; its whistle is silent.")
    if draft.case.is_file:
        raise _illegal(draft, "This is the file of an advisory; nobody is called to a place for it.")
    required = named_departments(draft, command.departments)
    optional = tuple(code for code in named_departments(draft, command.optional) if code not in required)
    call = Call(
        required,
        draft.blown_at(command.recorded_at),
        "hand",
        optional=optional,
        place=_place(draft, command),
        within=minutes(command.muster_within_minutes),
        quorum=command.quorum,
    )
    team = draft.case.team
    if blow(draft, call):
        return "whistled"
    return "already_called" if team is not None and missing(team) else "team_complete"


def _place(draft: Draft, command: BlowWhistle) -> Place | None:
    if command.lon is not None and command.lat is not None:
        return Place(lon=command.lon, lat=command.lat, address=command.place or draft.case.place.address)
    return named_place(draft.ground, command.place) if command.place else None


def on_answer(draft: Draft, command: AnswerTeam) -> str:
    """Let a member answer for itself; of several answers the one given last counts."""
    team, seat = _seat(draft, command, _live_team(draft))
    at = happened(command)
    if seat.answered_at is not None and at < seat.answered_at:
        return "overtaken"
    if seat.present_at is not None:
        return "already_present"
    answer(draft, team, seat, at, {"coming": command.coming, "eta": command.eta, "reason": command.reason})
    return "answered"


def on_substitute(draft: Draft, command: SubstituteTeam) -> str:
    """Let a member send another department in its place."""
    team, seat = _seat(draft, command, _live_team(draft))
    (by,) = named_departments(draft, (command.by,))
    if seat.present_at is not None:
        raise _illegal(draft, f"{seat.holder} is on site and cannot send another.")
    if any(by in (other.department, other.holder) for other in team.seats):
        raise _illegal(draft, f"{by} is in the team for itself and cannot come for {seat.holder}.")
    substitute(draft, team, seat, happened(command), by)
    return "substituted"


def on_check_in(draft: Draft, command: CheckInTeam) -> str:
    """Let a member report on site. One that was offline may send it later, while or after the team was at work."""
    team = draft.case.team
    if team is None:
        raise _illegal(draft, "No team has been called for this case.")
    team, seat = _seat(draft, command, team)
    team = _fresh(team, command)
    _inside_window(draft, team, seat, command)
    distance = _inside_fence(draft, team, command)
    if seat.present_at is not None:
        return "already_present"
    times = {"present_at": happened(command), "received_at": command.recorded_at}
    arrive(draft, team, seat, {**times, "distance_m": distance})
    return "checked_in"


def on_stand_down(draft: Draft, command: StandDownTeam) -> str:
    """Let the centre send the team home."""
    _live_team(draft)
    stand_down(draft, happened(command), "centre")
    return "stood_down"


def _live_team(draft: Draft) -> Team:
    team = draft.case.team
    if team is None or not team.live:
        raise _illegal(draft, "No team is at work on this case.")
    return team


def _seat(draft: Draft, command: Command, team: Team) -> tuple[Team, Seat]:
    """Return the seat of whoever speaks."""
    speaker = command.actor.department or command.actor.partner
    for seat in team.seats:
        if seat.holder == speaker:
            return team, seat
    raise Rejected("not-a-member", f"{speaker} is not in the team.", draft.case.phase)


def _fresh(team: Team, command: CheckInTeam) -> Team:
    """Return the team that remembers the nonce.

    Raises:
        Rejected: `replayed-check-in`, when it was used before in this case.
    """
    seen = hashlib.sha256(command.nonce.encode()).hexdigest()[:_NONCE_DIGITS]
    if seen in team.nonces:
        raise Rejected("replayed-check-in", "This check-in has been used before.")
    return team.model_copy(update={"nonces": (*team.nonces, seen)})


def _inside_window(draft: Draft, team: Team, seat: Seat, command: CheckInTeam) -> None:
    # Of a time that nobody believed intake keeps the claim: the time it puts in its place proves no presence.
    rules, at = draft.profile.whistle, command.backdated_from or command.occurred_at
    if at > min(draft.now, command.recorded_at) + draft.profile.future_tolerance:
        raise Rejected("future-check-in", "The check-in says it will happen later than now.")
    end = roll_time(team, seat) + rules.check_in_after
    end = min(end, team.ended_at or end)
    if not team.whistled_at - rules.check_in_before <= at <= end:
        raise Rejected("outside-window", "The check-in is not from the time in which this team was at work.")


def _inside_fence(draft: Draft, team: Team, command: CheckInTeam) -> float | None:
    """Return the distance from the place in metres, or None when the place has no coordinates."""
    place, fence = team.place, draft.profile.whistle.geofence_m
    if place.lon is None or place.lat is None:
        return None
    distance = round(haversine_m((place.lon, place.lat), (command.lon, command.lat)), 1)
    if distance > fence:
        sentence = f"The check-in is {distance:.0f} m from the place; {fence:.0f} m are allowed."
        raise Rejected("outside-geofence", sentence)
    return distance


def _illegal(draft: Draft, sentence: str) -> Rejected:
    return Rejected("illegal-transition", sentence, draft.case.phase)
