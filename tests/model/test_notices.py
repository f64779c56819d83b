"""What always holds of notices, whatever is told in whatever order and whatever the channels answer."""

from collections import Counter
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.domain.notice import NoticeState, Status
from services.notifier.domain.outcome import Delivered, Failed, Outcome, Unknown
from shared.contracts.base import Event
from shared.contracts.cases import CaseWithdrawn, TaskRole
from shared.contracts.notifications import NoticeDelivered, NoticeFailed, NoticeQueued, NoticeSuppressed
from tests.unit.notifier.events import (
    NOON,
    absent,
    accepted,
    assigned,
    breached,
    case_event,
    closed,
    completed,
    escalated,
    hold_requested,
    merged,
    on_scene,
    opened,
    reopened,
    resolved,
    returned,
    stood_down,
    summoned,
    warned,
)
from tests.unit.notifier.world import NIGHT, World, around, raw_profile

SURROUNDINGS = around(raw_profile(digest={"after": 3, "window": "10 minutes"}, rate_limit={"per_hour": 8}))

INCIDENTS: list[Event] = [accepted(), merged(2), merged(3, None), merged(4, "test:phone"), merged(5, "test:foreign")]
CASES: list[Event] = [
    opened(), assigned(), assigned("police", TaskRole.ASSIST), returned(1), assigned(number=2), hold_requested(),
    completed(), resolved(), closed(), reopened(2), assigned(number=3, episode=2), closed(episode=2),
    case_event(CaseWithdrawn, reason="误报", episode=2),
]  # fmt: skip
ESCALATIONS: list[Event] = [
    warned(0.5), warned(0.8), breached(), escalated(1), escalated(2), summoned(1), absent(), summoned(2), on_scene(),
    stood_down(), warned(0.5, episode=2), breached(episode=2), escalated(1, episode=2),
]  # fmt: skip

ANSWERS: list[Outcome] = [
    Delivered(),
    Failed("connect", retryable=True),
    Failed("http_4xx", retryable=True, retry_after=30),
    Failed("gone", retryable=False),
    Unknown(),
]


@st.composite
def tellings(draw: st.DrawFn) -> list[Event]:
    """Return three topics merged in some order: each in its own, with events repeated under other ids."""
    queues = [list(INCIDENTS), list(CASES), list(ESCALATIONS)]
    told: list[Event] = []
    while any(queues):
        queue = draw(st.sampled_from([one for one in queues if one]))
        told.append(queue.pop(0))
        if draw(st.integers(0, 5)) == 0:
            told.append(draw(st.sampled_from(told)))
    return told


class FakeChannel:
    """Answers as it is told, and remembers which notices it took and which it may have taken."""

    def __init__(self, answers: st.DataObject) -> None:
        self._answers = answers
        self.taken: Counter[str] = Counter()
        self.doubtful: Counter[str] = Counter()

    def __call__(self, name: str, notices: tuple[NoticeState, ...]) -> Outcome:
        """Take a message or not."""
        assert {one.channel for one in notices} == {name}
        assert len({one.to for one in notices}) == 1
        outcome = self._answers.draw(st.sampled_from(ANSWERS))
        counted = {Delivered: self.taken, Unknown: self.doubtful}.get(type(outcome))
        if counted is not None:
            counted.update(one.key for one in notices)
        return outcome


def run(told: list[Event], answers: st.DataObject, start: datetime) -> tuple[World, FakeChannel]:
    """Tell everything with deliveries in between, then let time pass until nothing waits any more."""
    world = World(SURROUNDINGS, now=start)
    channel = FakeChannel(answers)
    for event in told:
        world.tell(event)
        if answers.draw(st.booleans()):
            world.deliver(channel)
        world.now += timedelta(seconds=answers.draw(st.sampled_from([0, 1, 60, 900])))
    for _ in range(2_000):
        waiting = [one.due for one in world.notices.values() if one.due is not None]
        if not waiting:
            break
        world.now = max(world.now, min(waiting))
        world.deliver(channel)
    return world, channel


@settings(max_examples=25, deadline=None)
@given(tellings(), st.data(), st.sampled_from([NOON, NIGHT]))
def test_a_key_is_delivered_at_most_once_and_every_notice_comes_to_an_end(
    told: list[Event], answers: st.DataObject, start: datetime
) -> None:
    """Queued once, taken once, ended once; a key is sent again only while nobody knows whether it was taken."""
    world, channel = run(told, answers, start)
    queued = Counter(one.notice_id for one in world.events if isinstance(one, NoticeQueued))
    assert set(queued.values()) <= {1}
    assert set(queued) == set(world.notices)
    assert all(one.due is None for one in world.notices.values()), "every notice ends"
    assert set(channel.taken.values()) <= {1}, "no key is taken twice"
    ended = Counter(
        one.notice_id for one in world.events if isinstance(one, NoticeDelivered | NoticeFailed | NoticeSuppressed)
    )
    assert {ended[id_] for id_ in world.notices} <= {1}, "each ends once"
    delivered = {one.key for one in world.notices.values() if one.status is Status.DELIVERED}
    assert delivered == set(channel.taken)


@settings(max_examples=25, deadline=None)
@given(tellings())
def test_who_is_told_what_does_not_depend_on_the_order_of_the_topics(told: list[Event]) -> None:
    """Escalation and intake may be heard before or after the router: nothing that matters is lost by it.

    What asks for action may be overtaken by the end of the case; a failing, a receipt and an outcome may not.
    """
    world = World(SURROUNDINGS)
    world.tell(*told)
    heard = {(one.step, one.recipient) for one in world.events if isinstance(one, NoticeQueued | NoticeSuppressed)}
    always = {
        ("received", "reporter/ref-1"),
        ("received", "reporter/ref-2"),
        ("received", "reporter/ref-3"),
        ("received", "reporter/ref-5"),
        ("solved", "reporter/ref-1"),
    }
    assert always <= heard
    assert ("task_assigned:housing#1", "housing/duty_officer") in heard


@settings(max_examples=20, deadline=None)
@given(st.permutations(ESCALATIONS[:10]))
def test_breaches_and_levels_are_told_whether_they_come_before_the_case_or_after(early: list[Event]) -> None:
    """What waited in the view is told when the case is known, exactly as if it had come later."""
    before, after = World(SURROUNDINGS), World(SURROUNDINGS)
    before.tell(*early, opened(), assigned())
    after.tell(opened(), *early, assigned())
    assert sorted(before.queued()) == sorted(after.queued())


@settings(max_examples=20, deadline=None)
@given(tellings())
def test_telling_everything_a_second_time_tells_nothing_new(told: list[Event]) -> None:
    """A topic replayed from its beginning under other ids queues no key again."""
    world = World(SURROUNDINGS)
    world.tell(*told)
    first = {one.notice_id for one in world.events if isinstance(one, NoticeQueued)}
    world.events.clear()
    world.tell(*told)
    again = {one.notice_id for one in world.events if isinstance(one, NoticeQueued)}
    assert not first & again
