"""Model and services under the same history, compared."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from deploy.figures.answer import Question, whole_as_json
from deploy.figures.items import By
from shared.district.model import Profile
from tests.support.cores import Cores
from tests.support.history import Chance, History, Sent
from tests.support.likeness import differences, of_cores, of_model
from tests.support.likeness_figures import figures_in
from tests.support.model.district import DistrictModel
from tests.support.model.figures import figures_of
from tests.support.pages import Pages
from tests.support.truths import Truths, each_notice_once, no_id_with_two_contents

ZONE = ZoneInfo("Asia/Shanghai")


class SideBySide:
    """One district twice. `chance` makes the history, `order` says in which order topics are read."""

    def __init__(self, profile: Profile, start: datetime, chance: Chance, order: Chance) -> None:
        self.model = DistrictModel(profile, start)
        self.cores = Cores(profile, start, order.pick)
        self.history = History(self.model, chance)
        self.truths = Truths(self.cores.editions)
        self.pages = Pages(self.cores.clock)
        self.answers: dict[datetime, bytes] = {}
        cores = self.cores
        for engine in (cores.intake, cores.router, cores.escalation, cores.teller, cores.courier):
            engine.ledger, engine.patient = self.pages, False

    def speak(self) -> None:
        """Let somebody report or command; everybody hears it before anything else happens, in whichever order."""
        self.hear(self.history.next())
        self.cores.sweep()

    def hear(self, one: Sent) -> None:
        """Tell both what was sent."""
        perform(self.model, one)
        self.cores.submit(one.id, one.partner, one.name, one.content)

    def renew(self, profile: Profile) -> None:
        """Put a newer profile in force for both."""
        self.model.renew(profile)
        self.model.settle()
        self.cores.renew(profile)
        self.cores.sweep()

    def pass_time(self) -> None:
        """Let time pass to the instant at which something happens, or past it."""
        end = self.history.pause()
        self.model.until(end)
        self.cores.advance(end)

    def compare(self, *parts: str) -> None:
        """Check that both are alike, in the parts named or in everything, and that what is always true is true."""
        model, services = of_model(self.model), of_cores(self.cores)
        found = differences({part: model[part] for part in parts or model}, services)
        assert not found, "\n".join(found)
        cores = self.cores
        self.truths.check(cores.reports.states(), cores.cases.states(), cores.times.states())
        if not parts:
            self.compare_figures()
        each_notice_once(cores.events("notifications"))
        no_id_with_two_contents(record for topic in cores.bus.topics.values() for record in topic)

    def compare_figures(self) -> None:
        """Check that the ledger says what the model counts, and that what it said of the past it says again."""
        district, now = self.cores.district, self.cores.clock.now()
        self.pages.catch_up()
        found = differences(figures_of(self.model), figures_in(self.pages.book(district, now)))
        assert not found, "\n".join(found)
        before = now - timedelta(milliseconds=1)
        self.answers.setdefault(before, self.answer(before))
        asked = sorted({*list(self.answers)[:1], *list(self.answers)[-5:]})
        changed = [at for at in asked if self.answer(at) != self.answers[at]]
        assert not changed, f"later events changed the answer of {changed}"

    def answer(self, until: datetime) -> bytes:
        """Return the whole answer as of an instant."""
        question = Question(self.cores.district, until, ZONE, By.DEPARTMENT)
        told = whole_as_json(self.pages.book(question.district, until), question, None)
        return json.dumps(told, sort_keys=True).encode()


def perform(model: DistrictModel, one: Sent) -> None:
    """Let the model hear what was sent."""
    if one.name is None:
        model.report(one.id, one.partner, one.content)
    else:
        model.command(one.id, one.partner, one.name, one.content)
    model.settle()
