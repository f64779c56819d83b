from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.notifier.domain.grouping import UNLIMITED, Plan, plan
from services.notifier.domain.notice import NoticeState
from services.notifier.domain.outcome import Delivered
from shared.district.base import Period
from shared.district.notices import Digest, Notify, RateLimit
from tests.unit.notifier.events import CASE, DISTRICT, NOON, accepted, assigned, opened
from tests.unit.notifier.surging import PARENT, surge_joined
from tests.unit.notifier.world import MORNING, NIGHT, World, around, raw_profile

ZONE = ZoneInfo("Asia/Shanghai")
POLICY = Notify(digest=Digest(after=3, window=timedelta(minutes=10)), rate_limit=RateLimit(per_hour=5))


def notice(number: int, severity: int = 3, **more: object) -> NoticeState:
    """Return one of several notices to one recipient."""
    state = NoticeState(
        district=DISTRICT,
        case_id=CASE,
        episode=1,
        step=f"step:{number}",
        template="opened",
        audience="duty_officer",
        recipient="housing/duty_officer",
        channel="file",
        queued_at=NOON,
        due=NOON,
        severity=severity,
    )
    return state.model_copy(update=more)


def sizes(planned: Plan) -> list[int]:
    """Return how many notices each message has."""
    return [len(message.notices) for message in planned.messages]


def planned(
    pending: Sequence[NoticeState], sent: Sequence[datetime] = (), now: datetime = NOON, policy: Notify = POLICY
) -> Plan:
    """Return the plan."""
    return plan(pending, sent, now, policy, ZONE)


def ago(*minutes: int) -> list[datetime]:
    """Return instants before noon."""
    return [NOON - timedelta(minutes=number) for number in minutes]


def test_few_notices_go_out_one_by_one() -> None:
    """As long as they fit into the window."""
    assert sizes(planned([notice(1), notice(2), notice(3)])) == [1, 1, 1]


def test_in_a_surge_the_last_message_of_the_window_is_a_digest_of_all_the_rest() -> None:
    """Nobody gets forty messages, and nobody waits for what is there already."""
    assert sizes(planned([notice(number) for number in range(40)])) == [1, 1, 38]


def test_what_comes_when_the_window_is_full_waits_until_it_moves_on() -> None:
    """Until the oldest message leaves the window."""
    full = planned([notice(1), notice(2)], ago(9, 5, 1))
    assert full.messages == ()
    assert {(wait.until, wait.reason) for wait in full.waits} == {(NOON + timedelta(minutes=1), "grouping")}


def test_what_was_held_leaves_as_one_digest_with_what_came_since() -> None:
    """Even when it would fit one by one."""
    assert sizes(planned([notice(1, held=True), notice(2, held=True), notice(3)], ago(9))) == [3]
    assert sizes(planned([notice(1, held=True)], ago(9))) == [1]


def test_the_rate_limit_holds_back_until_the_hour_moves_on_and_drops_nothing() -> None:
    """Five an hour, of which three in the last ten minutes at most."""
    full = planned([notice(1)], ago(55, 50, 45, 40, 35))
    assert [(wait.until, wait.reason) for wait in full.waits] == [(NOON + timedelta(minutes=5), "rate")]
    assert sizes(planned([notice(1), notice(2), notice(3)], ago(50, 45, 40, 35))) == [3]


def test_both_limits_reached_wait_for_the_later_one() -> None:
    """Looking again earlier would be in vain."""
    full = planned([notice(1)], ago(55, 30, 9, 5, 1))
    assert [wait.until for wait in full.waits] == [NOON + timedelta(minutes=5)]
    full = planned([notice(1)], ago(59, 30, 2, 2, 2))
    assert [wait.until for wait in full.waits] == [NOON + timedelta(minutes=8)]


def test_severity_1_goes_out_alone_at_once_and_does_not_count() -> None:
    """Whatever the limits and the hour."""
    quiet = POLICY.model_copy(update={"quiet_hours": Period.model_validate("22:00-07:00")})
    made = planned([notice(1, severity=1), notice(2, severity=1), notice(3)], ago(5, 4, 3, 2, 1), NIGHT, quiet)
    assert [(len(one.notices), one.counts) for one in made.messages] == [(1, False), (1, False)]
    assert [(wait.until, wait.reason) for wait in made.waits] == [(MORNING, "quiet")]


def test_quiet_hours_hold_back_all_but_what_wakes_or_would_be_over() -> None:
    """A retry that falls into the night waits for the morning like anything else."""
    quiet = POLICY.model_copy(update={"quiet_hours": Period.model_validate("22:00-07:00")})
    soon, late = NIGHT + timedelta(minutes=30), MORNING + timedelta(hours=1)
    pending = [
        notice(1, attempts=2),
        notice(2, wakes=True),
        notice(3, pressing=True, until=soon),
        notice(4, pressing=True, until=late),
        notice(5, until=soon),
    ]
    made = planned(pending, (), NIGHT, quiet)
    assert [message.notices[0].step for message in made.messages] == ["step:2", "step:3"]
    assert [wait.notice.step for wait in made.waits] == ["step:1", "step:4", "step:5"]


def test_a_digest_whose_fate_is_unknown_goes_again_as_it_was() -> None:
    """With the same members it is the same message, which its receiver can drop."""
    again = [notice(number, digest="d1", attempts=1) for number in (1, 2)]
    made = planned([*again, notice(3), notice(4, digest="d2", attempts=1)])
    assert [[one.step for one in message.notices] for message in made.messages] == [
        ["step:1", "step:2"],
        ["step:4"],
        ["step:3"],
    ]


def test_a_hundred_tasks_at_once_reach_an_officer_in_a_handful_of_messages() -> None:
    """Every notice is delivered, most of them inside digests."""
    world = World(around(raw_profile(digest={"after": 5, "window": "10 minutes"})))
    world.tell(opened())
    world.events.clear()
    world.tell(*(assigned(number=number) for number in range(100)))
    messages = world.deliver(lambda *_: Delivered())
    world.now += timedelta(minutes=3)
    world.tell(*(assigned(number=200 + number) for number in range(20)))
    while any(one.due is not None for one in world.notices.values()):
        messages += world.deliver(lambda *_: Delivered())
        world.now += timedelta(minutes=1)
    assert len(world.notices) == 120
    assert all(one.status == "delivered" for one in world.notices.values())
    assert messages == 6


def test_a_recipient_without_a_limit_gets_each_notice_singly_and_is_not_counted() -> None:
    """A machine that takes every notice at once needs no ledger of what it got."""
    unlimited = Notify(rate_limit=RateLimit(per_hour=UNLIMITED), digest=Digest(after=UNLIMITED))
    messages = planned([notice(number) for number in range(50)], policy=unlimited).messages
    assert [(len(one.notices), one.counts) for one in messages] == [(1, False)] * 50


def test_of_a_surges_cases_one_message_leaves_a_window() -> None:
    """The first at once, with all that is there; what comes then waits for the window, under no other limit."""
    waiting = [notice(number, surge="parent") for number in range(4)]
    assert sizes(planned(waiting[:1])) == [1]
    assert sizes(planned(waiting)) == [4]
    assert planned(waiting, ago(9)).messages == ()
    assert {wait.until for wait in planned(waiting, ago(9)).waits} == {NOON + timedelta(minutes=1)}
    unlimited = Notify(digest=Digest(after=UNLIMITED), rate_limit=RateLimit(per_hour=UNLIMITED))
    assert [one.counts for one in planned(waiting, policy=unlimited).messages] == [True]


def test_a_severe_case_of_a_surge_is_told_at_once() -> None:
    """A digest must not hold back what wakes people."""
    assert sizes(planned([notice(1, severity=1, surge="parent"), notice(2, surge="parent")], ago(1))) == [1]


def test_what_is_told_of_a_surge_is_counted_apart() -> None:
    """A case that joins a surge queues with its other cases, and holds up nothing else of its recipient."""
    world = World()
    world.tell(accepted(), surge_joined(), opened(), assigned())
    queues = {(one.recipient, one.surge, one.to.endswith(PARENT)) for one in world.notices.values()}
    assert ("housing/duty_officer", PARENT, True) in queues
    assert {(surge, apart) for who, surge, apart in queues if who.startswith("reporter/")} == {(None, False)}


def test_a_report_that_came_into_a_surge_is_grouped_from_its_first_notice_on() -> None:
    """Intake knew; the word that it joined comes a moment later and changes nothing."""
    world = World()
    world.tell(accepted(surge=PARENT), opened(), assigned(), surge_joined())
    officials = [one for one in world.notices.values() if not one.recipient.startswith("reporter/")]
    assert officials
    assert {one.surge for one in officials} == {PARENT}
