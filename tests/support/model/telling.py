"""Who hears what (告知): for each event the steps, for each step the audiences, for each audience the people.

The same step is told to the same recipient once an episode. What cannot be told is suppressed, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.district.model import Department, Profile
from tests.support.model.case import CaseFile, Task
from tests.support.model.days import BEIJING, DAY
from tests.support.model.ground import means
from tests.support.model.routes import centre, department
from tests.support.model.steps import Fact, Step, steps

if TYPE_CHECKING:
    from tests.support.model.district import DistrictModel

REPORTER = "reporter"


@dataclass(eq=False)
class Notice:
    """One notice to one recipient; `outcome` is delivered, or suppressed with a reason."""

    case: str
    episode: int
    step: str
    audience: str
    recipient: str
    channel: str
    due: datetime
    held: bool = False
    outcome: str = "queued"
    moot: bool = False
    task: Task | None = None
    until: datetime | None = None


@dataclass(eq=False)
class Reporter:
    """Somebody who reported the matter; `reachable` if there is a contact."""

    name: str
    reachable: bool


@dataclass(eq=False)
class Heard:
    """What those who tell know of a case."""

    reporters: list[Reporter] = field(default_factory=list)
    told: set[tuple[int, str, str]] = field(default_factory=set)
    over: bool = False
    lead: str = ""
    severity: int = 3
    policy: str | None = None


class Telling:
    """The notices of a district."""

    def __init__(self, district: DistrictModel) -> None:
        self.district = district
        self.notices: list[Notice] = []
        self.heard: dict[str, Heard] = {}

    @property
    def profile(self) -> Profile:
        """The newest profile: who is on duty, how they are reached, and when they sleep, is never the case's own."""
        return self.district.profile

    # ---- what gives something to tell

    def received(self, case: CaseFile, reporter: Reporter, route: Any, *, merged: bool) -> None:
        """The reporter hears that it was received, and if all is over already, how it ended."""
        heard = self.heard.setdefault(case.id, Heard())
        if not merged:
            heard.severity = route.severity if route else case.report["severity"] or 3
            heard.policy = route.notice if route else None
        heard.reporters.append(reporter)
        asks = "report.merged" if merged else "report.accepted"
        self.to_reporters(case, asks, Step("received", public=True), [reporter])
        if merged and heard.over and case.outcome:
            self.to_reporters(case, "case.closed", Step("solved", public=True), [reporter])

    def forget(self, case: CaseFile, reporter: str) -> None:
        """The report was taken out of the case: its reporter hears of it no more."""
        heard = self.heard[case.id]
        heard.reporters = [one for one in heard.reporters if one.name != reporter]

    def hear(self, case: CaseFile, what: str, at: datetime, task: Task | None, more: dict[str, Any]) -> None:
        """Take a fact in, and tell what it gives to tell."""
        heard = self.heard[case.id]
        self.remember(heard, case, what, task)
        for step in steps(Fact(case, what, at, task, self.district.now, more, heard.lead)):
            if not (step.moot and heard.over):
                self.tell(case, what, step)

    @staticmethod
    def remember(heard: Heard, case: CaseFile, what: str, task: Task | None) -> None:
        """Keep what later notices need."""
        if what in ("case.triaged", "case.opened"):
            heard.severity = case.severity
        if what == "case.opened" and case.route:
            heard.lead, heard.policy = case.lead, case.route.notice or heard.policy
        if what == "task.assigned" and task and task.role == "lead":
            heard.lead = task.department
        if what == "advisory.declined":
            heard.over = True
        if what in ("case.closed", "case.withdrawn", "case.reopened"):
            heard.over = what != "case.reopened"

    # ---- whom it is told to

    def tell(self, case: CaseFile, asks: str, step: Step) -> None:
        """Tell a step to each of its audiences; reporters have their own words."""
        heard = self.heard[case.id]
        for audience in self.audiences(case, heard, asks, step):
            if (audience == REPORTER) != step.public:
                continue
            if audience == REPORTER:
                if self.is_new(heard, case, step, "reporters"):
                    self.to_reporters(case, asks, step, heard.reporters)
                continue
            for recipient, reason in self.people(case, heard, audience, step):
                if self.is_new(heard, case, step, recipient):
                    self.queue(case, heard, step, audience, recipient, reason)

    @staticmethod
    def audiences(case: CaseFile, heard: Heard, asks: str, step: Step) -> list[str]:
        """Whom the case's profile wants told: of a level its rung's too, of a resolved case whoever verifies it."""
        wanted = [str(one) for one in case.profile.notify.audience(asks, heard.policy)]
        if step.level is not None:
            rungs = [rung for rung in case.profile.escalation.ladder if rung.level == step.level]
            wanted = [str(one) for rung in rungs for one in rung.audience] + wanted
        if asks == "case.resolved":
            verifier = {"grid": ["grid_worker"], "reporter": [REPORTER], "none": []}[case.profile.verification.by]
            wanted = verifier + [one for one in wanted if one not in ("grid_worker", REPORTER)]
        return list(dict.fromkeys(wanted))

    @staticmethod
    def is_new(heard: Heard, case: CaseFile, step: Step, recipient: str) -> bool:
        """Say whether the recipient was not told this step in this episode, and remember that it is now."""
        mark = (case.episode, step.name, recipient)
        new = mark not in heard.told
        heard.told.add(mark)
        return new

    def to_reporters(self, case: CaseFile, asks: str, step: Step, reporters: Iterable[Reporter]) -> None:
        """Tell those who reported."""
        heard = self.heard[case.id]
        if REPORTER not in self.audiences(case, heard, asks, step):
            return
        for one in list(reporters):
            reason = "" if one.reachable else "no_address"
            self.queue(case, heard, step, REPORTER, f"reporter/{one.name}", reason)

    def people(self, case: CaseFile, heard: Heard, audience: str, step: Step) -> Iterator[tuple[str, str]]:
        """Who is meant, by the roster of the moment at which it may go out; and why not, where nobody is there."""
        due = self.goes_out(heard, step)
        if audience == "grid_worker":
            grid = means(self.profile, case.place.get("grid"), {})
            yield (f"grid/{grid.code}", "" if grid.worker else "no_roster") if grid else ("grid_worker", "no_roster")
            return
        role = {"head": "head", "centre_director": "head"}.get(audience, "duty_officer")
        codes: tuple[str | None, ...] = step.about
        if audience in ("centre", "centre_director"):
            codes = (centre(self.profile),)
        if audience == "township":
            codes = (department(self.profile, "@township", case.place.get("township")),)
        for code in codes:
            found = next((one for one in self.profile.departments if one.code == code), None)
            if found is not None:
                yield f"{code}/{role}", "" if self.on_duty(found, role, due) else "no_roster"

    @staticmethod
    def on_duty(found: Department, role: str, at: datetime) -> bool:
        """Say whether the roster names somebody for the role at that time of day."""
        time = at.astimezone(BEIJING).time()
        return any(line.role == role and line.hours.contains(time) for line in found.duty)

    # ---- when it goes out

    def goes_out(self, heard: Heard, step: Step) -> datetime:
        """At once; or when quiet hours end, if it is not severe and would not be over by then."""
        now = self.district.now
        policy = self.profile.notify.policies.get(heard.policy or "")
        awake = heard.severity <= self.profile.notify.quiet_exempt_severity or (policy and policy.ignore_quiet_hours)
        morning = self.morning(now)
        if awake or morning is None or (step.pressing and step.until and step.until < morning):
            return now
        return morning

    def morning(self, now: datetime) -> datetime | None:
        """When the quiet hours end that hold now; the model's districts have theirs over midnight."""
        quiet, local = self.profile.notify.quiet_hours, now.astimezone(BEIJING)
        if quiet is None or not quiet.contains(local.time()):
            return None
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        end = midnight + timedelta(minutes=quiet.end)
        return end if end > local else end + DAY

    def queue(self, case: CaseFile, heard: Heard, step: Step, audience: str, recipient: str, reason: str) -> None:
        """Put a notice into the queue, or say why there is none."""
        now, due = self.district.now, self.goes_out(heard, step)
        episode = 1 if step.name == "received" else case.episode
        notice = Notice(case.id, episode, step.name, audience, recipient, "none" if reason else "file", due)
        self.notices.append(notice)
        if reason:
            notice.outcome = reason
            self.district.count("notices", "none", "suppressed")
            return
        notice.held, notice.moot, notice.task, notice.until = due > now, step.moot, step.task, step.until
        self.district.count("notices", "file", "queued")

    def ahead(self) -> Iterator[datetime]:
        """When the next notices go out."""
        yield from (one.due for one in self.notices if one.outcome == "queued")

    def deliver(self) -> None:
        """Let what is due go out; what had to wait is dropped if it has become pointless."""
        for one in self.notices:
            if one.outcome == "queued" and one.due <= self.district.now:
                one.outcome = "stale" if one.held and self.is_stale(one) else "delivered"
                self.district.count("notices", "file", "suppressed" if one.outcome == "stale" else "delivered")

    def is_stale(self, notice: Notice) -> bool:
        """Say whether it has become pointless: too late, the case over or opened again, the task done."""
        if notice.until is not None and self.district.now > notice.until:
            return True
        case = self.district.cases.get(notice.case) or self.district.files.files[notice.case]
        over = case.episode > notice.episode or self.heard[case.id].over
        done = notice.task is not None and not notice.task.live
        return (notice.moot and over) or done
