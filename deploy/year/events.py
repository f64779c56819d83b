"""What becomes of one event in the plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random  # noqa: TID251 - the type of the dice that chance.py makes

from deploy.year.lives import EventLife
from deploy.year.published import EVENT_FATES
from deploy.year.timing import Timing, whole
from shared.contracts.limits import Limit
from shared.district.lookup import DirectoryIndex
from shared.district.routing import Routing

SURE = timedelta(days=7)
"""So long before the end nobody waits for what clocks alone will do, for it might fall on either side."""

LOOKED_MINUTES = 50.0
AGAIN_MINUTES = 240.0
"""What was done badly is done again on the same day: the reporter's clock has not begun anew, nor has the ladder."""


@dataclass(frozen=True, slots=True)
class Events:
    """Says of events what becomes of them, until the end of the plan."""

    index: DirectoryIndex
    timing: Timing
    end: datetime

    def life(self, case: str, opened: datetime, what: tuple[str, Routing], chance: Random) -> EventLife:
        """Return what becomes of an event of a category."""
        key, routing = what
        limit = routing.stages[-1].limit
        prompt = self.timing.prompt(opened, limit, chance)
        life = EventLife(
            case=case,
            opened=opened,
            category=key,
            fate=self._fate(opened, routing, chance),
            lead=routing.lead,
            assists=routing.assists,
            joint=routing.joint or routing.whistle,
            done=(prompt,),
            assisted=(self.timing.prompt(opened, limit, chance),),
        )
        if life.fate in WAYS:
            WAYS[life.fate](self, life, limit, chance)
        self._verified(life, routing, chance)
        return life

    def _fate(self, opened: datetime, routing: Routing, chance: Random) -> str:
        """Return it; nothing that a clock would decide about at the very end, and no whim where a team is called.

        What is sorted by a human came without words, so no rule that goes by words can have met it.
        """
        fate = chance.choices(list(EVENT_FATES), list(EVENT_FATES.values()))[0]
        surely = self.timing.latest_due(opened, routing.stages[-1].limit) + SURE < self.end
        if routing.joint or routing.whistle or (fate in {"late", "stuck", "forgotten"} and not surely):
            return "plain"
        if fate == "triaged" and routing.rule_id is not None:
            return "plain"
        return fate

    def _verified(self, life: EventLife, routing: Routing, chance: Random) -> None:
        """Let somebody look whether it is done; once it is not, and everybody works on it again."""
        if not life.done or life.done[0] is None:
            return
        resolved = _resolved(life, life.done[0], life.assisted[0])
        looked = self._look(resolved, routing.verify, chance)
        life.verified, life.closes = (looked,), looked
        if life.fate == "forgotten":
            by_itself = self.timing.latest_due(resolved, routing.verify)
            if by_itself < self.end:
                life.verified, life.closes = (None,), by_itself
        if life.fate == "reopened":
            limit = routing.stages[-1].limit
            again, helped = (self._again(looked, limit, chance, minutes) for minutes in (AGAIN_MINUTES, 30))
            life.done, life.assisted = (life.done[0], again), (life.assisted[0], helped)
            life.closes = self._look(_resolved(life, again, helped), routing.verify, chance)
            life.verified = (looked, life.closes)

    def _again(self, looked: datetime, limit: Limit, chance: Random, minutes: float) -> datetime:
        """Return when it is done once more: the same day, or sooner where the limit is that of an emergency."""
        done = self.timing.soon(looked, chance, minutes)
        return done if done < self.timing.calendar.due(looked, limit) else self.timing.prompt(looked, limit, chance)

    def _look(self, resolved: datetime, limit: Limit, chance: Random) -> datetime:
        """Return when somebody looks: by day, unless nobody would wait so long."""
        looked = self.timing.soon(resolved, chance, LOOKED_MINUTES)
        if looked < self.timing.calendar.due(resolved, limit):
            return looked
        return whole(resolved + self.timing.slack + timedelta(minutes=chance.uniform(0, 20)))


def _resolved(life: EventLife, done: datetime, helped: datetime) -> datetime:
    return max(done, helped) if life.assists else done


def _late(events: Events, life: EventLife, limit: Limit, chance: Random) -> None:
    life.done = (events.timing.late(life.opened, limit, chance),)


def _stuck(_events: Events, life: EventLife, _limit: Limit, _chance: Random) -> None:
    life.done = (None,)


def _triaged(events: Events, life: EventLife, limit: Limit, chance: Random) -> None:
    timing = events.timing
    life.classified = whole(life.opened + timing.slack + timedelta(minutes=chance.uniform(0, 40)))
    life.done = (timing.prompt(life.classified, limit, chance),)
    life.assisted = (timing.prompt(life.classified, limit, chance),)


def _returned(events: Events, life: EventLife, limit: Limit, chance: Random) -> None:
    timing = events.timing
    life.returned = timing.soon(life.opened, chance, 20)
    life.reassigned = timing.soon(life.returned, chance, 25)
    taken = {life.lead, *life.assists}
    others = [one.code for one in events.index.profile.departments if one.kind == "department"]
    life.successor = chance.choice([code for code in others if code not in taken])
    life.done = (timing.prompt(life.reassigned, limit, chance),)


def _withdrawn(events: Events, life: EventLife, _limit: Limit, chance: Random) -> None:
    life.withdrawn = whole(life.opened + events.timing.slack + timedelta(minutes=chance.uniform(0, 25)))
    life.done = ()


WAYS = {"late": _late, "stuck": _stuck, "triaged": _triaged, "returned": _returned, "withdrawn": _withdrawn}
