"""New notices that stay with their process: who claims them, who does not, and that the lane sends them as they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from services.notifier.adapters.queue import Claim
from services.notifier.delivery.bell import Bell
from services.notifier.delivery.births import Births
from services.notifier.domain.notice import Attempted, NoticeState
from services.notifier.domain.outcome import Delivered
from shared.decision import Companion
from shared.infra.clock import ManualClock, monotonic
from shared.infra.engine.store import Slot
from tests.unit.notifier.events import NOON
from tests.unit.notifier.test_lane import FakeChannel, Office, at_work, deliver, tasks, until

LEASE = timedelta(seconds=60)


def made_of(*notices: NoticeState) -> list[Companion]:
    """Return the notices as a decision gives them."""
    return [Companion("notices", {"_id": one.id, "v": 1}, one) for one in notices]


async def born(bell: Bell, companions: Sequence[Companion], there: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Insert the notices where `there` are some already, and hand over; return the documents."""
    births = Births("w", LEASE, ManualClock(NOON), bell)
    inserted: list[dict[str, Any]] = []

    async def insert(documents: Sequence[dict[str, Any]]) -> set[Any]:
        inserted.extend(documents)
        return set(there)

    await births.insert(companions, insert)
    births.hand_over(companions)
    return inserted


async def test_a_new_notice_is_claimed_as_far_as_its_lane_has_room() -> None:
    """The rest is left to whoever claims it, and the lane is told to look."""
    bell = Bell(["file"])
    bell.of("file").room, bell.of("file").look = 1, False
    documents = await born(bell, made_of(*tasks(2)))
    assert ["claim" in one for one in documents] == [True, False]
    assert [claim.token for claim in bell.of("file").fresh] == [documents[0]["claim"]]
    assert bell.of("file").look


async def test_a_notice_that_is_there_already_is_not_sent_by_who_did_not_claim_it() -> None:
    """The batch was delivered again; whoever inserted it first may be sending it this moment."""
    bell = Bell(["file"])
    bell.of("file").room = 5
    (one,) = tasks()
    await born(bell, made_of(one), there=[one.id])
    assert not bell.of("file").fresh


async def test_a_notice_for_later_waits_in_the_database() -> None:
    """Quiet hours may be long."""
    bell = Bell(["file"])
    bell.of("file").room = 5
    (document,) = await born(bell, made_of(*tasks(due=NOON + timedelta(minutes=1))))
    assert "claim" not in document


async def test_the_lane_sends_what_it_is_handed_and_saves_it_as_it_was_read() -> None:
    """Nothing is asked of the database meanwhile."""
    office, channel = Office(), FakeChannel(deliver)
    (one,) = tasks()
    slots = {one.id: Slot(one.id, 1, one)}
    async with at_work(office, file=channel) as bell:
        bell.of("file").put(Claim("t", (one,), monotonic() + 60, slots))
        await until(lambda: office.outcomes)
    assert office.outcomes == [(one.id, Attempted(Delivered(), 1))]
    assert office.trusted == [1]


async def test_a_notice_whose_claim_is_nearly_over_goes_back_and_is_not_sent() -> None:
    """Another worker may hold it before it has left."""
    office, channel = Office(), FakeChannel(deliver)
    (one,) = tasks()
    async with at_work(office, file=channel) as bell:
        bell.of("file").put(Claim("t", (one,), monotonic() + 0.1))
        await until(lambda: office.released)
    assert office.released == [one.id]
    assert channel.sent == []
