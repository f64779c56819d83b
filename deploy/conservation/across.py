"""Whether the services agree about a case: router, escalation and the router's ledger; and what waits in vain.

The router's word is compared with what escalation has made of it and with what its own ledger will say for good.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from deploy.conservation.facts import CaseSeen

ENDED = frozenset({"closed", "withdrawn"})
PATIENCE = timedelta(minutes=2)
"""What is parked becomes a dead letter within seconds of its time; so much later nobody has come to do it."""

LEDGER_DAYS = timedelta(days=2)
"""A case opened in the days in which the ledger was begun may be older than its first page."""


@dataclass(frozen=True, slots=True)
class Parked:
    """Records that wait at a service for a case that is not there; the last of them gives up at `until`."""

    service: str
    case_id: str
    records: int
    until: datetime

    def as_json(self) -> dict[str, object]:
        """Return it for programs."""
        return {"service": self.service, "case_id": self.case_id, "records": self.records}


@dataclass(frozen=True, slots=True)
class Across:
    """What was read besides: escalation's phase of each case, the ledger's state of each, what is parked.

    `since`: when the ledger of a district begins. A service that knows no case of a district does not run there.
    """

    read_at: datetime
    phases: Mapping[str, str] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)
    since: Mapping[str, date] = field(default_factory=dict)
    parked: Sequence[Parked] = ()

    @property
    def timed(self) -> frozenset[str]:
        """The districts in which escalation runs."""
        return frozenset(case.partition("-")[0] for case in self.phases)


def disagreements(cases: Sequence[CaseSeen], across: Across, begun: datetime) -> Iterator[tuple[CaseSeen, str]]:
    """Yield what is wrong with each case that has not changed since `begun`."""
    known = {case.id for case in cases}
    timed = across.timed
    for case in cases:
        if case.saved_at >= begun:
            continue
        if case.district in timed:
            yield from ((case, said) for said in _at_escalation(case, across.phases.get(case.id)))
        yield from ((case, said) for said in _in_ledger(case, across))
        if case.batch is not None and case.batch not in known:
            yield case, f"is a file of batch {case.batch}, which is not there"


def _at_escalation(case: CaseSeen, phase: str | None) -> Iterator[str]:
    if phase is None:
        yield f"is {case.state} at the router and unknown to escalation: no clock of it runs"
    elif (phase in ENDED) != (case.state in ENDED):
        yield f"is {case.state} at the router and {phase} at escalation"


def _in_ledger(case: CaseSeen, across: Across) -> Iterator[str]:
    since = across.since.get(case.district)
    written = across.written.get(case.id)
    if written is None:
        if since is not None and case.opened >= since + LEDGER_DAYS:
            yield f"is {case.state} at the router and not in its ledger: no figure counts it"
    elif written != (case.state if case.state in ENDED else "open"):
        yield f"is {case.state} at the router and {written} in its ledger: figures count it wrongly"


def phantoms(cases: Sequence[CaseSeen], across: Across) -> Iterator[str]:
    """Yield the cases that only escalation or the ledger knows."""
    known = {case.id for case in cases}
    yield from sorted({*across.phases, *across.written} - known)


def in_vain(across: Across) -> Iterator[Parked]:
    """Yield what has waited longer than anything should."""
    return (one for one in across.parked if one.until + PATIENCE < across.read_at)
