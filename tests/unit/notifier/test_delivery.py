from datetime import timedelta
from typing import Any

import pytest

from services.notifier.domain.delivery import CaseNow, decide, is_stale
from services.notifier.domain.notice import Attempted, Dropped, NoticeState, Postponed, Status
from services.notifier.domain.outcome import Delivered, Failed, Unknown
from shared.contracts.actors import Actor, PartnerKind
from shared.contracts.commands import AcknowledgeNotice
from shared.contracts.notifications import (
    NoticeAcknowledged,
    NoticeDelivered,
    NoticeFailed,
    NoticeQueued,
    NoticeSuppressed,
    NoticeUnknown,
)
from shared.decision import Rejected
from tests.unit.notifier.events import CASE, DISTRICT, NOON, accepted, assigned, opened
from tests.unit.notifier.world import World, around, raw_profile

AWAY = Failed("connect", retryable=True)
REFUSED = Failed("smtp_5xx", retryable=False)


@pytest.fixture
def world() -> World:
    """Give one notice to housing's duty officer, on the file channel with mail behind it."""
    made = World()
    made.tell(opened(), assigned())
    made.events.clear()
    return made


def only(world: World) -> NoticeState:
    """Return the first notice."""
    return next(iter(world.notices.values()))


def kinds(world: World) -> list[type]:
    """Return the types of the events so far."""
    return [type(event) for event in world.events]


def test_delivered_ends_it(world: World) -> None:
    """One event, with the number of tries; it counts against the recipient's limits from now on."""
    assert world.attempt(only(world), Delivered()) == "delivered"
    notice = only(world)
    assert (notice.status, notice.due, notice.sent_at) == (Status.DELIVERED, None, NOON)
    [said] = world.events
    assert isinstance(said, NoticeDelivered)
    assert (said.notice_id, said.attempts, said.digest_of) == (notice.id, 1, 1)


def test_a_failure_that_may_pass_is_tried_again_after_a_growing_pause(world: World) -> None:
    """2 s, 4 s, 8 s … give or take a fifth, and no event until something is certain."""
    for expected in (2, 4, 8, 16):
        assert world.attempt(only(world), AWAY) == "retried"
        due = only(world).due
        assert due is not None
        pause = (due - world.now).total_seconds()
        assert expected * 0.8 <= pause <= expected * 1.2
        world.now = due
    assert world.events == []
    assert world.attempt(only(world), AWAY) == "fell_back"


def test_the_pause_follows_real_time_under_a_virtual_clock() -> None:
    """A receiver that is away for two seconds is away for two real ones, however fast the domain's time runs."""
    world = World(around(pace=100.0))
    world.tell(opened(), assigned())
    world.attempt(only(world), AWAY)
    due = only(world).due
    assert due is not None
    assert 160 <= (due - NOON).total_seconds() <= 240


def test_a_receiver_that_asks_for_a_pause_gets_it_within_bounds(world: World) -> None:
    """Retry-After is heeded up to the profile's longest pause."""
    for asked, expected in ((60.0, 60), (86_400.0, 300)):
        world.attempt(only(world), Failed("http_4xx", retryable=True, retry_after=asked))
        due = only(world).due
        assert due is not None
        assert (due - world.now).total_seconds() == expected


def test_a_failure_for_good_falls_back_to_the_next_channel_under_a_new_key(world: World) -> None:
    """The first is failed and names the next; the next is queued as a notice of its own."""
    first = only(world)
    assert world.attempt(first, REFUSED) == "fell_back"
    failed, queued = world.events
    assert isinstance(failed, NoticeFailed)
    assert (failed.reason, failed.attempts, failed.fallback) == ("smtp_5xx", 1, "email")
    assert isinstance(queued, NoticeQueued)
    second = world.notices[queued.notice_id]
    assert (second.channel, second.address) == ("email", "duty_officer-housing@example.invalid")
    assert second.key != first.key
    assert (second.attempts, second.due) == (0, NOON)


def test_the_last_channel_failing_ends_the_chain(world: World) -> None:
    """Visibly, and for good."""
    world.attempt(only(world), REFUSED)
    second = next(one for one in world.notices.values() if one.channel == "email")
    world.events.clear()
    assert world.attempt(second, REFUSED) == "failed"
    assert [type(event) for event in world.events] == [NoticeFailed]
    assert all(one.due is None for one in world.notices.values())


def test_a_fallback_that_is_not_at_hand_is_passed_over() -> None:
    """A chain of file, fax and mail without a fax goes on with mail."""
    raw = raw_profile()
    raw["departments"][1]["duty"][0]["channels"].insert(1, {"channel": "fax", "address": "1"})
    world = World(around(raw))
    world.tell(opened(), assigned())
    world.attempt(only(world), REFUSED)
    assert [one.channel for one in world.notices.values()] == ["file", "email"]


def test_unknown_is_its_own_state_and_sent_again_with_the_same_key(world: World) -> None:
    """Each time it is said; after the last attempt it counts as failed and the next channel is tried."""
    key = only(world).key
    for attempt in range(1, 5):
        assert world.attempt(only(world), Unknown()) == "unknown"
        notice = only(world)
        assert (notice.status, notice.key, notice.attempts) == (Status.UNKNOWN, key, attempt)
        assert notice.due is not None
        world.now = notice.due
    assert kinds(world) == [NoticeUnknown] * 4
    world.attempt(only(world), Unknown())
    assert kinds(world)[4:] == [NoticeUnknown, NoticeFailed, NoticeQueued]
    assert only(world).status is Status.FAILED


def test_unknown_and_then_delivered_is_delivered(world: World) -> None:
    """The second try was answered."""
    world.attempt(only(world), Unknown())
    world.attempt(only(world), Delivered())
    assert only(world).status is Status.DELIVERED
    assert kinds(world) == [NoticeUnknown, NoticeDelivered]


def test_an_attempt_that_was_counted_already_changes_nothing(world: World) -> None:
    """Two workers with one notice, or an outcome that is saved twice."""
    notice = only(world)
    world.attempt(notice, AWAY)
    before = only(world)
    assert world.attempt(notice, Delivered()) == "overtaken"
    assert only(world) is before
    world.attempt(only(world), Delivered())
    for late in (Attempted(Delivered(), 2), Attempted(AWAY, 3), Postponed(NOON, "quiet"), Dropped("stale")):
        assert world.happen(notice.id, late) == "overtaken"
    assert kinds(world) == [NoticeDelivered]


def test_postponed_waits_without_an_event(world: World) -> None:
    """It is held for a digest until then."""
    later = NOON + timedelta(hours=1)
    assert world.happen(only(world).id, Postponed(later, "rate")) == "postponed_rate"
    assert (only(world).due, only(world).held, only(world).attempts) == (later, True, 0)
    assert world.events == []


def test_dropped_is_suppressed_with_its_reason(world: World) -> None:
    """It came too late, or the reporter is gone."""
    assert world.happen(only(world).id, Dropped("stale")) == "suppressed"
    [said] = world.events
    assert isinstance(said, NoticeSuppressed)
    assert said.reason == "stale"
    assert only(world).due is None


def acknowledge(notice: str, by: str | None = "housing", case_id: str = CASE) -> AcknowledgeNotice:
    """Return a receipt by a department."""
    kind = PartnerKind.DEPARTMENT if by else PartnerKind.POLICE_110
    actor = Actor(partner=by or "police-110", kind=kind, department=by)
    common: dict[str, Any] = {"district": DISTRICT, "case_id": case_id, "occurred_at": NOON, "recorded_at": NOON}
    return AcknowledgeNotice(**common, actor=actor, notice_id=notice)


def test_a_delivered_notice_is_acknowledged_once(world: World) -> None:
    """By the recipient's department; the second time says nothing."""
    world.attempt(only(world), Delivered())
    world.events.clear()
    assert world.happen(only(world).id, acknowledge(only(world).id)) == "acknowledged"
    [said] = world.events
    assert isinstance(said, NoticeAcknowledged)
    assert said.by == "housing"
    assert world.happen(only(world).id, acknowledge(only(world).id)) == "repeated"


def test_a_notice_that_was_read_is_not_sent_again(world: World) -> None:
    """Its fate was unknown until the recipient said so."""
    world.attempt(only(world), Unknown())
    world.happen(only(world).id, acknowledge(only(world).id))
    assert only(world).due is None
    assert kinds(world) == [NoticeUnknown, NoticeAcknowledged, NoticeSuppressed]


@pytest.mark.parametrize(
    ("by", "case_id", "error"),
    [
        ("police", CASE, "forbidden"),
        (None, CASE, "forbidden"),
        ("housing", f"{DISTRICT}-260701-cccccccc", "unknown-notice"),
    ],
)
def test_only_the_recipients_department_acknowledges(world: World, by: str | None, case_id: str, error: str) -> None:
    """Whoever else tries, or names another case, is refused and changes nothing."""
    before = only(world)
    with pytest.raises(Rejected) as refused:
        world.happen(before.id, acknowledge(before.id, by, case_id))
    assert refused.value.error == error
    assert only(world) is before


def test_nobody_acknowledges_for_a_reporter() -> None:
    """Not even a department that happens to be called `reporter`."""
    world = World()
    world.tell(accepted())
    with pytest.raises(Rejected) as refused:
        world.happen(only(world).id, acknowledge(only(world).id, "reporter"))
    assert refused.value.error == "forbidden"


def test_an_acknowledgement_of_a_notice_that_is_not_there_is_refused_and_never_waits() -> None:
    """A stub that waited under its id would keep the notice itself from ever being stored."""
    with pytest.raises(Rejected) as refused:
        decide(None, acknowledge("f" * 32), NOON, around())
    assert refused.value.error == "unknown-notice"


def test_a_notice_that_waited_is_stale_when_its_time_task_or_case_is_over(world: World) -> None:
    """And not before."""
    notice = only(world)
    assert (notice.moot, notice.task) == (True, "housing#1")
    assert not is_stale(notice, NOON, CaseNow())
    assert is_stale(notice, NOON, CaseNow(closed=True))
    assert is_stale(notice, NOON, CaseNow(episode=2))
    assert is_stale(notice, NOON, CaseNow(done=("housing#1",)))
    assert not is_stale(notice, NOON, CaseNow(done=("housing#2",)))
    timed = notice.model_copy(update={"until": NOON, "moot": False, "task": None})
    assert not is_stale(timed, NOON, CaseNow(closed=True))
    assert is_stale(timed, NOON + timedelta(seconds=1), CaseNow())
