"""Who speaks: kinds of partner and the actor that intake stamps on everything it lets in."""

from __future__ import annotations

from enum import StrEnum

from shared.contracts.base import Contract, PartnerId


class PartnerKind(StrEnum):
    """What a partner is to the centre; it decides which commands the partner may give."""

    CENTRE = "centre"
    DEPARTMENT = "department"
    TOWNSHIP = "township"
    GRID_APP = "grid_app"
    HOTLINE_12345 = "hotline_12345"
    POLICE_110 = "police_110"
    VIDEO_AI = "video_ai"
    GATEWAY = "gateway"
    OTHER = "other"


class Actor(Contract):
    """The authenticated sender: told by the topic a record came in on, never by its payload."""

    partner: PartnerId
    kind: PartnerKind
    department: str | None = None
