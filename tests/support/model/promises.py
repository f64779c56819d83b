"""Agreements a second time: what is owed, by whom, until when, reckoned anew from what was told whenever somebody asks.

Small and slow, and written from DOMAIN §4; it shares nothing with the services but the words of the contracts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from tests.support.model.days import BEIJING

GRACE = timedelta(days=3)
PARTIES = ("applicant", "respondent")


def end_of(day: date) -> datetime:
    """Return 24:00 of a day."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=BEIJING)


@dataclass
class Owed:
    """Something promised, and what came in on it: payments by id, or the moment it was done."""

    number: int
    agreement: int
    party: str
    fen: int | None
    due: date
    paid: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    done: datetime | None = None
    replaced_at: datetime | None = None
    broken: bool = False

    @property
    def ends(self) -> datetime:
        """When it is broken if it has not been met."""
        return end_of(self.due) + GRACE

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
        return "partly_paid" if self.paid else "open"

    met_known: bool = False
    """Whether it was met before it was replaced, as far as was known then."""

    @property
    def verdict(self) -> str | None:
        """Return what its clock says."""
        if self.state == "superseded":
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

    @property
    def binding(self) -> int | None:
        """The number of the agreement that binds."""
        return len(self.signed_at) if self.signed_at and not self.closed else None

    def current(self) -> list[Owed]:
        """Return what the last agreement is made of."""
        return [one for one in self.owed if one.agreement == len(self.signed_at)]

    def in_default(self, party: str | None = None) -> bool:
        """Say whether a party, or any, owes something past its time."""
        mine = [one for one in self.current() if party in (None, one.party)]
        return any(one.broken and one.met_at is None for one in mine)

    @property
    def state(self) -> str:
        """Return how the last agreement stands."""
        return "fulfilled" if self.closed else "breached" if self.in_default() else "in_force"

    def until(self, now: datetime) -> None:
        """Let time pass: what has not been met by the end of its grace is broken."""
        for one in self.current():
            if one.met_at is None and not one.broken and one.ends <= now:
                self._break(one)

    def _break(self, one: Owed) -> None:
        one.broken = True
        self.said["agreement.breached"] += 1

    def sign(self, promised: list[tuple[str, int | None, date]], principal: int, now: datetime) -> str | None:
        """The parties sign, or amend what they had signed."""
        if self.closed or (self.binding and now <= self.signed_at[self.binding]):
            return "illegal-transition"
        if sum(fen or 0 for _, fen, _ in promised) != principal:
            return "instalments-do-not-sum"
        for one in self.current():
            one.met_known = one.met_at is not None
            one.replaced_at = now
        self.listed.clear()
        number = len(self.signed_at) + 1
        self.signed_at[number] = now
        for party, fen, due in promised:
            self.owed.append(Owed(len(self.owed) + 1, number, party, fen, due))
        self.said["agreement.signed"] += 1
        return None

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
        early = at < self.signed_at[one.agreement]
        gone = one.replaced_at is not None and at >= one.replaced_at
        return "illegal-transition" if early or gone else None

    def _met(self, one: Owed) -> None:
        """Draw the consequences of something met, if it was the present agreement's."""
        if one.met_at is None or one.agreement != len(self.signed_at):
            return
        late = one.met_at > one.ends
        if late and not one.broken:
            self._break(one)
        if one.broken and not late:
            one.broken = False
            self.said["agreement.breach-withdrawn"] += 1
        if not self.in_default(one.party):
            self.listed.pop(one.party, None)
        if all(each.met_at is not None for each in self.current()):
            self.closed = True
            self.said["agreement.fulfilled"] += 1

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
