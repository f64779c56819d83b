"""Commands: who may ask for what, and what a permitted one looks like when it leaves.

Who speaks is told by the topic. Whatever a payload says of its sender is overwritten; whether the command fits the
state of case and task is judged by router, escalation and notifier.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import ValidationError

from services.intake.domain.instants import UnreadableTimeError, believe, parse_instant
from services.intake.domain.masking import mask, mask_field
from services.intake.domain.model import Origin
from services.intake.domain.normalise import LARGEST_INTEGER, zone_of
from services.intake.domain.reading import Message
from services.intake.domain.text import clean_text
from services.intake.domain.wording import Invalid, wrong_fields
from services.intake.domain.work import addressed, district_of_grid, is_work
from shared.contracts.actors import Actor
from shared.contracts.commands import Command
from shared.contracts.registry import command_types
from shared.decision import Poison
from shared.district.parties import Partner

_INSTANTS = ("eta", "until")
_FREE_TEXT = ("note", "place", "reason", "payment_id", "course", "subject")
"""A cashier's number of which something was masked is no number any more, and refused: none passes for a telephone."""

_DISTRICT = 6


def short_name(type_: str) -> str:
    """Return a command's name without prefix and version, e.g. `task.accept`."""
    return type_.removeprefix("gridwhistle.").removesuffix(".v1")


def may_give(partner: Partner, cls: type[Command]) -> bool:
    """Say whether a partner may give a command at all: by its kind, or because its profile entry names the command."""
    return partner.kind in cls.allowed or short_name(cls.type) in partner.commands


def authorise(partner: Partner, cls: type[Command]) -> None:
    """Let a command of this partner pass.

    Raises:
        Poison: `forbidden`, with who may.
    """
    if not may_give(partner, cls):
        allowed = ", ".join(sorted(cls.allowed))
        raise Poison("forbidden", f"{partner.id} ({partner.kind}) may not give {short_name(cls.type)}; {allowed} may.")


def district_of(payload: dict[str, Any], cls: type[Command]) -> str | None:
    """Return the district that a command names by its case, or by its grid; none where it names a worker alone.

    Raises:
        Invalid: `invalid-command`, a command about a case has no case id.
    """
    return district_of_grid(payload) if is_work(cls) else district_of_case(payload)


def district_of_case(payload: dict[str, Any]) -> str:
    """Return the district in the case id of a command; nothing says yet that there is such a case.

    Raises:
        Invalid: `invalid-command`, there is no case id.
    """
    case = payload.get("case_id")
    if not isinstance(case, str) or not case[:_DISTRICT].isdecimal():
        raise Invalid("invalid-command", ["case_id: is missing, or no case id (620802-260701-k3jq2x7a)"])
    return case[:_DISTRICT]


def read_command(message: Message, origin: Origin) -> Command:
    """Return the command as it leaves intake: authorised, with its actor, its time believed, its text masked.

    It is recorded as of when it was received, for delivered again it has the same id, and must have the same content.

    Raises:
        Poison: `forbidden`, or `invalid-command` with a line a field.
    """
    cls = command_types()[message.type]
    authorise(origin.partner, cls)
    if district_of(message.payload, cls) not in (None, origin.district):
        raise Poison("forbidden", f"The case is not of district {origin.district}, for which this topic is.")
    payload = addressed(message.payload, origin.index) if is_work(cls) else message.payload
    data = _prepared(_without_persons(payload, cls), origin)
    try:
        command = cls.model_validate({**data, **_stamped(origin)})
    except ValidationError as error:
        raise Invalid("invalid-command", wrong_fields(error)) from error
    if any((media.bytes or 0) > LARGEST_INTEGER for media in getattr(command, "evidence", ())):
        raise Invalid("invalid-command", ["evidence: bytes is larger than anything that can be counted"])
    return command


def _stamped(origin: Origin) -> dict[str, Any]:
    partner = origin.partner
    actor = Actor(partner=partner.id, kind=partner.kind, department=partner.department)
    return {"actor": actor, "district": origin.district, "recorded_at": origin.received}


def _without_persons(payload: dict[str, Any], cls: type[Command]) -> dict[str, Any]:
    """Return the payload with the fields that are not of the contract masked: they travel on, but not persons."""
    ours = {name: value for name, value in payload.items() if name in cls.model_fields}
    theirs = mask_field("", {name: value for name, value in payload.items() if name not in cls.model_fields})
    return {**theirs, **ours}


def _prepared(payload: dict[str, Any], origin: Origin) -> dict[str, Any]:
    """Return the payload with instants read in the partner's zone, free text clean and masked, the time believed."""
    data = dict(payload)
    for field in _INSTANTS:
        if isinstance(data.get(field), str | int | float):
            data[field] = _instant(data[field], field, origin)
    for field in _FREE_TEXT:
        if isinstance(data.get(field), str):
            data[field] = mask(clean_text(data[field]))
    said = data.get("occurred_at")
    claim = None if said in (None, "") else _instant(said, "occurred_at", origin)
    profile = origin.index.profile
    believed = believe(claim, origin.received, profile.max_backdating, profile.future_tolerance)
    data["occurred_at"], data["backdated_from"] = believed
    return data


def _instant(value: Any, field: str, origin: Origin) -> datetime:
    if isinstance(value, str | int | float):
        try:
            return parse_instant(value, zone_of(origin))
        except UnreadableTimeError as error:
            raise Invalid("invalid-command", [f"{field}: {error}"]) from error
    raise Invalid("invalid-command", [f"{field}: is neither text nor a number"])
