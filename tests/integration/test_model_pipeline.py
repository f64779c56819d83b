"""Seeded histories through the running system on a virtual clock: it ends as the reference model does."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from deploy.figures.book import Book
from deploy.figures.reading import Archive
from deploy.local.config import STATE
from deploy.partner.follower import Follower, Heard
from deploy.partner.publisher import Publisher
from deploy.partner.stage import Stage
from shared.contracts.base import Event
from shared.contracts.escalations import ClockStarted
from shared.contracts.topics import Topic, inbound_name, topic_name
from shared.infra.clock import ScaledClock, monotonic, pause, wall_clock
from shared.infra.directory import DATABASE, ProfileStore
from shared.infra.mongo import connect
from tests.support.bus import open_bus
from tests.support.editions import Editions
from tests.support.likeness import differences
from tests.support.likeness_figures import figures_in
from tests.support.model.days import BEIJING
from tests.support.model.figures import figures_of
from tests.support.model.place import district
from tests.support.shown import by_ledger, by_prometheus
from tests.support.stack import chosen_broker, stack_config
from tests.support.staged import MARGIN, Kept, Script, counted, kept, of_services
from tests.support.truths import Truths, each_notice_once

pytestmark = pytest.mark.asyncio(loop_scope="module")

RATE = 1_200.0
START = datetime(2026, 2, 14, 9, tzinfo=BEIJING)
"""A Saturday that is worked: in the evening Spring Festival begins."""

STEPS = 12
SEEDS = (562, 222, 177, 775, 600, 370, *([int(os.environ["GW_MODEL_SEED"])] if "GW_MODEL_SEED" in os.environ else []))
"""Together they reach most of what can be counted: every state, whistles, withdrawn breaches, dead letters."""

SAID = (Topic.INCIDENTS, Topic.COMMANDS, Topic.CASES, Topic.ESCALATIONS, Topic.NOTIFICATIONS, Topic.DEAD_LETTERS)


@dataclass(frozen=True)
class Played:
    """One history after its end."""

    script: Script
    end: datetime
    found: Kept
    heard: list[Heard]
    totals: dict[tuple[str, ...], int]
    book: Book


def written() -> list[Script]:
    """Write a history for each seed, each in a district of its own."""
    kinds = ("busy", "plain", "usual")
    scripts = [Script(seed, district(kinds[n % len(kinds)], f"6291{n:02}"), START) for n, seed in enumerate(SEEDS)]
    for script in scripts:
        script.write(STEPS)
    return scripts


def quiet_end(scripts: list[Script]) -> datetime:
    """Return an instant near which nothing happens anywhere."""
    end = max(script.model.now for script in scripts) + MARGIN
    while any(script.model.now != end for script in scripts):
        for script in scripts:
            script.clear(end, 2 * MARGIN)
        end = max(script.model.now for script in scripts)
    return end


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Played]:
    """Play all histories at once on one stack; once more and slower on a machine that was too busy to tell."""
    found: dict[int, Played] = {}
    for rate in (RATE, RATE / 4):
        config = stack_config(tmp_path_factory.mktemp("model")).model_copy(
            update={"mode": "demo", "provision": False, "cache": STATE}
        )
        async with Stage(config) as stage:
            found = await play(stage, rate)
        if all(slowest(one) < MARGIN / 2 for one in found.values()):
            break
    return found


async def play(stage: Stage, rate: float) -> dict[int, Played]:
    """Send everything at its time, and look at everything at the end."""
    scripts = written()
    end = quiet_end(scripts)
    bootstrap, mongo_url = stage.stack.bootstrap, stage.stack.mongo_url
    await prepare(scripts, bootstrap, mongo_url)
    topics = [topic_name(script.profile.code, suffix) for script in scripts for suffix in SAID]
    publisher = Publisher(bootstrap, idempotent=chosen_broker() == "kafka")
    async with publisher, Follower(bootstrap, topics) as follower:
        clock = await stage.run(START, rate)
        await send(scripts, publisher, clock)
        await until(clock, end + MARGIN)
        found = await asyncio.gather(*(kept(mongo_url, script.profile.code) for script in scripts))
        totals = await asyncio.gather(*(counted(stage.stack, script.profile.code) for script in scripts))
        heard = await everything(follower, end + MARGIN)
        books = await asyncio.gather(*(book_of(mongo_url, clock, script, end + MARGIN) for script in scripts))
    return {
        script.seed: Played(script, end, own, said_in(script, heard), figures, book)
        for script, own, figures, book in zip(scripts, found, totals, books, strict=True)
    }


async def book_of(mongo_url: str, clock: ScaledClock, script: Script, end: datetime) -> Book:
    """Read a script's ledger as of its end."""
    client = connect(mongo_url)
    try:
        return await Archive(client, clock).book(script.profile.code, end)
    finally:
        client.close()


def said_in(script: Script, heard: list[Heard]) -> list[Heard]:
    """Return what was said of a script's district."""
    return [one for one in heard if one.said.district == script.profile.code]


async def prepare(scripts: list[Script], bootstrap: str, mongo_url: str) -> None:
    """Make topics and apply profiles before the services start."""
    client = connect(mongo_url)
    async with open_bus(bootstrap) as bus:
        for script in scripts:
            profile = script.profile
            partners = {one.partner for _, one in script.steps}
            await ProfileStore(client[DATABASE]).apply(profile.at_version(0), wall_clock())
            inbound = [inbound_name(profile.code, partner) for partner in sorted(partners)]
            await bus.create(*inbound, *(topic_name(profile.code, suffix) for suffix in SAID), partitions=1)
    client.close()


async def until(clock: ScaledClock, instant: datetime) -> None:
    """Wait for an instant of the virtual clock."""
    await pause(max(0.0, clock.real_seconds(instant - clock.now())))


async def send(scripts: list[Script], publisher: Publisher, clock: ScaledClock) -> None:
    """Send everything at its time."""
    steps = [step for script in scripts for step in script.records()]
    for at, record in sorted(steps, key=lambda step: step[0]):
        await until(clock, at)
        await publisher.send([record])


async def everything(follower: Follower, end: datetime) -> list[Heard]:
    """Read until nothing more comes, and leave out what was said after the end."""
    heard: list[Heard] = []
    deadline = monotonic() + 20
    while (portion := await follower.poll(timeout_ms=500)) and monotonic() < deadline:
        heard += portion
    return [one for one in heard if not isinstance(one.said, Event) or one.said.recorded_at <= end]


def slowest(one: Played) -> timedelta:
    """Return how long after it was meant, or known, the slowest thing came: to intake, or through all services."""
    one.script.hear(one.heard)
    late = [one.script.known[sent.id] - at for at, sent in one.script.steps if sent.id in one.script.known]
    clocks = [heard.said for heard in one.heard if isinstance(heard.said, ClockStarted)]
    late += [clock.recorded_at - clock.started_at for clock in clocks if clock.kind == "accept"]
    return max(late)


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_running_system_ends_as_the_model_does(played: dict[int, Played], seed: int) -> None:
    """The same states, notices by key, audience and step, dead letters and figures."""
    one = played[seed]
    services = of_services(one.script, one.found, one.heard, one.totals)
    found = differences(one.script.replayed(one.end), services)
    assert not found, f"GW_MODEL_SEED={seed}, slowest {slowest(one)}\n" + "\n".join(found)


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_ledger_says_what_model_and_prometheus_say(played: dict[int, Played], seed: int) -> None:
    """Every rate, count and group; of times only how many, for the pipeline needs moments where the model has none."""
    one = played[seed]
    expected, found = figures_of(one.script.retold(one.end)), figures_in(one.book)
    for figures in (expected, found):
        figures["handling_time"] = len(figures["handling_time"])
    assert not differences(expected, found)
    assert by_ledger(one.book) == by_prometheus(one.totals)


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_is_always_true_is_true_of_the_running_system(played: dict[int, Played], seed: int) -> None:
    """DOMAIN §11, on what the databases hold at the end."""
    one = played[seed]
    truths = Truths(Editions(one.script.profile))
    truths.check(one.found.reports, one.found.cases, one.found.times)
    each_notice_once([heard.said for heard in one.heard if isinstance(heard.said, Event)])
