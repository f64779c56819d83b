"""The pipeline's verdict on every case, from what escalation says, beside the city's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from deploy.replay.feed import case_of
from deploy.replay.requests import Request
from shared.contracts.base import Event
from shared.contracts.escalations import ClockBreached, ClockBreachWithdrawn, ClockKind, ClockStopped, Verdict


@dataclass(frozen=True, slots=True)
class Difference:
    """A row on which pipeline and city do not agree; `ours` None: the pipeline never gave a verdict."""

    line: int
    id: str
    case_id: str
    ours: bool | None
    city: bool


@dataclass(slots=True)
class Judge:
    """Late or not, per case. A stopped clock has the last word; one that nobody will stop is late once it is breached.

    A breach says nothing of a case that was closed: where time runs fast the clock rings before escalation has heard of
    the closing, and the breach is withdrawn when it has.
    """

    stopped: dict[str, Verdict] = field(default_factory=dict)
    breached: set[str] = field(default_factory=set)
    withdrawn: int = 0

    def hear(self, event: Event) -> None:
        """Take in an event; only the reporter's clock (kind case) counts."""
        match event:
            case ClockStopped(kind=ClockKind.CASE):
                self.stopped[event.case_id] = event.verdict
            case ClockBreached(kind=ClockKind.CASE):
                self.breached.add(event.case_id)
            case ClockBreachWithdrawn(kind=ClockKind.CASE):
                self.breached.discard(event.case_id)
                self.withdrawn += 1
            case _:
                pass

    def late(self, request: Request) -> bool | None:
        """Return the pipeline's verdict on a row, None for none given; without target and closing nothing is late."""
        case = case_of(request)
        if case in self.stopped:
            return None if self.stopped[case] is Verdict.VOID else self.stopped[case] is Verdict.LATE
        if request.closed is not None:
            return None
        if case in self.breached:
            return True
        return False if request.target is None else None

    def awaits(self, request: Request) -> bool:
        """Say whether the pipeline still owes a verdict on a row."""
        return self.late(request) is None

    def differences(self, requests: Iterable[Request]) -> Iterator[Difference]:
        """Yield every row on which pipeline and city differ."""
        for one in requests:
            ours = self.late(one)
            if ours is not one.late:
                yield Difference(one.line, one.id, case_of(one), ours, one.late)
