"""The demo as a whole: a fresh stack, the day, the figures, the proof; and everything ended again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from deploy.conservation.ledger import Audit, audit, in_words
from deploy.conservation.sources import read_facts
from deploy.demo.agenda import Agenda
from deploy.demo.books import Figures, as_json, figures_of
from deploy.demo.cast import Cast
from deploy.demo.day import Day
from deploy.demo.desk import Desk
from deploy.demo.live import View
from deploy.demo.mailbox import Mailbox
from deploy.demo.result import DemoResult, counted, imbalances
from deploy.demo.scenario import write
from deploy.demo.tables import closing_rate, mean_hours, on_time_rate
from deploy.demo.tally import Tally
from deploy.demo.world import District, World
from deploy.local.config import STATE, StackConfig
from deploy.local.report import Report
from deploy.partner.follower import Follower
from deploy.partner.publisher import Publisher
from deploy.partner.stage import Stage
from shared.contracts.topics import UNLOCATED, Topic, topic_name
from shared.district.loader import load
from shared.district.lookup import DirectoryIndex
from shared.district.model import Profile
from shared.infra.clock import Clock, monotonic, pause

DAY = datetime.fromisoformat("2026-07-01T00:00:00+08:00")
"""A working Wednesday."""

DISTRICTS = ("620802", "620171")
PARTITIONS = 2
"""Of each topic: a hundred partners have one of their own, and every look at them costs by the partition."""

PATIENCE_SECONDS = 10.0
HEARD = (Topic.INCIDENTS, Topic.CASES, Topic.ESCALATIONS, Topic.NOTIFICATIONS, Topic.DEAD_LETTERS)


@dataclass(frozen=True, slots=True)
class Options:
    """How to play. `rate`: virtual seconds of one real second."""

    reports: int = 1_900
    seed: int = 1
    rate: float = 760.0
    broker: Literal["tansu", "kafka"] = "tansu"
    port_base: int | None = None
    state: Path = STATE / "demo"


@dataclass(frozen=True, slots=True)
class Played:
    """The day when it is over."""

    world: World
    tally: Tally
    figures: Mapping[str, Figures]
    result: DemoResult


def config_of(options: Options) -> StackConfig:
    """Return the stack to play on; its services get their clock when they start."""
    return StackConfig(
        state=options.state,
        cache=STATE,
        broker=options.broker,
        port_base=options.port_base,
        districts=DISTRICTS,
        mode="demo",
        partitions=PARTITIONS,
    )


def world_of(profiles: Sequence[Profile], seed: int) -> World:
    """Return what the simulated partners know at midnight."""
    return World({one.code: District(DirectoryIndex(one), seed) for one in profiles}, Desk())


async def play(options: Options, view: View, report: Report) -> Played:
    """Play the day on a stack of its own and return what came of it.

    Raises:
        StackError: the stack cannot start.
    """
    begun = monotonic()
    config = config_of(options)
    profiles = [load(folder) for code in DISTRICTS for folder in config.profile_folders() if folder.name == code]
    world = world_of(profiles, options.seed)
    scenario = write(world, profiles, DAY, options.reports, options.seed)
    report(f"{len(scenario.submissions):,} records written for {DAY:%Y-%m-%d}, seed {options.seed}")
    agenda = Agenda(world.desk)
    agenda.add(scenario.submissions)
    async with Mailbox(config.ports.smtp), Stage(config, report) as stage:
        topics = [topic_name(code, suffix) for code in DISTRICTS for suffix in HEARD]
        topics.append(topic_name(UNLOCATED, Topic.DEAD_LETTERS))
        bootstrap = stage.stack.bootstrap
        publisher = Publisher(bootstrap, idempotent=options.broker == "kafka")
        async with publisher, Follower(bootstrap, topics) as follower:
            clock = await stage.run(DAY, options.rate)
            day = Day(world, Cast(world, scenario.stories), agenda, clock, DAY, publisher, follower, view)
            with view:
                await day.play()
        books = await _audited(stage, clock)
        figures = await figures_of(stage.stack.mongo_url, clock, profiles)
    return Played(world, day.tally, figures, _result(options, day, books, figures, monotonic() - begun))


async def _audited(stage: Stage, clock: Clock) -> Audit:
    """Follow every record to its report and its case, as `gridwhistle check` does; what is on its way may arrive."""
    deadline = monotonic() + PATIENCE_SECONDS
    while True:
        books = audit(await read_facts(stage.stack.bootstrap, stage.stack.mongo_url, clock))
        if monotonic() > deadline or not any(in_words(books)):
            return books
        await pause(1.0)


def _result(options: Options, day: Day, books: Audit, figures: Mapping[str, Figures], seconds: float) -> DemoResult:
    tally = day.tally
    duplicates = sum(counts["duplicate"] for counts in books.by_district().values())
    problems = (*imbalances(tally, day.submitted, duplicates), *in_words(books))
    return DemoResult(
        **counted(tally),
        reports_submitted=day.submitted,
        reports_duplicate=duplicates,
        closing_rate=closing_rate(tally),
        on_time_rate=on_time_rate(tally),
        mean_handling_hours=mean_hours(tally),
        kpi=as_json(figures),
        conservation_ok=not problems,
        conservation_problems=problems,
        seed=options.seed,
        broker=options.broker,
        wall_seconds=round(seconds, 1),
    )
