"""How departments answer the whistle (吹哨报到): each for itself, most come, some late, a few not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random  # noqa: TID251 - the type of the dice that chance.py makes

from deploy.demo.chance import dice
from deploy.demo.departments import evidence
from deploy.demo.places import moved
from deploy.demo.say import Say
from deploy.demo.world import World
from deploy.partner.messages import Data
from shared.contracts.base import Event, format_instant
from shared.contracts.commands import AnswerTeam, CheckInTeam, CompleteTask
from shared.contracts.escalations import TeamOnScene, TeamSummoned

ABSENT, LATE = 0.05, 0.07
GPS_METRES = 35.0


@dataclass(frozen=True, slots=True)
class Teams:
    """The members of every team; each learns of the whistle from the escalations topic only."""

    world: World

    def hear(self, event: Event) -> Iterator[Say]:
        """Yield the answers and check-ins of the members, and the work of a team on scene."""
        if isinstance(event, TeamSummoned):
            for member in event.members:
                if member.department not in self.world.desk.file(event.case_id).present:
                    yield from self._come(event, member.department)
        elif isinstance(event, TeamOnScene):
            yield from self._work(event)

    def _come(self, event: TeamSummoned, department: str) -> Iterator[Say]:
        chance = dice(self.world.of(event.case_id).seed, event.team_id, event.round, department)
        fate = chance.random()
        if fate < ABSENT:
            return
        span = event.muster_by - event.occurred_at
        arrives = event.occurred_at + span * chance.uniform(0.25, 0.65)
        if fate < ABSENT + LATE:
            arrives = event.muster_by + timedelta(minutes=chance.uniform(3, 12))
        yield self.answer(event, department, event.occurred_at + span * chance.uniform(0.05, 0.25), arrives)
        yield self.check_in(event, department, arrives, chance)

    @staticmethod
    def answer(event: TeamSummoned, department: str, at: datetime, arrives: datetime) -> Say:
        """Return a member's answer that it is coming."""
        data: Data = {"coming": True, "eta": format_instant(arrives)}
        return Say(at, department, AnswerTeam, event.case_id, None, data)

    def check_in(self, event: TeamSummoned, department: str, at: datetime, chance: Random) -> Say:
        """Return a member's report on site, as precise as a telephone's GPS."""
        lon, lat = event.place.lon, event.place.lat
        if lon is None or lat is None:
            file = self.world.desk.file(event.case_id)
            lon, lat = file.lon or 0.0, file.lat or 0.0
        lon, lat = moved(lon, lat, chance.uniform(-GPS_METRES, GPS_METRES), chance.uniform(-GPS_METRES, GPS_METRES))
        nonce = f"{event.team_id}-{event.round}-{department}"[-64:]
        data: Data = {"lon": round(lon, 6), "lat": round(lat, 6), "nonce": nonce}
        return Say(at, department, CheckInTeam, event.case_id, None, data)

    def _work(self, event: TeamOnScene) -> Iterator[Say]:
        """On scene together, each still having a task finishes it; the lead last."""
        file = self.world.desk.file(event.case_id)
        chance = dice(self.world.of(event.case_id).seed, event.team_id, "work")
        minutes = chance.uniform(35, 90)
        for task in file.live_tasks:
            last = 15 if task.department == file.lead else 0
            at = event.occurred_at + timedelta(minutes=minutes + last)
            data: Data = {"evidence": evidence(task.id, 2)}
            yield Say(at, task.department, CompleteTask, event.case_id, task.id, data)
