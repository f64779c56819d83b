"""One whole replay: find the files, write the profiles, start the stack, drive it, judge it."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal

from deploy.local.config import ROOT, STATE, StackConfig
from deploy.partner.database import duplicates_by_district
from deploy.partner.follower import Follower
from deploy.partner.publisher import Publisher
from deploy.partner.stage import Stage
from deploy.replay import messages as chinese
from deploy.replay import requests as boston
from deploy.replay.feed import Item, in_order, instant, items
from deploy.replay.phases import Phase, phases
from deploy.replay.profile import CITY, MESSAGES, write_city, write_messages
from deploy.replay.result import SHOWN, CityResult, Differs, MessagesResult, Result
from deploy.replay.runner import Progress, Replay
from shared.contracts.topics import Topic, parse_topic, topic_name
from shared.infra.clock import monotonic

BOSTON = Path("boston311") / "boston_311_2011_jul_sep.csv.gz"
CHINESE = Path("tipdm2020c") / "hot_issues_raw.csv.gz"


@dataclass(frozen=True, slots=True)
class Files:
    """What there is to replay; None for what is not there."""

    city: Path | None
    messages: Path | None

    @classmethod
    def find(cls, city: Path | None) -> Files:
        """Return the city's file that is named (here, or in GW_BOSTON_FILE), and else what GW_REAL_DATA holds.

        Raises:
            FileNotFoundError: the named file is not there.
        """
        named = city or (Path(os.environ["GW_BOSTON_FILE"]) if os.environ.get("GW_BOSTON_FILE") else None)
        if named is not None and not named.is_file():
            raise FileNotFoundError(f"there is no file {named}")
        data = Path(os.environ.get("GW_REAL_DATA", ROOT.parent / "shared" / "data"))
        return cls(named or _there(data / BOSTON), _there(data / CHINESE))


def _there(path: Path) -> Path | None:
    return path if path.is_file() else None


@dataclass(frozen=True, slots=True)
class Options:
    """How to run: state and jars, which broker and ports, only the first so many rows."""

    state: Path = STATE / "real"
    broker: Literal["kafka", "tansu"] = "kafka"
    port_base: int | None = None
    limit: int | None = None


@dataclass(slots=True)
class Material:
    """The rows of both files, and everything to be sent in the order of time."""

    requests: list[boston.Request] = field(default_factory=list)
    messages: list[chinese.Message] = field(default_factory=list)

    @classmethod
    def read(cls, files: Files, limit: int | None) -> Material:
        """Read the files."""
        city = boston.read(files.city) if files.city else []
        said = chinese.read(files.messages) if files.messages else []
        return cls(list(islice(city, limit)), list(islice(said, limit)))

    def items(self) -> list[Item]:
        """Return what is sent, in the order of time; a row's report before its closing."""
        return in_order([*items(self.requests), *(one.item() for one in self.messages)])

    def stretches(self) -> list[Phase]:
        """Return the stretches of time: where the city's requests are dense, not the few messages of other years."""
        sent = self.items()
        dense = in_order(items(self.requests)) or sent
        targets = [instant(one.target) for one in self.requests if one.target]
        return phases(dense, max([sent[-1].at, *targets]))

    def write_profiles(self, folder: Path) -> tuple[str, ...]:
        """Write the profiles the material needs; return their codes."""
        if self.requests:
            write_city(folder, {one.department for one in self.requests})
        if self.messages:
            write_messages(folder)
        return tuple(code for code, rows in ((CITY, self.requests), (MESSAGES, self.messages)) if rows)


async def run(files: Files, options: Options, progress: Progress) -> Result:
    """Replay the files.

    Raises:
        StackError: the stack cannot start.
        UnreadableRowError: a row is no request.
    """
    begun = monotonic()
    material = Material.read(files, options.limit)
    profiles = options.state / "districts"
    districts = material.write_profiles(profiles)
    config = StackConfig(
        state=options.state,
        cache=STATE,
        broker=options.broker,
        port_base=options.port_base,
        districts=districts,
        profiles=profiles,
        mode="replay",
    )
    async with Stage(config, progress) as stage:
        replay = await _drive(stage, material, progress)
        duplicates = await duplicates_by_district(stage.stack.mongo_url)
    return Result(
        city=_city(files, material, replay) if material.requests else None,
        messages=_messages(files, material, replay, duplicates) if material.messages else None,
        dead_letters=dict(Counter(letter.error for letter in replay.letters)),
        wall_seconds=monotonic() - begun,
    )


async def _drive(stage: Stage, material: Material, progress: Progress) -> Replay:
    config = stage.stack.config
    wanted = (Topic.INCIDENTS, Topic.CASES, Topic.ESCALATIONS, Topic.DEAD_LETTERS)
    topics = [topic_name(code, suffix) for code in config.districts for suffix in wanted]
    bootstrap = stage.stack.bootstrap
    publisher = Publisher(bootstrap, idempotent=config.broker == "kafka")
    async with publisher, Follower(bootstrap, topics) as follower:
        replay = Replay(stage, publisher, follower, progress)
        await replay.run(
            material.items(), material.stretches(), lambda: not any(map(replay.judge.awaits, material.requests))
        )
    return replay


def _city(files: Files, material: Material, replay: Replay) -> CityResult:
    judge, rows = replay.judge, material.requests
    differences = list(judge.differences(rows))
    seconds = replay.last - (replay.first or replay.last)
    return CityResult(
        file=str(files.city),
        rows=len(rows),
        late_by_us=sum(judge.late(one) is True for one in rows),
        late_by_the_city=sum(one.late for one in rows),
        differences=len(differences),
        first_differences=tuple(
            Differs(line=one.line, id=one.id, case_id=one.case_id, ours_late=one.ours, city_late=one.city)
            for one in differences[:SHOWN]
        ),
        breaches_withdrawn=judge.withdrawn,
        peculiar=boston.peculiar(rows),
        seconds=seconds,
        rows_per_second=len(rows) / seconds if seconds else 0.0,
    )


def _messages(files: Files, material: Material, replay: Replay, duplicates: dict[str, int]) -> MessagesResult:
    told = replay.intaken
    rejected = sum(parse_topic(letter.origin_topic).district == MESSAGES for letter in replay.letters)
    known = len(told.accepted) + len(told.merged) + duplicates.get(MESSAGES, 0) + rejected
    return MessagesResult(
        file=str(files.messages),
        rows=len(material.messages),
        accepted=len(told.accepted),
        merged=len(told.merged),
        duplicate=duplicates.get(MESSAGES, 0),
        rejected=rejected,
        lost=len(material.messages) - known,
        wrong_times=sum(1 for _ in told.wrong_times(material.messages)),
    )
