"""The grid workers' own day: they walk their grids and stand duty, some telephones are offline, and a few forget."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random  # noqa: TID251 - the type of the dice that chance.py makes
from typing import Any

import shapely

from deploy.demo.chance import dice
from deploy.demo.submission import Kind, Submission
from deploy.partner.messages import Sender
from shared.contracts.actors import PartnerKind
from shared.contracts.base import format_instant
from shared.contracts.work import RecordDuty, RecordPatrol, RecordTraining, TakeLeave, WorkCommand, WorkKind, work_id
from shared.district.areas import Grid
from shared.district.base import Period
from shared.district.lookup import DirectoryIndex
from shared.district.work import Obligation
from shared.district.workdays import is_workday

FORGOTTEN = 0.03
OFFLINE = 0.04
SAYS: dict[WorkKind, type[WorkCommand]] = {WorkKind.PATROL: RecordPatrol, WorkKind.DUTY: RecordDuty}
WHOLE_DAY = Period(start=0, end=24 * 60)


@dataclass(frozen=True, slots=True)
class Patrols:
    """What the workers of one district do on a day; visits by the week or month have no place in it.

    In the first township somebody is on leave with a substitute, somebody without, and one says on from the sofa what
    was walked in the morning.
    """

    index: DirectoryIndex
    seed: int

    def day(self, midnight: datetime) -> Iterator[Submission]:
        """Yield everything that is sent."""
        app = next((one.id for one in self.index.profile.partners if one.kind is PartnerKind.GRID_APP), None)
        owed = [one for one in self.index.profile.work.obligations if self._owed_on(one, midnight)]
        if app is None or not owed:
            return
        away = dict(self._leaves(midnight))
        for one in owed:
            for grid in filter(one.owed_in, self.index.profile.grids):
                for window in one.windows or (WHOLE_DAY,):
                    yield from self._done(app, one, (grid, window), midnight, away)
        yield from self._said(app, midnight, away)

    def _owed_on(self, one: Obligation, midnight: datetime) -> bool:
        worked = one.days == "all" or is_workday(self.index.profile.calendar, midnight.date())
        return one.every == "day" and one.kind in SAYS and worked

    def _done(
        self, app: str, one: Obligation, at: tuple[Grid, Period], midnight: datetime, away: dict[str, str]
    ) -> Iterator[Submission]:
        grid, window = at
        chance = dice(self.seed, grid.code, one.id, window.start)
        worker = away.get(grid.worker or "", grid.worker)
        if not worker or chance.random() < FORGOTTEN:
            return
        when = midnight + timedelta(minutes=chance.uniform(window.start + 5, window.end - 5))
        sent = when + timedelta(minutes=chance.uniform(30, 300) if chance.random() < OFFLINE else 0)
        data = {"grid": grid.code, "worker": worker, "obligation": one.id, **_nonce(chance), **_inside(grid)}
        yield self._submission(app, SAYS[one.kind], sent, {**data, "occurred_at": format_instant(when)})

    def _leaves(self, midnight: datetime) -> Iterator[tuple[str, str]]:
        """Yield who is away, and who stands in, in the first township: one with a substitute, one without."""
        del midnight
        first = self._first()
        yield first[0], first[1]
        yield first[2], ""

    def _first(self) -> list[str]:
        """Return the workers of the township in which something is special."""
        township = self.index.profile.townships[0].code
        return [one.worker for one in self.index.profile.grids if one.township == township and one.worker]

    def _said(self, app: str, midnight: datetime, away: dict[str, str]) -> Iterator[Submission]:
        """Yield what the township says of its workers, and the walk that was none."""
        township = self.index.profile.townships[0].code
        street = self.index.departments.resolve("@township", township) or self.index.departments.centre or app
        day = midnight.date().isoformat()
        for worker, substitute in away.items():
            data = {"worker": worker, "first": day, "last": day, **({"substitute": substitute} if substitute else {})}
            yield self._submission(street, TakeLeave, midnight + timedelta(hours=7, minutes=5), data)
        lesson = {"worker": self._first()[1], "course": "燃气安全入户检查", "hours": 2}
        yield self._submission(street, RecordTraining, midnight + timedelta(hours=19), lesson)
        far = {"grid": self.index.profile.grids[0].code, "worker": self.index.profile.grids[0].worker}
        sofa = {**far, "nonce": "from-the-sofa", "lon": 0.0, "lat": 0.0}
        yield self._submission(app, RecordPatrol, midnight + timedelta(hours=11, minutes=59), sofa)

    def _submission(self, partner: str, command: type[WorkCommand], at: datetime, data: dict[str, Any]) -> Submission:
        sender = Sender(self.index.profile.code, partner)
        word = command.type.split(".", 1)[1]
        id_ = f"{word}/{data['worker']}/{data.get('nonce', '')}/{at.timestamp():.0f}"
        key = work_id(str(data.get("grid") or self.index.profile.townships[0].code))
        data = {"occurred_at": format_instant(at), **data}
        return Submission(at, sender.binary(command.type, id_, key, data, at), Kind.COMMAND)


def _nonce(chance: Random) -> dict[str, str]:
    return {"nonce": f"{chance.getrandbits(64):016x}"}


def _inside(grid: Grid) -> dict[str, float]:
    """Return a position inside the grid, as the telephone would tell it; WGS-84."""
    if grid.polygon is None:
        return {}
    point = shapely.Polygon(grid.polygon).representative_point()
    return {"lon": round(point.x, 6), "lat": round(point.y, 6)}
