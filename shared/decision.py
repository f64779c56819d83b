"""What a decision is: the pure heart that every service supplies and the engine runs.

A service's `decide(state, event, now)` returns a `Decision` or raises `Rejected`; it never reads a clock, a random
source or the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from shared.contracts.base import Event

S = TypeVar("S", bound=BaseModel)


class Stored(BaseModel):
    """A part of a stored state: frozen, and written without what is at its default.

    A field that this version does not know was written by a newer one, which runs beside it during an upgrade: it is
    kept as it is. Without that whatever an old replica saved would lose it.
    """

    model_config = ConfigDict(frozen=True, extra="allow")


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed for the aggregate `id`: something of it is due."""

    id: str


@dataclass(frozen=True, slots=True)
class Companion:
    """A document stored once beside the state (inserted if its `_id` is new, never changed by the engine).

    `state` is what the document was made of, where it is an aggregate of its own.
    """

    collection: str
    document: Mapping[str, Any]
    state: BaseModel | None = None


@dataclass(frozen=True, slots=True)
class Decision(Generic[S]):
    """The new state, the events it causes in order, and why: one closed word, also metric label and log word."""

    state: S
    reason: str
    events: tuple[Event, ...] = ()
    companions: tuple[Companion, ...] = field(default=())


class Poison(Exception):  # noqa: N818 - the family's name in the design
    """A record that will never be applied: it goes to the dead letters with `error` (a closed word) and a sentence."""

    def __init__(self, error: str, message: str, state_met: str | None = None) -> None:
        super().__init__(message)
        self.error = error
        self.message = message
        self.state_met = state_met


class Rejected(Poison):
    """The event is well formed but may not be applied in the state it met; nothing changes."""


class UnknownCase(Rejected):
    """The event is about a case this service has not seen: parked for a while, for its case may be on the way."""

    def __init__(self, case_id: str) -> None:
        super().__init__("unknown-case", f"There is no case {case_id} here.", state_met="none")


class Transient(Exception):  # noqa: N818 - the family's name in the design
    """Something outside is away for the moment: back off, then let the records be delivered again."""
