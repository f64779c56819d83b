"""A district from end to end: what comes in, what happens by itself, who is told, and how it all adds up."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from shared.contracts.actors import Actor
from shared.contracts.commands import UnmergeReport
from shared.contracts.ids import case_id
from shared.contracts.registry import command_types
from shared.district.model import Profile
from tests.support.model.agreements import RULES as AGREEING
from tests.support.model.agreements import Agreements
from tests.support.model.batches import RULES as BATCHES
from tests.support.model.batches import Batches
from tests.support.model.case import CaseFile, Clock, Refused, Task, Team
from tests.support.model.casework import RULES, Casework
from tests.support.model.days import BEIJING, Days
from tests.support.model.files import RULES as FILES
from tests.support.model.files import Files
from tests.support.model.ground import Ground
from tests.support.model.mediation import RULES as MEDIATION
from tests.support.model.mediation import Mediation
from tests.support.model.reception import Content, Reception, Report
from tests.support.model.routes import route
from tests.support.model.telling import Reporter, Telling
from tests.support.model.time import Time

COUNTED_CASES = ("opened", "triaged", "closed", "withdrawn", "reopened")
COUNTED_TASKS = ("assigned", "accepted", "completed", "returned", "superseded")
CLOCKS = {
    "clock.started": "started", "clock.warned": "warned", "clock.breached": "breached",
    "clock.breach-withdrawn": "breach_withdrawn",
    "clock.extension-ignored": "extension_ignored", "clock.on_time": "on_time", "clock.late": "late",
    "clock.void": "void",
}  # fmt: skip
TEAMS = ("on-scene", "muster-failed", "stood-down")


class DistrictModel:
    """Everything about one district. Give it reports and commands in the order they became known."""

    def __init__(self, profile: Profile, start: datetime) -> None:
        self.profile, self.days, self.now = profile, Days(profile), start
        self.figures: Counter[tuple[str, ...]] = Counter()
        self.letters: list[tuple[str, str]] = []
        self.cases: dict[str, CaseFile] = {}
        self.overdue: list[tuple[CaseFile, datetime]] = []
        self.expired: list[tuple[CaseFile, Clock]] = []
        self.reception, self.casework, self.mediation = Reception(profile), Casework(self), Mediation(self)
        self.broken: list[tuple[CaseFile, int]] = []
        self.batches, self.agreements = Batches(self), Agreements(self)
        self.time, self.telling = Time(self), Telling(self)
        self.files, self.ground = Files(self), Ground(self)

    def count(self, *what: str) -> None:
        """Add one to a figure."""
        self.figures[what] += 1

    # ---- what comes in

    def report(self, id_: str, partner: str, content: Content) -> None:
        """A partner reports something now."""
        try:
            outcome, report, into = self.reception.take(partner, content, self.now)
        except Refused as refused:
            self.letters.append((id_, refused.error))
            wrong = "conflict" if refused.error == "conflicting-duplicate" else "rejected"
            self.count("reports", partner, wrong)
            return
        self.count("reports", partner, outcome)
        if outcome == "accepted":
            self.open(report)
        if outcome == "merged":
            case = self.cases[into]
            case.merged += 1
            self.count("cases", "merged")
            self.telling.received(case, Reporter(report.reporter, report.reachable), None, merged=True)

    def open(self, report: Report) -> None:
        """Open the case of an accepted report."""
        number = case_id(self.profile.code, report.at.astimezone(BEIJING), report.partner, report.id)
        facts = {"partner": report.partner, "text": report.text, "severity": report.severity}
        facts["batch"] = report.content.get("batch")
        severity = report.severity or report.profile.default.severity
        own = (report.partner, report.id, report.at, severity, dict(report.place), facts, report.own_due)
        case = CaseFile(report.profile, number, *own)
        self.cases[number], report.case = case, number
        township = report.place.get("township")
        found = route(report.profile, report.category, facts, township) if report.category else None
        self.telling.received(case, Reporter(report.reporter, report.reachable), found, merged=False)
        self.casework.take_in(case, report.category)

    def command(self, id_: str, partner: str, name: str, content: Content) -> None:
        """A partner gives a command now; whatever is wrong with it makes a dead letter and nothing else."""
        try:
            self.obey(partner, name, content)
        except Refused as refused:
            self.letters.append((id_, refused.error))

    def obey(self, partner: str, name: str, content: Content) -> None:
        """Let a command pass, or not, and take effect, or not."""
        kind = command_types()[f"gridwhistle.{name}.v1"]
        sender = next(one for one in self.profile.partners if one.id == partner)
        if sender.kind not in kind.allowed and name not in sender.commands:
            self.count("commands", partner, "rejected")
            raise Refused("forbidden")
        if kind is UnmergeReport:
            self.unmerge(partner, content)
            return
        self.count("commands", partner, "accepted")
        actor = Actor(partner=partner, kind=sender.kind, department=sender.department)
        at = self.reception.believed(content.get("occurred_at"), self.now)
        claim = content.get("occurred_at")
        doubted = claim if claim and datetime.fromisoformat(claim) != at else None
        facts = {"district": self.profile.code, "occurred_at": at, "recorded_at": self.now, "actor": actor}
        facts["backdated_from"] = doubted
        command: Any = kind.model_validate({**content, **facts})
        case = self.cases.get(command.case_id)
        if kind in FILES:
            FILES[kind](self.files, self.files.of(command.case_id), command)
            return
        if case is None:
            raise Refused("unknown-case")
        books: Any = ((RULES, self.casework), (MEDIATION, self.mediation), (AGREEING, self.agreements))
        for rules, judge in (*books, (BATCHES, self.batches)):
            if kind in rules:
                rules[kind](judge, case, command)
                return
        self.time.teams.do(case, command)

    def unmerge(self, sender: str, content: Content) -> None:
        """The centre takes a report out of a case: it gets its own, with its own reporter and its own beginning."""
        try:
            report = self.reception.separate(content["case_id"], content["partner"], content["report_id"])
        except Refused:
            self.count("commands", sender, "rejected")
            raise
        self.count("commands", sender, "accepted")
        first = self.cases[content["case_id"]]
        first.merged -= 1
        self.count("cases", "unmerged")
        self.telling.forget(first, report.reporter)
        self.open(report)

    def renew(self, profile: Profile) -> None:
        """A newer profile is in force now: for what comes. What is there keeps its own, and follows its ground."""
        self.profile = self.reception.profile = profile

    # ---- what follows

    def happened(
        self, case: CaseFile, what: str, at: datetime, task: Task | None = None, *, again: bool = False, **more: Any
    ) -> None:
        """Something happened: it is counted, has its effect on time, and is told to whom it concerns."""
        self.tally(what, task, again=again, **more)
        self.telling.hear(case, what, at, task, more)
        self.time.hear(case, what, at, task, more)
        if what == "case.opened":
            self.files.note(case)

    def tally(self, what: str, task: Task | None, *, again: bool, **more: Any) -> None:
        """Keep the figures of DOMAIN §10 as the services name them."""
        kind, _, word = what.partition(".")
        if kind == "case" and word in COUNTED_CASES:
            self.count("cases", word)
        if kind == "task" and task and word in COUNTED_TASKS and not again:
            self.count("tasks", task.department, word)
        if what in CLOCKS:
            clock = more["clock"]
            self.count("clocks", clock.kind, CLOCKS[what])
            if what == "clock.breached":
                self.count("breaches", clock.owner, clock.kind)
        if what == "case.escalated":
            self.count("levels", str(more["level"]))
        if kind == "team":
            self.tally_team(word, more)

    def tally_team(self, word: str, more: dict[str, Any]) -> None:
        """Count whistles, teams and attendance."""
        team: Team | None = more.get("team")
        if word == "summoned":
            self.count("whistles", more["reason"])
            if team and team.round == 1:
                self.count("teams", "summoned")
        if word in TEAMS:
            self.count("teams", word.replace("-", "_"))
        if word == "checked-in":
            self.count("attendance", more["department"], "present" if more["on_time"] else "late")
        if word in ("absent", "substituted"):
            self.count("attendance", more["department"], word)

    # ---- time

    def all_that_lives(self) -> list[CaseFile]:
        """Cases and files: whatever has a time."""
        return [*self.cases.values(), *self.files.files.values()]

    def next_instant(self) -> datetime | None:
        """When something happens next by itself."""
        ahead = [one.at for case in self.all_that_lives() for one in self.time.ahead(case)]
        ahead += [task.held_until for _, task in self.held() if task.held_until]
        ahead += [case.recheck for case in self.cases.values() if case.recheck]
        ahead += [case.dispute.count_at for case in self.cases.values() if case.dispute and case.dispute.count_at]
        return min([*ahead, *self.telling.ahead()], default=None)

    def held(self) -> list[tuple[CaseFile, Task]]:
        """Tasks whose hold has an end."""
        return [
            (case, task)
            for case in self.cases.values()
            for task in case.tasks
            if task.state == "on_hold" and task.held_until
        ]

    def until(self, end: datetime) -> None:
        """Let time pass: everything happens at its own instant, in order."""
        self.settle()
        while (instant := self.next_instant()) is not None and instant <= end:
            self.now = max(self.now, instant)
            self.settle()
        self.now = max(self.now, end)

    def settle(self) -> None:
        """Do all that is due now: moves, clocks, ladders and teams of each case, what follows, holds and notices."""
        self.ground.follow()
        self.let_time_act()
        self.look_again()
        while self.overdue:
            self.casework.verification_overdue(*self.overdue.pop(0))
            self.let_time_act()
        while self.expired:
            self.mediation.expired(*self.expired.pop(0))
            self.let_time_act()
        while self.broken:
            self.agreements.broke(*self.broken.pop(0))
            self.let_time_act()
        for case, task in self.held():
            if task.held_until and task.held_until <= self.now:
                self.casework.resumed(case, task, task.held_until)
        self.telling.deliver()

    def look_again(self) -> None:
        """Let cases look at others, one after the other: whether a dispute still is open, how far the files are.

        What breaks at this very instant is heard of by them only when it has been said.
        """
        for _, case in sorted(self.cases.items()):
            if case.closing and case.recheck and case.recheck <= self.now:
                self.casework.close(case, case.closing, self.now)
            self.batches.count(case)

    def let_time_act(self) -> None:
        """Let clocks, ladders and teams do what is due, each in the order of its own instants."""
        for case in self.all_that_lives():
            while due := [one for one in self.time.ahead(case) if one.at <= self.now]:
                min(due, key=lambda one: (one.at, one.order, one.key)).do()

    def has_open_dispute(self, case: CaseFile) -> bool:
        """Say whether an open dispute is tied to a case, at whichever end."""
        return any(
            other.open and other.is_dispute and (other.id in case.links or case.id in other.links)
            for other in self.cases.values()
        )
