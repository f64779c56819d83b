"""What the grid workers do all year: patrols, visits and duties, a few forgotten, some known only hours later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random  # noqa: TID251 - the type of the dice that chance.py makes

import shapely

from deploy.demo.chance import dice
from deploy.demo.habits import ZONE
from deploy.demo.submission import Kind, Submission
from deploy.partner.messages import Data, Sender
from deploy.year.published import FORGOTTEN, OFFLINE
from deploy.year.timing import whole
from shared.contracts.actors import PartnerKind
from shared.contracts.base import format_instant
from shared.contracts.work import RecordDuty, RecordPatrol, RecordVisit, RecordWork, WorkKind, work_id
from shared.district.areas import Grid
from shared.district.lookup import DirectoryIndex
from shared.district.work import Obligation
from shared.district.workdays import is_workday

SAYS: dict[WorkKind, type[RecordWork]] = {
    WorkKind.PATROL: RecordPatrol,
    WorkKind.DUTY: RecordDuty,
    WorkKind.VISIT: RecordVisit,
}
FIGURES = {WorkKind.PATROL: "patrols", WorkKind.VISIT: "visits", WorkKind.DUTY: "duties"}
DAY = timedelta(days=1)


@dataclass(slots=True)
class Rounds:
    """`owed` is the plan's own count: of each figure how many rounds of each grid are done and missed by the end."""

    index: DirectoryIndex
    seed: int
    start: datetime
    end: datetime
    owed: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def day(self, midnight: datetime) -> Iterator[Submission]:
        """Yield what is sent of the rounds that begin on a day."""
        for one in self.index.profile.work.obligations:
            for begin, end in self._windows(one, midnight):
                for grid in filter(one.owed_in, self.index.profile.grids):
                    yield from self._round(one, grid, begin, end)

    def _windows(self, one: Obligation, midnight: datetime) -> Iterator[tuple[datetime, datetime]]:
        local: date = midnight.astimezone(ZONE).date()
        if one.every == "week":
            if local.weekday() == 0:
                yield midnight, midnight + 7 * DAY
        elif one.days == "all" or is_workday(self.index.profile.calendar, local):
            for window in one.windows:
                yield midnight + timedelta(minutes=window.start), midnight + timedelta(minutes=window.end)

    def _round(self, one: Obligation, grid: Grid, begin: datetime, end: datetime) -> Iterator[Submission]:
        chance = dice(self.seed, grid.code, one.id, begin)
        times = one.times - (1 + one.times // 2 if chance.random() < FORGOTTEN else 0)
        sent = [self._done(one, grid, (begin, end), chance) for _ in range(times)]
        known = [submission for submission in sent if submission.at <= self.end]
        if len(known) == one.times:
            self.owed[FIGURES[one.kind], grid.code, "done"] += 1
        elif end + self.index.profile.work.grace <= self.end:
            self.owed[FIGURES[one.kind], grid.code, "missed"] += 1
        yield from known

    def _done(self, one: Obligation, grid: Grid, window: tuple[datetime, datetime], chance: Random) -> Submission:
        begin, end = window
        if end - begin > DAY:
            begin = begin + DAY * chance.randrange(5) + timedelta(hours=9)
            end = begin + timedelta(hours=9)
        minutes = (end - begin) / timedelta(minutes=1)
        when = whole(begin + timedelta(minutes=chance.uniform(5, minutes - 5)))
        late = chance.uniform(30, 300) if chance.random() < OFFLINE else 0
        return self._submission(one, grid, when, when + timedelta(minutes=late), chance)

    def _submission(self, one: Obligation, grid: Grid, when: datetime, at: datetime, chance: Random) -> Submission:
        profile = self.index.profile
        app = next(partner.id for partner in profile.partners if partner.kind is PartnerKind.GRID_APP)
        data: Data = {
            "occurred_at": format_instant(when),
            "grid": grid.code,
            "worker": grid.worker or "",
            "obligation": one.id,
            "nonce": f"{chance.getrandbits(64):016x}",
            **_inside(grid),
        }
        if one.questions:
            data["asked"] = list(one.questions)
        type_ = SAYS[one.kind].type
        message = Sender(profile.code, app).binary(type_, data["nonce"], work_id(grid.code), data, at)
        return Submission(at, message, Kind.COMMAND)


def _inside(grid: Grid) -> dict[str, float]:
    if grid.polygon is None:
        return {}
    point = shapely.Polygon(grid.polygon).representative_point()
    return {"lon": round(point.x, 6), "lat": round(point.y, 6)}
