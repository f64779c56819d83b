"""The notifier as a process on a real broker and database: what is told arrives, whatever the receivers do."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from deploy.local import LocalStack
from shared.contracts.actors import Actor, PartnerKind
from shared.contracts.commands import AcknowledgeNotice
from shared.infra.mongo import connect
from tests.support.bus import until
from tests.support.notices import SECRET
from tests.support.notifier import District, district, notices_total
from tests.support.receivers import HOST, http_receiver, mail_receiver
from tests.unit.notifier.events import (
    accepted,
    assigned,
    breached,
    closed,
    erase,
    merged,
    opened,
    resolved,
    returned,
    summoned,
)

pytestmark = pytest.mark.integration

ALLOW = {"webhook": {"allow_private": True}}
PATIENT = {"retry": {"attempts": 3, "backoff": "1 seconds", "factor": 1}}


def duty(*contacts: tuple[str, str], role: str = "duty_officer") -> dict[str, Any]:
    """Return a line of a roster."""
    return {
        "role": role,
        "person": role,
        "channels": [{"channel": channel, "address": address} for channel, address in contacts],
    }


def count(events: list[dict[str, Any]], kind: str) -> int:
    """Return how many events are of a kind."""
    return sum(event["type"] == kind for event in events)


def ended(events: list[dict[str, Any]]) -> int:
    """Return how many notices have come to an end."""
    return sum(event["type"] in ("delivered", "failed", "suppressed") for event in events)


async def test_what_happens_to_a_case_is_told_by_file_webhook_and_mail(infra: LocalStack, tmp_path: Path) -> None:
    """Each by the roster's channel, once, with a receipt; the reporter by the sealed contact and by name."""
    async with http_receiver() as hook, mail_receiver() as mail:
        departments = {
            "housing": [duty(("webhook", hook.url)), duty(("email", "head@example.invalid"), role="head")],
        }
        async with district(infra, "940001", tmp_path, departments=departments, **ALLOW) as place:
            process = place.process(GW_SMTP_HOST=HOST, GW_SMTP_PORT=str(mail.port))
            await process.start()
            contact = place.sealed({"name": "王某", "phone": "13800000000", "email": "wang@example.invalid"})
            await place.tell(accepted(contact), opened(), assigned(), returned(), breached(), resolved(), closed())
            events = await place.heard(lambda seen: count(seen, "delivered") >= 8)
            check_once(events)
            delivered = sorted(
                (one["step"].partition(":")[0], one["recipient"], one["channel"])
                for one in events
                if one["type"] == "delivered"
            )
            assert delivered == [
                ("assigned", "reporter/ref-1", "email"),
                ("breached", "housing/duty_officer", "webhook"),
                ("breached", "housing/head", "email"),
                ("received", "reporter/ref-1", "email"),
                ("returned", "centre/duty_officer", "file"),
                ("solved", "reporter/ref-1", "email"),
                ("task_assigned", "housing/duty_officer", "webhook"),
                ("verify", "grid/940001001001001", "file"),
            ]
            posts = [Webhook(SECRET).verify(one.body, one.headers)["data"] for one in hook.requests]
            assert {one["notices"][0]["step"].partition(":")[0] for one in posts} == {"task_assigned", "breached"}
            assert sorted(line["step"].partition(":")[0] for line in place.lines) == ["returned", "verify"]
            to_reporter = [one for one in mail.messages if one["To"] == "wang@example.invalid"]
            assert [str(one["Subject"]).partition("：")[2] for one in to_reporter] == [
                "已收到您的反映",
                "您反映的事项已交办",
                "您反映的事项已办结",
            ]
            assert "王某" in to_reporter[0].get_content()
            await check_metrics(process.url, place.code)
            await check_nothing_personal(infra, place)
            assert await process.stop(), "the service ends by itself on SIGTERM"


def check_once(events: list[dict[str, Any]]) -> None:
    """Every key is queued once and ends once."""
    queued = Counter(one["notice_id"] for one in events if one["type"] == "queued")
    over = Counter(one["notice_id"] for one in events if one["type"] in ("delivered", "failed"))
    assert set(queued.values()) == {1}
    assert set(over.values()) == {1}


async def check_metrics(url: str, code: str) -> None:
    """The catalogue counts what the events say, and starts at zero where nothing happened."""
    found = await notices_total(url, code)
    assert found["webhook", "delivered"] == 2
    assert found["email", "queued"] == 4
    assert found["none", "suppressed"] == 0
    assert found["other", "failed"] == 0


async def check_nothing_personal(infra: LocalStack, place: District) -> None:
    """No name, number or address of the reporter lies in the database or in the log in clear text."""
    database = connect(infra.mongo_url)["gw_notifier"]
    stored = [str(one) for name in ("cases", "notices", "reporters") async for one in database[name].find({})]
    logs = (place.folder / "0.log").read_text(encoding="utf-8")
    for secret in ("王某", "13800000000", "wang@example.invalid"):
        assert all(secret not in text for text in (*stored, logs))
    sealed = database["reporters"]
    assert (await sealed.find_one({"_id": f"{place.case(0)}/ref-1"}) or {})["sealed"].startswith("test-1:")


async def test_a_receiver_that_fails_is_tried_again_and_then_passed_over(infra: LocalStack, tmp_path: Path) -> None:
    """500, 500, then well again; another that stays broken: the next channel of the roster gets it."""
    async with http_receiver("500") as mends, http_receiver("500") as broken:
        departments = {
            "housing": [duty(("webhook", mends.url), ("file", "a"))],
            "police": [duty(("webhook", broken.url), ("file", "b"))],
        }
        async with district(infra, "940002", tmp_path, departments=departments, **ALLOW, **PATIENT) as place:
            await place.process().start()
            await place.tell(opened(), assigned("housing"), assigned("police"))
            await until(lambda: len(mends.requests) >= 1, what="the first try")
            mends.behaviour = "200"
            events = await place.heard(lambda seen: ended(seen) >= 3)
            check_once(events)
            told = {(one["recipient"], one["channel"], one["type"]): one for one in events}
            assert told["housing/duty_officer", "webhook", "delivered"]["attempts"] == 2
            failed = told["police/duty_officer", "webhook", "failed"]
            assert (failed["reason"], failed["attempts"], failed["fallback"]) == ("http_5xx", 3, "file")
            assert ("police/duty_officer", "file", "delivered") in told
            for receiver in (mends, broken):
                assert len({one.headers["webhook-id"] for one in receiver.requests}) == 1
            assert [line["recipient"] for line in place.lines] == ["police/duty_officer"]


async def test_a_receiver_that_hangs_holds_up_nobody_and_gets_the_same_key_again(
    infra: LocalStack, tmp_path: Path
) -> None:
    """Unknown is said, the other receivers are served meanwhile, and the second try carries the same id."""
    async with http_receiver("hang") as hangs, http_receiver() as well:
        departments = {
            "housing": [duty(("webhook", hangs.url))],
            "police": [duty(("webhook", well.url))],
        }
        async with district(infra, "940003", tmp_path, departments=departments, **ALLOW, **PATIENT) as place:
            await place.process(GW_WEBHOOK_TIMEOUT_SECONDS="2").start()
            await place.tell(opened(), assigned("housing"))
            await until(lambda: hangs.requests, what="the first try")
            await place.tell(*(assigned("police", number=number) for number in range(1, 4)))
            await until(lambda: len(well.requests) == 3, what="the other receiver")
            assert len(hangs.requests) == 1, "it still hangs"
            await place.heard(lambda seen: count(seen, "unknown") >= 1)
            hangs.behaviour = "200"
            events = await place.heard(lambda seen: count(seen, "delivered") >= 4)
            check_once(events)
            ids = [one.headers["webhook-id"] for one in hangs.requests]
            assert len(ids) >= 2
            assert len(set(ids)) == 1


async def test_an_acknowledgement_is_taken_from_the_recipient_and_from_nobody_else(
    infra: LocalStack, tmp_path: Path
) -> None:
    """A forged one, and one for a notice that is not there, are dead letters."""
    async with district(infra, "940004", tmp_path) as place:
        await place.process().start()
        await place.tell(opened(), assigned())
        [delivered] = [one for one in await place.heard(lambda seen: ended(seen) >= 1) if one["type"] == "delivered"]
        for department, notice in (
            ("police", delivered["notice_id"]),
            ("housing", "f" * 32),
            ("housing", delivered["notice_id"]),
        ):
            await place.tell(receipt(department, notice))
        events = await place.heard(lambda seen: count(seen, "acknowledged") >= 1)
        assert [one["by"] for one in events if one["type"] == "acknowledged"] == ["housing"]
        letters = await place.heard(lambda seen: len(seen) >= 2, topic="dead-letters")
        assert sorted(one["error"] for one in letters) == ["forbidden", "unknown-notice"]


def receipt(department: str, notice: str) -> AcknowledgeNotice:
    """Return a command as intake passes it on."""
    actor = Actor(partner=department, kind=PartnerKind.DEPARTMENT, department=department)
    common = opened().model_dump(include={"district", "case_id", "occurred_at", "recorded_at"})
    return AcknowledgeNotice(**common, actor=actor, notice_id=notice)


async def test_two_replicas_share_the_work_and_no_notice_leaves_twice(infra: LocalStack, tmp_path: Path) -> None:
    """Whoever claims a notice has it alone."""
    cases = 120
    async with district(infra, "940005", tmp_path, digest={"after": 10_000}, rate_limit={"per_hour": 10_000}) as place:
        for process in (place.process(alone=True), place.process(alone=True)):
            await process.start()
        for number in range(cases):
            await place.tell(opened(), assigned(), summoned(), case=number)
        await place.heard(lambda seen: count(seen, "delivered") >= cases * 5)
        assert Counter(line["key"] for line in place.lines).most_common(1)[0][1] == 1
        assert len(place.lines) == cases * 5


async def test_a_surge_reaches_an_officer_as_a_digest_and_every_notice_has_its_receipt(
    infra: LocalStack, tmp_path: Path
) -> None:
    """Ten at once: a few singly, the rest in one message."""
    async with district(infra, "940006", tmp_path, digest={"after": 3, "window": "5 seconds"}) as place:
        process = place.process()
        for number in range(10):
            await place.tell(opened(), assigned(), case=number)
        await process.start()
        events = await place.heard(lambda seen: count(seen, "delivered") >= 10)
        check_once(events)
        assert len({line["key"] for line in place.lines}) == 10
        assert len({line["message_id"] for line in place.lines}) < 10
        assert max(one["digest_of"] for one in events if one["type"] == "delivered") > 1


async def test_merged_reporters_hear_the_outcome_and_an_erased_one_does_not(infra: LocalStack, tmp_path: Path) -> None:
    """The centre's command removes the sealed contact; what is still due to that person is suppressed."""
    async with mail_receiver() as mail, district(infra, "940007", tmp_path) as place:
        await place.process(GW_SMTP_HOST=HOST, GW_SMTP_PORT=str(mail.port)).start()
        people = [place.sealed({"name": "某", "email": f"p{number}@example.invalid"}) for number in range(3)]
        await place.tell(accepted(people[0]), merged(2, people[1]), merged(3, people[2]), opened())
        await place.heard(lambda seen: count(seen, "delivered") >= 3)
        contacts = connect(infra.mongo_url)["gw_notifier"]["reporters"]
        kept = {"_id": {"$regex": f"^{place.case(0)}/"}}
        assert await contacts.count_documents(kept) == 3
        await place.tell(erase("ref-2"))

        async def gone() -> bool:
            return await contacts.distinct("_id", kept) == [f"{place.case(0)}/ref-1", f"{place.case(0)}/ref-3"]

        await until(gone, what="the erasure")
        await place.tell(closed())
        events = await place.heard(lambda seen: ended(seen) >= 6)
        assert [(one["recipient"], one["reason"]) for one in events if one["type"] == "suppressed"] == [
            ("reporter/ref-2", "erased")
        ]
        closing = [str(one["To"]) for one in mail.messages if "办结" in str(one["Subject"])]
        assert sorted(closing) == ["p0@example.invalid", "p2@example.invalid"]
