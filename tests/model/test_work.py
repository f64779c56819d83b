"""Random weeks of a township against a slow model, which keeps all that was said and counts anew each time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.base import Event
from shared.contracts.work import WorkMadeGood, WorkMissed, WorkRecorded
from tests.unit.escalation.district import local
from tests.unit.escalation.township import ONE, PATROL, TWO, Township

HOLDERS = {ONE: "w-1", TWO: "w-2"}
START = local("2026-07-01T06:00")
WINDOWS = ((8, 12), (14, 18))


@dataclass
class Slow:
    """What ought to be: everything that was said, and each question answered from all of it."""

    walked: list[tuple[datetime, str, datetime]] = field(default_factory=list)
    leaves: list[tuple[datetime, str, str, str]] = field(default_factory=list)

    def rounds(self, until: datetime) -> list[tuple[datetime, datetime]]:
        """Return the rounds that have been judged by an instant."""
        found = []
        for day in range(30):
            for begin, end in WINDOWS:
                midnight = START.replace(hour=0) + timedelta(days=day)
                found.append((midnight + timedelta(hours=begin), midnight + timedelta(hours=end)))
        return [one for one in found if one[1] + timedelta(minutes=30) <= until]

    def missed(self, until: datetime) -> list[tuple[datetime, list[str]]]:
        """Return what was told as missed, by round."""
        told = []
        for begin, end in self.rounds(until):
            judged = end + timedelta(minutes=30)
            gone = [grid for grid, worker in HOLDERS.items() if not self._done(grid, (begin, end), judged)
                    and not self._excused(worker, begin, judged)]  # fmt: skip
            if gone:
                told.append((begin, gone))
        return told

    def _done(self, grid: str, window: tuple[datetime, datetime], known: datetime) -> bool:
        begin, end = window
        return any(where == grid and begin <= at < end and told < known for at, where, told in self.walked)

    def _excused(self, worker: str, begin: datetime, known: datetime) -> bool:
        day = begin.date().isoformat()
        newest = {first: last for told, who, first, last in self.leaves if who == worker and told < known}
        return any(first <= day <= last for first, last in newest.items())


STEPS = st.lists(
    st.tuples(
        st.integers(1, 600),
        st.sampled_from(["walk", "walk", "walk late", "leave", "nothing"]),
        st.sampled_from([ONE, TWO]),
        st.integers(0, 47),
    ),
    max_size=25,
)


@settings(max_examples=60)
@given(STEPS, st.booleans())
def test_a_random_week_is_told_as_the_slow_model_tells_it(steps: Any, sweeping: bool) -> None:  # noqa: FBT001
    """Whether a sweep runs or not, each round is told once with the grids that nobody had walked by then."""
    town, slow = Township(obligations=[PATROL]), Slow()
    now = START
    for minutes, what, grid, back in steps:
        now += timedelta(minutes=minutes)
        _until(town, now, sweeping=sweeping)
        if what.startswith("walk"):
            at = now - timedelta(hours=back) if what == "walk late" else now
            _walk(town, slow, grid, at)
        elif what == "leave":
            last = (now + timedelta(days=back // 24)).date().isoformat()
            town.leave(HOLDERS[grid], now.date().isoformat(), last)
            slow.leaves.append((now, HOLDERS[grid], now.date().isoformat(), last))
    _until(town, now + timedelta(days=1), sweeping=True)
    zone = START.tzinfo
    told = [one for one in town.said if isinstance(one, WorkMissed) and one.places]
    found = [(one.starts_at.astimezone(zone), [place.grid for place in one.places]) for one in told]
    assert found == slow.missed(town.now)
    _always(town.said)


def _until(town: Township, now: datetime, *, sweeping: bool) -> None:
    if sweeping:
        town.tick(now.isoformat())
    else:
        town.now = now


def _walk(town: Township, slow: Slow, grid: str, at: datetime) -> None:
    """Record a walk; the model notes those that lie in a window which had begun before nobody asked yet."""
    inside = any(at.replace(hour=begin, minute=0) <= at < at.replace(hour=end, minute=0) for begin, end in WINDOWS)
    if not (inside and at >= START):
        with town.refused("outside-window"):
            town.patrol(grid, HOLDERS[grid], at=at.isoformat())
        return
    town.patrol(grid, HOLDERS[grid], at=at.isoformat())
    slow.walked.append((at, grid, town.now))


def _always(said: list[Event]) -> None:
    """Each round is told once; nothing counts twice; nothing is made good that was not told as missed."""
    missed = [one.starts_at for one in said if isinstance(one, WorkMissed)]
    assert len(missed) == len(set(missed))
    done = [(one.grid, one.starts_at) for one in said if isinstance(one, WorkRecorded)]
    assert len(done) == len(set(done))
    told = {(place.grid, one.starts_at) for one in said if isinstance(one, WorkMissed) for place in one.places}
    mended = [(one.grid, one.starts_at) for one in said if isinstance(one, WorkMadeGood)]
    assert set(mended) <= told
    assert len(mended) == len(set(mended))
