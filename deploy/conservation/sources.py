"""Reading what there is: the inbound topics first, then the databases, then the dead letters.

In this order nothing that was submitted before the look can be missing further down, except what is on its way.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import date
from typing import Any

from aiokafka import ConsumerRecord

from deploy.cli._broker import consumer, topic_partitions
from deploy.cli._live import ZONE
from deploy.cli._reading import partitions_of, up_to_now
from deploy.conservation.elsewhere import read_across
from deploy.conservation.facts import CaseSeen, Facts, Place, Report, Submitted
from deploy.kafka.letters import Letter, collect
from services.intake.domain.reading import Kind, read_message
from shared.contracts.ids import event_id
from shared.contracts.registry import command_types
from shared.contracts.topics import Topic, TopicName, parse_topic
from shared.decision import Poison
from shared.infra.clock import Clock, wall_clock
from shared.infra.directory import DATABASE, ProfileStore
from shared.infra.engine.inbox import as_mark
from shared.infra.engine.outbox import place_of
from shared.infra.mongo import connected
from shared.infra.sealed_records import key_of

Document = Mapping[str, Any]


async def read_facts(bootstrap: str, mongo_url: str, clock: Clock) -> Facts:
    """Read everything once.

    Raises:
        Transient: the database is away.
    """
    begun = wall_clock()
    topics = {
        name: (parse_topic(name), count) for name, count in (await topic_partitions(bootstrap)).items() if _ours(name)
    }
    submitted = await _read_submitted(bootstrap, topics, clock)
    with connected(mongo_url) as client:
        across = await read_across(client, clock)
        reports = [_report(one) async for one in client["gw_intake"]["reports"].find(_HAS_STATE, _REPORT_FIELDS)]
        books = [one async for one in client["gw_intake"]["surges"].find(_HAS_STATE, {"s.surges": 1})]
        cases = [_case(one) async for one in client["gw_router"]["cases"].find(_HAS_STATE, _CASE_FIELDS)]
        kept = await _kept_days(ProfileStore(client[DATABASE]))
    letters = await _read_letters(bootstrap, topics)
    refused = _refused(letters, submitted)
    return Facts(begun, submitted, reports, cases, refused, _lost_cases(letters), kept, across, _surges(books))


Topics = Mapping[str, tuple[TopicName, int]]

_COMMANDS = frozenset(command_types())
_HAS_STATE = {"s": {"$exists": True}}
_REPORT_FIELDS = {
    "ids": 1,
    "saved_at": 1,
    **dict.fromkeys(("s.case_id", "s.into", "s.duplicates", "s.day", "s.apart_from"), 1),
}
_CASE_FIELDS = {
    "saved_at": 1,
    **dict.fromkeys(
        ("s.partner", "s.report_id", "s.state", "s.merged", "s.opened_at", "s.surge", "s.dispute.batch"), 1
    ),
}


def _ours(name: str) -> bool:
    try:
        parsed = parse_topic(name)
    except ValueError:
        return False
    return parsed.partner is not None or parsed.suffix == Topic.DEAD_LETTERS


async def _read_submitted(bootstrap: str, topics: Topics, clock: Clock) -> list[Submitted]:
    inbound = {name: count for name, (parsed, count) in topics.items() if parsed.partner is not None}
    return [_submitted(record, clock) async for record in _read(bootstrap, inbound)]


async def _read_letters(bootstrap: str, topics: Topics) -> list[Letter]:
    wanted = {name: count for name, (parsed, count) in topics.items() if parsed.partner is None}
    return collect([record async for record in _read(bootstrap, wanted)])


async def _read(bootstrap: str, topics: Mapping[str, int]) -> AsyncIterator[ConsumerRecord]:
    if topics:
        async with consumer(bootstrap) as client:
            async for record in up_to_now(client, partitions_of(topics)):
                yield record


def _submitted(record: ConsumerRecord, clock: Clock) -> Submitted:
    topic = parse_topic(record.topic)
    return Submitted(
        place=(record.topic, record.partition, record.offset),
        mark=as_mark(place_of(record)),
        district=topic.district,
        partner=topic.partner or "",
        day=clock.at(max(0, record.timestamp)).astimezone(ZONE).date(),
        is_report=_is_report(record),
        letter=event_id(f"intake/{place_of(record)}", 0),
    )


def _is_report(record: ConsumerRecord) -> bool:
    """Say whether the record counts as a report: all that is no command does, for nobody else will answer for it.

    What came over HTTP is sealed and says in its headers what it is.
    """
    if key_of(record.headers) is not None:
        return (
            not {(value or b"").decode(errors="replace") for name, value in record.headers if name == "ce_type"}
            & _COMMANDS
        )
    try:
        return read_message(record.headers, record.value).kind is Kind.REPORT
    except Poison:
        return True


def _report(document: Document) -> Report:
    state = document["s"]
    return Report(
        id=document["_id"],
        case_id=state["case_id"],
        into=state.get("into"),
        duplicates=state.get("duplicates", 0),
        marks=tuple(bytes(mark) for mark in document.get("ids", ())),
        day=date.fromordinal(state["day"]),
        saved_at=document["saved_at"],
        apart=state.get("apart_from") is not None,
    )


def _case(document: Document) -> CaseSeen:
    state = document["s"]
    return CaseSeen(
        id=document["_id"],
        partner=state["partner"],
        report_id=state["report_id"],
        state=state["state"],
        merged=state.get("merged", 0),
        opened=state["opened_at"].astimezone(ZONE).date(),
        saved_at=document["saved_at"],
        dispute="dispute" in state,
        batch=(state.get("dispute") or {}).get("batch"),
        surge="surge" in state,
    )


def _surges(books: Iterable[Document]) -> dict[str, date]:
    """Return the parents of the surges in the districts' books; those long over have been forgotten."""
    found = (surge for book in books for surge in book["s"].get("surges", ()))
    return {one["case_id"]: one["since"].astimezone(ZONE).date() for one in found}


async def _kept_days(store: ProfileStore) -> dict[str, int]:
    """Return for how many days intake remembers the reports of each district."""
    return {district: (await store.load(district)).retention.identities_days for district in await store.newest()}


def _refused(letters: Iterable[Letter], submitted: Iterable[Submitted]) -> dict[Place, str]:
    """Return what intake refused of what partners sent, with the error."""
    told = {letter.id: letter.rejected.error for letter in letters if letter.rejected.service == "intake"}
    return {one.place: told[one.letter] for one in submitted if one.letter in told}


def _lost_cases(letters: Iterable[Letter]) -> dict[str, str]:
    """Return the cases whose reports the router refused, with the error."""
    incidents = (one for one in letters if one.rejected.service == "router")
    return {
        one.case: one.rejected.error for one in incidents if one.rejected.origin_topic.endswith(f".{Topic.INCIDENTS}")
    }
