"""Random histories on the running system: planned on the model, sent through the real bus, read back from everywhere.

The pipeline needs moments where the model needs none. So nothing is sent near an instant at which something happens by
itself, and what is compared are outcomes and not instants; those are compared where time stands still (tests/model).
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

import httpx
from prometheus_client.parser import text_string_to_metric_families
from pydantic import BaseModel

from deploy.local import LocalStack
from deploy.partner.follower import Heard
from deploy.partner.messages import Inbound, Sender
from services.escalation.domain.model import Case as TimedCase
from services.intake.domain.model import ReportState
from services.router.domain.model import Case
from shared.contracts.base import Event
from shared.contracts.commands import Command
from shared.contracts.dead_letters import RecordRejected
from shared.contracts.ids import event_id
from shared.contracts.incidents import Report, ReportAccepted, ReportFacts
from shared.district.model import Profile
from shared.infra.mongo import connect
from tests.support.history import History, Seeded, Sent
from tests.support.likeness import Seen, of_model, of_states
from tests.support.model.district import DistrictModel
from tests.support.side_by_side import perform
from tests.support.stand_ins import figures

S = TypeVar("S", bound=BaseModel)
MARGIN = timedelta(minutes=30)
"""A second and a half at 1,200 times real time: what the pipeline is given to say all that it has to say."""

INSTANTS = ("ended_at", "opened_at", "completed", "held_until", "asked", "start", "stopped", "due", "original_due",
            "muster_by", "total_due", "count_at")  # fmt: skip
YES_OR_NO = ("accepted", "expired", "breached", "on_scene", "ended", "closing", "answered", "present", "met_at")
PARTS_OF_IT = ("seats", "tiers", "owed")
_STAMP = re.compile(r":\d{12}$")


@dataclass
class Script:
    """What is sent to one district, and when; `known` fills with when each was received."""

    seed: int
    profile: Profile
    start: datetime
    model: DistrictModel = field(init=False)
    steps: list[tuple[datetime, Sent]] = field(default_factory=list)
    known: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.model = DistrictModel(self.profile, self.start)

    def write(self, number: int) -> None:
        """Make up so many steps."""
        chance = Seeded(self.seed)
        history = History(self.model, chance)
        for _ in range(number):
            self.clear(self.model.now + timedelta(minutes=chance.number(31, 55)))
            one = history.next()
            self.steps.append((self.model.now, one))
            perform(self.model, one)

    def clear(self, wanted: datetime, after: timedelta = MARGIN) -> None:
        """Let time pass to an instant, or a later one, that has nothing happening near it."""
        self.model.until(wanted - MARGIN)
        while (instant := self.model.next_instant()) is not None and instant < wanted + after:
            wanted = max(wanted, instant + MARGIN)
            self.model.until(instant)
        self.model.until(wanted)

    def records(self) -> list[tuple[datetime, Inbound]]:
        """Return the steps as records of partners."""
        code = self.profile.code
        made: list[tuple[datetime, Inbound]] = []
        for at, one in self.steps:
            type_ = f"gridwhistle.{one.name}.v1" if one.name else Report.type
            key = one.content["case_id"] if one.name else one.content["report_id"]
            made.append((at, Sender(code, one.partner).binary(type_, one.id, key, one.content, at)))
        return made

    def sent_as(self, id_: bytes | None) -> str:
        """Return the name of a step by the id of its record, on the inbound topic or behind intake."""
        text = (id_ or b"").decode()
        behind = {event_id(f"intake/{self.profile.code}/{one.partner}/{one.id}", 0): one.id for _, one in self.steps}
        return behind.get(text, text)

    def person(self, one: Sent) -> str:
        """Return the reference of whoever is behind a report."""
        return event_id(f"reporter/{self.profile.code}/{one.partner}/{one.content['report_id']}", 0)

    def named(self, notice: tuple[str, ...]) -> tuple[str, ...]:
        """Return a notice with its reporter called by the report, and not by the reference of the person."""
        persons = {f"reporter/{self.person(one)}": one for _, one in self.steps if one.name is None}
        found = persons.get(notice[3])
        name = notice[3] if found is None else f"reporter/{found.partner}:{found.content['report_id']}"
        return (*notice[:3], name, *notice[4:])

    def hear(self, heard: Sequence[Heard]) -> None:
        """Learn when each report and command was received."""
        first: dict[tuple[str, str], str] = {}
        for _, one in self.steps:
            if one.name is None:
                first.setdefault((one.partner, one.content["report_id"]), one.id)
        for fact in heard:
            if isinstance(fact.said, ReportAccepted) and fact.said.unmerged_from:
                self.known[self._taken_apart_by(fact.said)] = fact.said.recorded_at
            elif isinstance(fact.said, ReportFacts):
                self.known[first[fact.said.partner, fact.said.report_id]] = fact.said.recorded_at
            elif isinstance(fact.said, Command):
                self.known[self.sent_as(fact.envelope.id.encode())] = fact.said.recorded_at

    def _taken_apart_by(self, own: ReportAccepted) -> str:
        """Return the command that took a report out of a case; it is on no topic behind intake."""
        wanted = {"case_id": own.unmerged_from, "partner": own.partner, "report_id": own.report_id}
        said = (one for _, one in self.steps if one.name == "case.unmerge" and one.partner == "centre")
        return next(one.id for one in said if wanted.items() <= one.content.items())

    def replayed(self, end: datetime) -> Seen:
        """Return how the model ends when it is told everything at the instants at which it was really known."""
        return outcomes(of_model(self.retold(end)))

    def retold(self, end: datetime) -> DistrictModel:
        """Return the model that was told everything at those instants."""
        model = DistrictModel(self.profile, self.start)
        for at, one in self.steps:
            model.until(self.known.get(one.id, at))
            perform(model, one)
        model.until(end)
        return model


def outcomes(seen: Seen) -> Seen:
    """Return what was seen without instants, and without what is never heard of again (a case that is not there)."""
    notices: Counter[tuple[str, ...]] = Counter()
    for (case, step, *rest), number in seen["notices"].items():
        notices[case, _STAMP.sub("", step), *rest] += number
    parts = ("cases", "tasks", "clocks", "teams", "disputes", "promises")
    return {
        **{part: {key: _outcome(value) for key, value in seen[part].items()} for part in parts},
        "places": seen["places"],
        "notices": notices,
        "letters": [one for one in seen["letters"] if one[1] != "unknown-case"],
        "figures": seen["figures"],
    }  # fmt: skip


def _outcome(thing: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in thing.items() if name not in INSTANTS}
    kept |= {name: bool(kept[name]) for name in YES_OR_NO if name in kept}
    return kept | {name: [_outcome(part) for part in kept[name]] for name in PARTS_OF_IT if name in kept}


@dataclass(frozen=True)
class Kept:
    """What the services' databases hold of one district."""

    reports: dict[str, ReportState]
    cases: dict[str, Case]
    times: dict[str, TimedCase]


async def kept(mongo_url: str, code: str) -> Kept:
    """Read the databases."""
    client = connect(mongo_url)
    query = {"_id": {"$regex": f"^{code}"}, "s": {"$exists": True}}

    async def read(database: str, collection: str, kind: type[S]) -> dict[str, S]:
        return {one["_id"]: kind.model_validate(one["s"]) async for one in client[database][collection].find(query)}

    try:
        return Kept(
            await read("gw_intake", "reports", ReportState),
            await read("gw_router", "cases", Case),
            await read("gw_escalation", "cases", TimedCase),
        )
    finally:
        client.close()


async def counted(stack: LocalStack, code: str) -> dict[tuple[str, ...], int]:
    """Read the figures of every service."""
    async with httpx.AsyncClient(trust_env=False) as client:
        pages = await asyncio.gather(*(client.get(f"{component.url}/metrics") for _, component in stack.replicas()))
    families = [family for page in pages for family in text_string_to_metric_families(page.text)]
    return figures(families, code)


def of_services(script: Script, found: Kept, heard: Sequence[Heard], totals: dict[tuple[str, ...], int]) -> Seen:
    """Return what the running system came to, as the model would say it."""
    refused = [one.said for one in heard if isinstance(one.said, RecordRejected)]
    seen = of_states(found.cases, found.times, [one.said for one in heard if isinstance(one.said, Event)])
    letters = sorted({(script.sent_as(dict(one.original_headers)["ce_id"]), one.error) for one in refused})
    seen["notices"] = Counter({script.named(key): number for key, number in seen["notices"].items()})
    return outcomes({**seen, "letters": letters, "figures": totals})
