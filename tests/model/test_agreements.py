"""Random histories of one agreement: payments in any order, early, late, twice, too much; amendments; the list.

Told to a small slow model and to the services' cores, chained as in production; after every step both stand alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.escalation.domain.ledger import explain
from shared.contracts.money import yuan
from shared.district.model import Profile
from tests.support.cores import Cores
from tests.support.history import STARTS
from tests.support.model.place import district
from tests.support.model.promises import PARTIES, Owed, Pledges
from tests.support.routing import short
from tests.support.truths import no_id_with_two_contents

T = TypeVar("T")
HOUR = timedelta(hours=1)
LATEST = 47
"""Hours that may lie between a payment and its report: later than 48 it is not believed."""


class Pair:
    """One dispute under model and services."""

    def __init__(self, profile: Profile, start: datetime, number: Callable[[int, int], int]) -> None:
        self.number, self.model, self.sent = number, Pledges(), 0
        self.cores = Cores(profile, start, self.pick)
        for report in ("ours", "theirs"):
            content = {"report_id": report, "category": "D0402", "text": f"物业多收费用拒不退还 {report}"}
            self.cores.submit(report, "hotline", None, content)
            self.cores.sweep()
        self.case, self.other = self.cores.cases.states()
        self.refused: list[tuple[str, str]] = []
        self.sign()

    def pick(self, options: Sequence[T]) -> T:
        """Return one of several."""
        return options[self.number(0, len(options) - 1)]

    @property
    def now(self) -> datetime:
        """The moment it is."""
        return self.cores.clock.now()

    def say(self, name: str, error: str | None, **content: Any) -> None:
        """Let the centre give a command of which the model says what comes."""
        self.sent += 1
        id_ = f"m{self.sent}"
        self.cores.submit(id_, "centre", name, {"case_id": self.case, **content})
        self.cores.sweep()
        if error is not None:
            self.refused.append((id_, error))

    def sign(self) -> None:
        """Sign, or amend; sometimes what does not sum."""
        if self.cores.index.profile.mediation.categories:
            consent = {"case_id": self.case, "consent": list(PARTIES)}
            self.cores.submit(f"consent{self.sent}", "centre", "mediation.record", consent)
            self.cores.sweep()
        today = self.now.astimezone(self.cores.index.profile.zone).date()
        promised = [
            (self.pick(PARTIES), self.pick([None, 100, 70_050, 1]), today + timedelta(days=self.number(0, 9)))
            for _ in range(self.number(1, 4))
        ]
        total = sum(fen or 0 for _, fen, _ in promised)
        principal = total + self.pick([0, 0, 0, 1])
        amends = self.model.binding
        over = self.model.closed
        error = "illegal-transition" if over else self.model.sign(promised, principal, self.now)
        obligations = [
            {"party": party, "what": "pay" if fen else "repair", "due": due.isoformat()}
            | ({"amount": str(yuan(fen))} if fen else {})
            for party, fen, due in promised
        ]
        more = {"principal": str(yuan(principal))} if principal else {}
        self.say("agreement.sign", error, obligations=obligations, **more, **({"amends": amends} if amends else {}))

    def pay(self) -> None:
        """Pay something on something, now or a while ago."""
        one = self.pick(self.model.owed)
        fen = self.pick([max(1, one.left), max(1, one.left), max(1, one.left // 2), 30, one.left + 1])
        at = self.now - self.pick([0, 0, 1, LATEST]) * HOUR
        id_ = f"p{self.number(0, 12)}"
        error = self.model.pay(id_, one, fen, at)
        self.say("agreement.pay", error, **self.named(one, at), amount=str(yuan(fen)), payment_id=id_)

    def perform(self) -> None:
        """Do something, now or a while ago."""
        one = self.pick(self.model.owed)
        at = self.now - self.pick([0, 0, 1, LATEST]) * HOUR
        self.say("agreement.perform", self.model.perform(one, at), **self.named(one, at))

    def named(self, one: Owed, at: datetime) -> dict[str, Any]:
        """Return what names an obligation and the moment."""
        return {"obligation_id": f"{self.case}/obligation#{one.number}", "occurred_at": at.isoformat()}

    def pay_elsewhere(self) -> None:
        """Pay on what the other case would owe."""
        said = {"obligation_id": f"{self.other}/obligation#1", "amount": "1.00", "payment_id": "elsewhere"}
        self.say("agreement.pay", "unknown-obligation", **said)

    def list_somebody(self) -> None:
        """The centre enters a party, a party objects, the centre decides."""
        party = self.pick(PARTIES)
        what = self.pick(["enter", "enter", "appeal", "decide"])
        if what == "decide":
            upheld = self.pick([True, False])
            self.say("defaulter.decide", self.model.decide(party, upheld=upheld), party=party, upheld=upheld)
        else:
            self.say(f"defaulter.{what}", getattr(self.model, what)(party), party=party)

    def pass_time(self) -> None:
        """To the very instant at which something is due or broken, or past it."""
        ends = [instant for one in self.model.current() for instant in (one.ends - 3 * 24 * HOUR, one.ends)]
        ahead = [instant for instant in ends if instant > self.now]
        end = self.pick([*ahead, self.now + self.number(1, 90) * HOUR])
        self.cores.advance(end)
        self.model.until(end)

    def act(self) -> None:
        """Do one of these."""
        acts = [*[self.pay] * 5, *[self.perform] * 3, *[self.pass_time] * 4, self.list_somebody, self.sign, self.sign]
        self.pick([*acts, self.list_somebody, self.pay_elsewhere])() if self.model.owed else self.sign()

    # ---- alike

    def compare(self) -> None:
        """Check that model and services stand alike."""
        case, time = self.cores.cases.states()[self.case], self.cores.times.states()[self.case]
        kept, model = case.promises, self.model
        stood = [(one.state.value, one.owed, one.breached, one.due_at, one.breach_at) for one in kept.obligations]
        assert stood == [
            (one.state, one.left, one.broken, one.ends - timedelta(days=3), one.ends) for one in model.owed
        ]
        if model.owed:
            assert kept.agreements[-1].state.value == model.state
        assert {one.party: one.standing.value for one in kept.listings if one.on_the_list} == model.listed
        clocks = {clock.key: clock for clock in time.clocks}
        for one in model.owed:
            clock = clocks.get(f"obligation#{one.number}")
            assert clock is None or clock.verdict == one.verdict
        assert (case.state.value == "closed") == model.closed
        assert case.outcome == ("fulfilled" if model.closed else None)
        self._said_alike()
        for clock in time.clocks:
            assert explain(clock, self.cores.index).differences == ()

    def _said_alike(self) -> None:
        letters = [(id_, error) for id_, error in self.cores.letters() if id_.startswith("m")]
        assert sorted(set(letters)) == sorted(self.refused)
        names = [short(one) for one in dict.fromkeys(self.cores.events("cases")) if one.case_id == self.case]
        counted = ("agreement.signed", "agreement.breached", "agreement.breach-withdrawn", "agreement.fulfilled")
        assert {name: names.count(name) for name in counted} == {name: self.model.said[name] for name in counted}
        paid = sum(fen for one in self.model.owed for fen, _ in one.paid.values())
        of_money = {"district": self.cores.district, "event": "paid"}
        counted_fen = self.cores.registry.get_sample_value("gridwhistle_router_agreement_fen_total", of_money)
        assert (counted_fen or 0) == paid
        no_id_with_two_contents(record for topic in self.cores.bus.topics.values() for record in topic)


MEDIATED = {"mediation": {"categories": ["D*"]}}


def profile(*, mediated: bool) -> Profile:
    """Return the district, with disputes in tiers or in tasks."""
    usual = district("quiet")
    return Profile.model_validate({**usual.body(), **MEDIATED, "version": 1}) if mediated else usual


@pytest.mark.parametrize("mediated", [True, False])
@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_model_and_services_agree_on_what_is_owed(mediated: bool, data: Any) -> None:  # noqa: FBT001 - a parameter
    """Whatever is paid, when, in which order and however often it is told."""

    def number(least: int, most: int) -> int:
        drawn: int = data.draw(st.integers(least, most))
        return drawn

    start = data.draw(st.sampled_from(STARTS))
    pair = Pair(profile(mediated=mediated), start, number)
    pair.compare()
    for _ in range(14):
        pair.act()
        pair.compare()
