"""Agreements a second time: what is owed, by whom, until when, reckoned anew from what was told whenever somebody asks.

Small and slow, and written from DOMAIN §4; it shares nothing with the services but the words of the contracts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from tests.support.model.days import BEIJING

GRACE = timedelta(days=3)
PARTIES = ("applicant", "respondent")


def end_of(day: date) -> datetime:
    """Return 24:00 of a day."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=BEIJING)


@dataclass
class Owed:
    """Something promised, and what came in on it: payments by id, or the moment it was done.

    `visit`: the centre's own visit (回访), due at that instant; it breaks nothing, and nothing waits for it.
    """

    number: int
    agreement: int
    party: str
    fen: int | None
    due: date
    paid: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    done: datetime | None = None
    replaced_at: datetime | None = None
    broken: bool = False
    void: bool = False
    grace: timedelta = GRACE
    visit: datetime | None = None

    @property
    def due_at(self) -> datetime:
        """The end of its day; of a visit, its instant."""
        return self.visit or end_of(self.due)

    @property
    def ends(self) -> datetime:
        """When it is broken if it has not been met; a visit has no grace."""
        return self.visit or end_of(self.due) + self.grace

    @property
    def left(self) -> int:
        """What is still to be paid."""
        return (self.fen or 0) - sum(fen for fen, _ in self.paid.values())

    @property
    def met_at(self) -> datetime | None:
        """When it was met: when the latest of what it took happened."""
        if self.fen is None or self.left:
            return self.done
        return max(at for _, at in self.paid.values())

    @property
    def state(self) -> str:
        """Return how it stands."""
        if self.replaced_at is not None and not (self.met_at and self.met_known):
            return "superseded"
        if self.met_at is not None:
            return "fulfilled"
        if self.void:
            return "void"
        return "partly_paid" if self.paid else "open"

    met_known: bool = False
    """Whether it was met before it was replaced, as far as was known then."""

    @property
    def verdict(self) -> str | None:
        """Return what its clock says."""
        if self.state in ("superseded", "void"):
            return "void"
        return None if self.met_at is None else "on_time" if self.met_at <= self.ends else "late"


@dataclass
class Pledges:
    """All that the parties of one case promised each other. Each command returns the error it is refused with."""

    owed: list[Owed] = field(default_factory=list)
    signed_at: dict[int, datetime] = field(default_factory=dict)
    listed: dict[str, str] = field(default_factory=dict)
    said: Counter[str] = field(default_factory=Counter)
    closed: bool = False
    void: bool = False
    grace: timedelta = GRACE
    log: list[tuple[str, Any]] = field(default_factory=list)

    @property
    def binding(self) -> int | None:
        """The number of the agreement that binds."""
        return len(self.signed_at) if self.signed_at and not self.closed and not self.void else None

    def current(self) -> list[Owed]:
        """Return what the last agreement is made of."""
        return [one for one in self.owed if one.agreement == len(self.signed_at)]

    def promised(self) -> list[Owed]:
        """Return what the parties promised in it; visits are the centre's own."""
        return [one for one in self.current() if one.visit is None]

    def in_default(self, party: str | None = None) -> bool:
        """Say whether a party, or any, owes something past its time."""
        mine = [one for one in self.current() if party in (None, one.party)]
        return any(one.broken and one.met_at is None and not one.void for one in mine)

    @property
    def state(self) -> str:
        """Return how the last agreement stands."""
        if self.void:
            return "void"
        return "fulfilled" if self.closed else "breached" if self.in_default() else "in_force"

    def until(self, now: datetime) -> None:
        """Let time pass: what has not been met by the end of its grace is broken."""
        for one in self.promised():
            if one.met_at is None and not one.broken and one.ends <= now:
                self._break(one)

    def _break(self, one: Owed) -> None:
        self.log.append(("breached", (one, not self.in_default())))
        one.broken = True
        self.said["agreement.breached"] += 1

    def broke(self, number: int) -> None:
        """Its time has passed: it is broken, unless it was met meanwhile, or is owed no more."""
        one = self.owed[number - 1]
        if self.binding == one.agreement and one.met_at is None and not one.broken:
            self._break(one)

    def end(self) -> None:
        """The case was withdrawn or judged: nothing is owed any more, and nobody is listed."""
        if self.binding is None:
            return
        self._lapse()
        self.void = True
        self._clear(list(self.listed))

    def _clear(self, parties: list[str]) -> None:
        for party in parties:
            del self.listed[party]
            self.log.append(("cleared", party))

    def sign(
        self,
        promised: list[tuple[str, int | None, date]],
        principal: int,
        now: datetime,
        visits: Sequence[datetime] = (),
    ) -> str | None:
        """The parties sign, or amend what they had signed; the centre will look so often."""
        if self.binding and now <= self.signed_at[self.binding]:
            return "illegal-transition"
        if sum(fen or 0 for _, fen, _ in promised) != principal:
            return "instalments-do-not-sum"
        if self.binding:
            self._replace(now)
        self.closed = self.void = False
        number = len(self.signed_at) + 1
        self.signed_at[number] = now
        for party, fen, due in promised:
            self.owed.append(Owed(len(self.owed) + 1, number, party, fen, due, grace=self.grace))
        for at in visits:
            self.owed.append(Owed(len(self.owed) + 1, number, "centre", None, at.date(), visit=at))
        self.said["agreement.signed"] += 1
        return None

    def _replace(self, now: datetime) -> None:
        """What was owed is owed no more; what was met stays met."""
        for one in self.current():
            one.met_known = one.met_at is not None
            one.replaced_at = now
            if not one.met_known:
                self.log.append(("recorded", one))
        self._clear(list(self.listed))

    def pay(self, id_: str, one: Owed, fen: int, at: datetime) -> str | None:
        """Somebody pays on an obligation."""
        for other in self.owed:
            if id_ in other.paid:
                return None if other is one and other.paid[id_][0] == fen else "conflicting-payment"
        if wrong := self._cannot_be_met(one, at):
            return wrong
        if one.fen is None:
            return "invalid-command"
        if fen > one.left:
            return "overpayment"
        one.paid[id_] = (fen, at)
        self._met(one)
        return None

    def perform(self, one: Owed, at: datetime) -> str | None:
        """Somebody does what was promised."""
        if one.fen is not None:
            return "invalid-command"
        if wrong := self._cannot_be_met(one, at):
            return wrong
        if one.done is not None:
            return "illegal-transition"
        one.done = at
        self._met(one)
        return None

    def _cannot_be_met(self, one: Owed, at: datetime) -> str | None:
        early = at < self.signed_at[one.agreement] or one.void
        gone = one.replaced_at is not None and at >= one.replaced_at
        return "illegal-transition" if early or gone else None

    def _met(self, one: Owed) -> None:
        """Draw the consequences of something met, if it was the present agreement's."""
        if one.met_at is None or one.agreement != self.binding:
            self.log.append(("recorded", one))
            return
        late = one.met_at > one.ends and one.visit is None
        if late and not one.broken:
            self._break(one)
        if one.broken and not late:
            one.broken = False
            self.said["agreement.breach-withdrawn"] += 1
        self.log.append(("recorded", one))
        if not self.in_default(one.party) and one.party in self.listed:
            self._clear([one.party])
        if all(each.met_at is not None for each in self.promised()):
            self._fulfil()
        elif not self.in_default():
            self.log.append(("kept", None))

    def _fulfil(self) -> None:
        """All that was promised is done: whom has the centre to visit any more?"""
        self.closed = True
        self.said["agreement.fulfilled"] += 1
        self._lapse()
        self._clear(list(self.listed))
        self.log.append(("fulfilled", max(each.met_at for each in self.promised() if each.met_at)))

    def _lapse(self) -> None:
        """What has not been met is owed no more."""
        for one in self.current():
            if one.met_at is None:
                one.void = True
                self.log.append(("recorded", one))

    def enter(self, party: str) -> str | None:
        """The centre lists a party."""
        if party in self.listed:
            return None
        if not self.in_default(party) or self.closed:
            return "illegal-transition"
        self.listed[party] = "listed"
        return None

    def appeal(self, party: str) -> str | None:
        """A party objects."""
        if party not in self.listed:
            return "unknown-party"
        if self.listed[party] != "listed":
            return "illegal-transition"
        self.listed[party] = "appealed"
        return None

    def decide(self, party: str, *, upheld: bool) -> str | None:
        """The centre decides on it."""
        if party not in self.listed:
            return "unknown-party"
        if self.listed[party] != "appealed":
            return "illegal-transition"
        if upheld:
            del self.listed[party]
        else:
            self.listed[party] = "dismissed"
        return None
