"""The year as a whole: a plan, a fresh stack, the days, the figures, the proof; and everything ended again."""

from __future__ import annotations

import asyncio
import csv
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from deploy.conservation.ledger import audit, in_words
from deploy.conservation.sources import read_facts
from deploy.demo.mailbox import Mailbox
from deploy.figures.book import Book as Ledger
from deploy.figures.reading import Archive
from deploy.local.config import ROOT, STATE, StackConfig
from deploy.local.report import Report
from deploy.partner.follower import Follower
from deploy.partner.publisher import Publisher
from deploy.partner.stage import Stage
from deploy.year.actors import Actors
from deploy.year.conductor import Conductor, Entry
from deploy.year.expected import expected
from deploy.year.lives import DisputeLife, Plan
from deploy.year.published import DISPUTES, DISTRICT, EVENTS
from deploy.year.result import Result, counts, differences, found, rows
from deploy.year.rounds import DAY, Rounds
from deploy.year.timing import Timing
from deploy.year.writing import Writer
from deploy.year.writing import counts as each_day
from shared.contracts.topics import UNLOCATED, Topic, topic_name
from shared.district.loader import load
from shared.district.lookup import DirectoryIndex
from shared.infra.clock import Clock, monotonic, pause
from shared.infra.mongo import connect

FIRST_DAY = datetime.fromisoformat("2026-01-01T00:00:00+08:00")
BEFORE = timedelta(hours=4)
"""The clock stands so long before the first midnight while the services get ready, when no round is running."""

PARTITIONS = 2
PATIENCE_SECONDS = 60.0
SWEEP_SECONDS = "0.05"
"""Where time jumps, what is due is found sooner than on a clock that runs."""

HEARD = (Topic.INCIDENTS, Topic.CASES, Topic.ESCALATIONS, Topic.DEAD_LETTERS)
DISTRICTS = ROOT / "deploy" / "districts"


@dataclass(frozen=True, slots=True)
class Options:
    """How to play. `scale`: of events, disputes and grids; `step_minutes`: how far time jumps by day."""

    seed: int = 1
    scale: float = 1.0
    days: int = 365
    step_minutes: float = 30.0
    broker: Literal["tansu", "kafka"] = "kafka"
    port_base: int | None = None
    state: Path = STATE / "year"

    @property
    def end(self) -> datetime:
        """The midnight after the last day."""
        return FIRST_DAY + self.days * DAY


def profile_folder(options: Options) -> Path:
    """Write the district's profile with its share of the grids; return the folder of it and what it includes."""
    folder = options.state / "districts"
    shutil.rmtree(folder, ignore_errors=True)
    for name in (DISTRICT, "common"):
        shutil.copytree(DISTRICTS / name, folder / name)
    grids = folder / DISTRICT / "grids.csv"
    with grids.open(encoding="utf-8", newline="") as file:
        head, *every = list(csv.reader(file))
    kept = [row for number, row in enumerate(every) if int(number * options.scale) != int((number + 1) * options.scale)]
    with grids.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *(kept or every[:1])])
    return folder


def write(index: DirectoryIndex, options: Options) -> Plan:
    """Write everything that will happen to cases."""
    plan = Plan(FIRST_DAY, options.end)
    timing = Timing(index.calendar, timedelta(minutes=options.step_minutes))
    writer = Writer(index, timing, options.seed, plan)
    events, disputes = (each_day(options.days, options.scale, number) for number in (EVENTS, DISPUTES))
    for number, (some, others) in enumerate(zip(events, disputes, strict=True)):
        writer.day(FIRST_DAY + number * DAY, some, others)
    return plan


async def year(options: Options, report: Report) -> Result:
    """Let the year pass on a stack of its own and return what came of it.

    Raises:
        StackError: the stack cannot start.
    """
    begun = monotonic()
    config = _config(options)
    index = DirectoryIndex(load(config.profiles / DISTRICT))
    plan = write(index, options)
    rounds = Rounds(index, options.seed, FIRST_DAY, options.end)
    report(f"{len(plan.lives):,} cases written for {options.days} days from {FIRST_DAY:%Y-%m-%d}, seed {options.seed}")
    async with Mailbox(config.ports.smtp), Stage(config, report) as stage:
        topics = [topic_name(code, suffix) for code in (DISTRICT, UNLOCATED) for suffix in HEARD]
        publisher = Publisher(stage.stack.bootstrap, idempotent=options.broker == "kafka")
        async with publisher, Follower(stage.stack.bootstrap, [*topics[:4], topics[-1]]) as follower:
            clock = await stage.stepped(FIRST_DAY - BEFORE)
            await _ready(stage.stack.mongo_url, len(index.profile.townships))
            conductor = Conductor(
                clock,
                options.end,
                timedelta(minutes=options.step_minutes),
                Actors(plan, index.calendar),
                rounds,
                publisher,
                follower,
            )
            started = monotonic()
            await _live(conductor, plan, options, report)
            played = monotonic() - started
        unbalanced = await _unbalanced(stage, clock)
        ledger = await _ledger(stage.stack.mongo_url, clock, options.end)
    return _result(options, plan, conductor, ledger, unbalanced, (played, monotonic() - begun))


def _config(options: Options) -> StackConfig:
    return StackConfig(
        state=options.state,
        cache=STATE,
        broker=options.broker,
        port_base=options.port_base,
        districts=(DISTRICT,),
        profiles=profile_folder(options),
        mode="demo",
        partitions=PARTITIONS,
        env={"GW_SWEEP_SECONDS": SWEEP_SECONDS},
    )


async def _ready(mongo_url: str, townships: int) -> None:
    """Wait until escalation has a work book of every township, so that each owes its rounds from the first day on."""
    client = connect(mongo_url)
    deadline = monotonic() + PATIENCE_SECONDS
    while await client["gw_escalation"]["beats"].count_documents({}) < townships and monotonic() < deadline:
        await pause(0.1)
    client.close()


async def _live(conductor: Conductor, plan: Plan, options: Options, report: Report) -> None:
    conductor.add(Entry(*one) for one in plan.reports)
    plan.reports.clear()
    begun = monotonic()
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(conductor.listen())
        for number, midnight in enumerate(_midnights(options), 1):
            await conductor.day(midnight)
            if number % max(1, options.days // 20) == 0:
                told = f"{conductor.submitted:,} reports, {conductor.commands:,} commands"
                report(f"{midnight:%Y-%m-%d}  {told}, {conductor.heard:,} events, {monotonic() - begun:.0f} s")
        await conductor.all_rounds()
        await conductor.settle()
        listening.cancel()


def _midnights(options: Options) -> Iterator[datetime]:
    return (FIRST_DAY + number * DAY for number in range(options.days))


async def _unbalanced(stage: Stage, clock: Clock) -> tuple[str, ...]:
    """Follow every record to its report and its case, as `gridwhistle check` does; what is on its way may arrive."""
    deadline = monotonic() + PATIENCE_SECONDS
    while True:
        wrong = tuple(in_words(audit(await read_facts(stage.stack.bootstrap, stage.stack.mongo_url, clock))))
        if not wrong or monotonic() > deadline:
            return wrong
        await pause(1.0)


async def _ledger(mongo_url: str, clock: Clock, until: datetime) -> Ledger:
    client = connect(mongo_url)
    archive = Archive(client, clock)
    try:
        await archive.settle(until)
        return await archive.book(DISTRICT, until)
    finally:
        client.close()


def _result(
    options: Options,
    plan: Plan,
    conductor: Conductor,
    ledger: Ledger,
    unbalanced: tuple[str, ...],
    seconds: tuple[float, float],
) -> Result:
    planned, ours = expected(plan, conductor.rounds.owed), found(ledger)
    disputes = [case for case, life in plan.lives.items() if isinstance(life, DisputeLife)]
    return Result(
        days=options.days,
        scale=options.scale,
        seed=options.seed,
        broker=options.broker,
        reports=conductor.submitted,
        commands=conductor.commands,
        events_heard=conductor.heard,
        steps=conductor.steps,
        rows=tuple(rows(planned, ours, disputes)),
        counts=counts(planned, ours),
        differences=tuple(differences(planned, ours)),
        refused=tuple(f"{letter.service}: {letter.error}: {letter.message}" for letter in conductor.refused),
        unanswered=tuple(conductor.unanswered),
        conservation=unbalanced,
        play_seconds=round(seconds[0], 1),
        wall_seconds=round(seconds[1], 1),
    )
