"""The main job, end to end on a scaled clock: report, task, late, ladder, whistle, notices; and solved all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.local.config import ROOT, STATE
from deploy.partner.follower import Follower, Heard
from deploy.partner.messages import Data, Sender
from deploy.partner.publisher import Publisher
from deploy.partner.stage import Stage
from shared.contracts import cases as said
from shared.contracts import escalations as timed
from shared.contracts.base import Event, format_instant
from shared.contracts.commands import AnswerTeam, CheckInTeam, Command, CompleteTask, VerifyCase
from shared.contracts.dead_letters import RecordRejected
from shared.contracts.incidents import Report
from shared.contracts.limits import Limit, LimitUnit
from shared.contracts.notifications import NoticeDelivered
from shared.contracts.topics import Topic, topic_name
from shared.district.calendar import WorkingCalendar
from shared.district.loader import load
from shared.infra.clock import Clock, monotonic
from tests.support.stack import chosen_broker, free_port_base, stack_config

pytestmark = pytest.mark.asyncio(loop_scope="module")

DISTRICT = "620802"
PROFILE = ROOT / "deploy" / "districts" / DISTRICT
START = datetime.fromisoformat("2026-07-01T09:00:00+08:00")
RATE = 7_200.0
"""Two virtual hours a second: the whistle of the third rung is a working day after the breach."""

PLACE = (106.6651, 35.5428)
LONGEST = 90.0
HEARD = (Topic.CASES, Topic.ESCALATIONS, Topic.NOTIFICATIONS, Topic.DEAD_LETTERS)


@dataclass(slots=True)
class Partners:
    """Everybody who sends, and one ear for everything that is said."""

    publisher: Publisher
    follower: Follower
    clock: Clock
    heard: list[Heard] = field(default_factory=list)

    async def report(self, report_id: str) -> None:
        """Report exposed rubbish in the old town."""
        location: Data = {"lon": PLACE[0], "lat": PLACE[1], "datum": "wgs84"}
        data: Data = {"report_id": report_id, "category": "E06010", "text": "巷口堆满垃圾", "location": location}
        data["occurred_at"] = format_instant(START)
        sender = Sender(DISTRICT, "grid-app")
        await self.publisher.send([sender.binary(Report.type, report_id, report_id, data, self.clock.now())])

    async def command(self, partner: str, command: type[Command], case: str, data: Data) -> None:
        """Give a command now."""
        now = self.clock.now()
        whole: Data = {"case_id": case, "occurred_at": format_instant(now), **data}
        id_ = f"{command.type}/{case}/{partner}/{len(self.heard)}"
        await self.publisher.send([Sender(DISTRICT, partner).binary(command.type, id_, case, whole, now)])

    async def until(self, kind: type[Event], which: Callable[[Event], bool] = lambda _: True) -> Event:
        """Return the first event of a kind for which `which` holds, waiting for it.

        Raises:
            TimeoutError: it did not come; the message tells what did.
        """
        deadline = monotonic() + LONGEST
        while (found := self.first(kind, which)) is None:
            if monotonic() > deadline:
                raise TimeoutError(f"no {kind.__name__}; heard {[type(one.said).__name__ for one in self.heard]}")
            self.heard += await self.follower.poll()
        return found

    def first(self, kind: type[Event], which: Callable[[Event], bool]) -> Event | None:
        """Return the first such event among what has been heard."""
        events = (one.said for one in self.heard if isinstance(one.said, kind))
        return next((event for event in events if which(event)), None)

    def all(self, kind: type[Event]) -> list[Event]:
        """Return every event of a kind that has been heard."""
        return [one.said for one in self.heard if isinstance(one.said, kind)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def partners(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Partners]:
    """Give the whole system on a clock that runs two hours a second, from a working Wednesday at nine."""
    state: Path = tmp_path_factory.mktemp("main-job")
    config = stack_config(state).model_copy(
        update={"mode": "demo", "districts": (DISTRICT,), "cache": STATE, "port_base": free_port_base()}
    )
    async with Stage(config) as stage:
        topics = [topic_name(DISTRICT, suffix) for suffix in HEARD]
        bootstrap = stage.stack.bootstrap
        publisher = Publisher(bootstrap, idempotent=chosen_broker() == "kafka")
        async with publisher, Follower(bootstrap, topics) as follower:
            clock = await stage.run(START, RATE)
            yield Partners(publisher, follower, clock)


async def test_late_case_climbs_the_ladder_to_the_whistle_and_is_solved(partners: Partners) -> None:
    """Nobody does anything until the whistle blows; then the department comes, finishes, and the case closes late."""
    await partners.report("late-1")
    opened = await partners.until(said.CaseOpened)
    assigned = await partners.until(said.TaskAssigned)
    assert isinstance(assigned, said.TaskAssigned)
    case, lead = opened.case_id, assigned.department

    summoned = await partners.until(timed.TeamSummoned)
    assert isinstance(summoned, timed.TeamSummoned)
    await _come(partners, case, [member.department for member in summoned.members])
    await partners.command(lead, CompleteTask, case, {"task_id": assigned.task_id, "evidence": [PHOTO]})
    await partners.until(said.CaseResolved)
    await partners.command("grid-app", VerifyCase, case, {"ok": True})
    closed = await partners.until(said.CaseClosed)
    verdict = await partners.until(timed.ClockStopped, lambda one: _handles(one, assigned.task_id))

    assert isinstance(closed, said.CaseClosed)
    assert isinstance(verdict, timed.ClockStopped)
    assert closed.handling_seconds > timedelta(hours=24).total_seconds()
    assert verdict.verdict is timed.Verdict.LATE


PHOTO: Data = {"url": "https://media.example.invalid/1.jpg", "mime": "image/jpeg"}


async def _come(partners: Partners, case: str, members: list[str]) -> None:
    lon, lat = PLACE
    for member in members:
        await partners.command(member, AnswerTeam, case, {"coming": True})
        await partners.command(member, CheckInTeam, case, {"lon": lon, "lat": lat, "nonce": f"nonce-{member}"})


def _handles(event: Event, task_id: str) -> bool:
    return isinstance(event, timed.ClockStopped) and event.kind is timed.ClockKind.HANDLE and event.task_id == task_id


async def test_every_step_on_the_way_was_said_in_order(partners: Partners) -> None:
    """Two warnings, the breach, levels 1, 2 and 3, the whistle: each once, at the time the profile says."""
    handle = [
        event
        for event in partners.all(timed.ClockEvent)
        if isinstance(event, timed.ClockEvent) and event.kind is timed.ClockKind.HANDLE
    ]
    kinds = [type(event) for event in handle if type(event) is not timed.ClockStarted]
    assert kinds == [timed.ClockWarned, timed.ClockWarned, timed.ClockBreached, timed.ClockStopped]
    levels = [event.level for event in partners.all(timed.CaseEscalated) if isinstance(event, timed.CaseEscalated)]
    assert levels[:3] == [1, 2, 3]
    started, calendar = handle[0], WorkingCalendar.of(load(PROFILE))
    assert isinstance(started, timed.ClockStarted)
    assert started.due_at == calendar.due(started.started_at, Limit(amount=4, unit=LimitUnit.WORKING_HOURS))


async def test_people_were_told_of_every_step(partners: Partners) -> None:
    """The duty officer of the task and the breach, the head of the level, the members of the whistle."""
    wanted = {"task_assigned", "warned", "breached", "escalated", "summoned"}

    def told() -> set[str]:
        return {one.step.split(":")[0] for one in partners.all(NoticeDelivered) if isinstance(one, NoticeDelivered)}

    await partners.until(NoticeDelivered, lambda _: wanted <= told())
    # At two hours a second a team's half hour is over before a member can answer; nothing else is refused.
    letters = [one.said for one in partners.heard if isinstance(one.said, RecordRejected)]
    refused = [dict(letter.original_headers)["ce_type"] or b"" for letter in letters]
    assert not [kind for kind in refused if not kind.startswith(b"gridwhistle.team.")]
