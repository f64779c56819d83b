"""The whole day before it begins: every report of every district, flaws and stories included, in order of sending."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy.demo.advisories import recurring
from deploy.demo.burst_main import BurstMain
from deploy.demo.chance import dice
from deploy.demo.flaws import Flaws
from deploy.demo.flood import Flood
from deploy.demo.households import Households
from deploy.demo.patrols import Patrols
from deploy.demo.pushed_around import PushedAround
from deploy.demo.reports import Reporters
from deploy.demo.stories import Script, Stories, case_of
from deploy.demo.submission import Submission
from deploy.demo.world import World
from shared.district.model import Profile

SMALL_SHARE = 0.06
"""What the districts after the first get of the reports, each."""

FLOOD_AT = timedelta(hours=14, minutes=12)
PUSHED_AT = timedelta(hours=9, minutes=35)
RECURRING_AT = timedelta(hours=8, minutes=5)
HOUSEHOLDS_AT = timedelta(hours=8, minutes=40)
BURST_AT = timedelta(hours=15, minutes=20)


@dataclass(frozen=True, slots=True)
class Scenario:
    """The reports of the day and the scripts of its stories."""

    submissions: Sequence[Submission]
    stories: Stories

    @property
    def reports(self) -> int:
        """How many of the submissions are meant as reports."""
        return sum(one.is_report for one in self.submissions)


def write(world: World, profiles: Sequence[Profile], day: datetime, reports: int, seed: int) -> Scenario:
    """Write the day; the stories happen in the first district."""
    begun = [Reporters(profile, seed) for profile in profiles]
    households = Households.begin(world, begun[0], day + HOUSEHOLDS_AT)
    scripts: tuple[Script, ...] = (
        Flood.begin(world, begun[0], day + FLOOD_AT),
        PushedAround.begin(world, begun[0], day + PUSHED_AT),
        BurstMain.begin(world, begun[0], day + BURST_AT),
        households,
    )
    stories = Stories({case_of(script.drafts[0], profiles[0].code): script for script in scripts})
    ordinary = [one for reporters, count in _shares(begun, reports) for one in _ordinary(reporters, day, count)]
    ordinary += [one for district in world.districts.values() for one in Patrols(district.index, seed).day(day)]
    estate = recurring(begun[0], day + RECURRING_AT)
    return Scenario(
        sorted([*ordinary, *estate, *stories.submissions(), *households.submissions()], key=lambda one: one.at), stories
    )


def _shares(begun: Sequence[Reporters], reports: int) -> Iterator[tuple[Reporters, int]]:
    small = round(reports * SMALL_SHARE)
    yield begun[0], reports - small * (len(begun) - 1)
    for reporters in begun[1:]:
        yield reporters, small


def _ordinary(reporters: Reporters, day: datetime, count: int) -> Iterator[Submission]:
    chance = dice(reporters.seed, reporters.profile.code, "flaws")
    return Flaws(reporters, chance).around(list(reporters.day(day, count)))
