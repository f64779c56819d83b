from datetime import datetime, timedelta
from typing import Any

from services.notifier.domain.decide import HEARD
from services.notifier.domain.model import MAX_WAITING
from shared.contracts.base import Event
from shared.contracts.cases import CaseWithdrawn, TaskAccepted, TaskRole
from shared.contracts.escalations import ClockStarted
from tests.unit.notifier.events import (
    CASE,
    NOON,
    absent,
    accepted,
    assigned,
    breached,
    case_event,
    closed,
    completed,
    escalated,
    extension_requested,
    hold_requested,
    muster_failed,
    on_scene,
    opened,
    reopened,
    resolved,
    returned,
    stood_down,
    substituted,
    summoned,
    triaged,
    warned,
)
from tests.unit.notifier.world import MORNING, NIGHT, World, around, raw_profile


def test_a_report_is_received_and_its_reporter_is_told() -> None:
    """The first channel of the district's order that can use what is known of the person."""
    world = World()
    assert world.tell(accepted()) == "told"
    assert world.queued() == [("received", "reporter/ref-1", "email")]


def test_each_event_is_told_to_whom_the_profile_says(world: World) -> None:
    """The default audiences, resolved to roles by the roster."""
    world.tell(assigned())
    assert world.queued() == [
        ("task_assigned", "housing/duty_officer", "file"),
        ("assigned", "reporter/ref-1", "email"),
    ]
    expected = [
        (warned(), [("warned", "housing/duty_officer")]),
        (breached(), [("breached", "housing/duty_officer"), ("breached", "housing/head")]),
        (escalated(1), [("escalated", "housing/head")]),
        (escalated(2), [("escalated", "centre/head")]),
        (returned(), [("returned", "centre/duty_officer")]),
        (hold_requested(), [("approval", "centre/duty_officer")]),
        (extension_requested(), [("approval", "centre/duty_officer")]),
        (
            substituted(),
            [
                ("substituted", "street/duty_officer"),
                ("substituted", "police/duty_officer"),
                ("substituted", "centre/duty_officer"),
            ],
        ),
        (absent(), [("absent", "police/head"), ("absent", "centre/duty_officer")]),
        (on_scene(), [("on_scene", "centre/duty_officer")]),
        (muster_failed(), [("muster_failed", "centre/head")]),
        (resolved(), [("verify", "grid/620802001001001")]),
        (closed(), [("solved", "reporter/ref-1")]),
        (reopened(), [("reopened", "housing/duty_officer"), ("reopened", "centre/duty_officer")]),
    ]
    for event, told in expected:
        world.events.clear()
        assert world.tell(event) == "told"
        assert [one[:2] for one in world.queued()] == told


def test_a_whistle_is_told_to_duty_officer_and_head_of_every_member_each_by_its_own_name(world: World) -> None:
    """And the end of the team to the duty officers of the same members."""
    world.tell(summoned())
    assert {one[1] for one in world.queued()} == {
        "housing/duty_officer", "police/duty_officer", "housing/head", "police/head",
    }  # fmt: skip
    named = {notice.recipient: notice.facts["department"] for notice in world.notices.values() if notice.pressing}
    assert named["police/head"] == "police"
    assert named["housing/duty_officer"] == "housing"
    world.events.clear()
    world.tell(stood_down())
    assert {one[1] for one in world.queued()} == {"housing/duty_officer", "police/duty_officer"}


def test_the_end_of_a_team_is_told_to_whoever_belongs_to_it_by_then(world: World) -> None:
    """A further whistle names only those it calls, and a substitute has taken the place of a member."""
    world.tell(summoned(), summoned(2, members=("street",)), substituted("police", "centre"))
    world.events.clear()
    world.tell(stood_down())
    assert {one[1] for one in world.queued()} == {"housing/duty_officer", "street/duty_officer", "centre/duty_officer"}


def test_the_same_event_under_another_id_tells_nothing_again(world: World) -> None:
    """The engine drops what it knows by id; the steps a case remembers drop what comes under a new one."""
    steps = [assigned(), warned(), breached(), escalated(), summoned(), returned(), resolved(), closed()]
    world.tell(*steps[:-1])
    queued = len(world.queued())
    for event in steps[:-1]:
        world.tell(event)
    assert len(world.queued()) == queued
    world.tell(closed())
    assert world.tell(closed()) == "nothing_to_tell"


def test_a_new_step_is_always_told(world: World) -> None:
    """Another fraction, another due instant, another refusal, round, level, task or episode."""
    later = {"due_at": NOON + timedelta(hours=8)}
    for event in (
        warned(0.5), warned(0.8), warned(0.5, **later), breached(), breached(**later), returned(1), returned(2),
        summoned(1), summoned(2), escalated(1), escalated(2), assigned(number=1), assigned(number=2),
    ):  # fmt: skip
        world.events.clear()
        assert world.tell(event) == "told"
        assert world.queued()
    world.tell(closed(), reopened())
    world.events.clear()
    world.tell(escalated(1, episode=2), closed(episode=2))
    assert [one[:2] for one in world.queued()] == [("escalated", "housing/head"), ("solved", "reporter/ref-1")]


def test_members_added_to_the_same_round_hear_and_the_others_do_not_again(world: World) -> None:
    """A further whistle for a team that is already called."""
    world.tell(summoned())
    world.events.clear()
    world.tell(summoned(members=("housing", "police", "street")))
    assert {one[1] for one in world.queued()} == {"street/duty_officer", "street/head"}


def test_an_assist_is_told_and_the_reporter_hears_once(world: World) -> None:
    """The reporter learns who leads, not of every department that helps."""
    world.tell(assigned(), assigned("police", TaskRole.ASSIST))
    assert world.queued() == [
        ("task_assigned", "housing/duty_officer", "file"),
        ("assigned", "reporter/ref-1", "email"),
        ("task_assigned", "police/duty_officer", "file"),
    ]


def test_a_case_in_triage_is_told_to_the_centre() -> None:
    """Somebody has to name its category."""
    world = World()
    world.tell(triaged())
    assert world.queued() == [("triage", "centre/duty_officer", "file")]


def test_events_that_overtake_their_case_wait_for_it() -> None:
    """Topics are read independently: escalation may be heard before the router."""
    world = World()
    assert world.tell(warned()) == "waiting"
    assert world.tell(breached()) == "waiting"
    assert world.queued() == []
    world.tell(opened())
    assert [one[0] for one in world.queued()] == ["warned", "breached", "breached"]
    assert world.cases[CASE].waiting == ()


def test_what_waits_for_its_case_is_bounded() -> None:
    """A case that never comes does not grow without end, and what is given up is counted."""
    world = World()
    reasons = [world.tell(warned(number / 1000)) for number in range(1, MAX_WAITING + 2)]
    assert reasons[-1] == "waiting_overflow"
    assert len(world.cases[CASE].waiting) == MAX_WAITING


def test_quiet_hours_hold_back_until_the_morning_except_the_exempt() -> None:
    """Severity 1, a policy that wakes, and a whistle that would be over by then."""
    emergency = {"emergency": {"ignore_quiet_hours": True}}
    cases: list[tuple[dict[str, Any], dict[str, Any], Event, datetime]] = [
        ({}, {}, assigned(), MORNING),
        ({}, {"severity": 1}, assigned(), NIGHT),
        ({"policies": emergency}, {"notice": "emergency"}, assigned(), NIGHT),
        ({}, {}, summoned(at=NIGHT), NIGHT),
        ({}, {}, breached(), MORNING),
    ]
    for notify, facts, event, expected in cases:
        world = World(around(raw_profile(**notify)), now=NIGHT)
        world.tell(opened(**facts), event)
        assert {notice.due for notice in world.notices.values()} == {expected}


def test_a_policy_of_its_own_says_who_is_told_from_the_first_receipt_on() -> None:
    """The rules are asked what they will make of the report, before the router has spoken."""
    raw = raw_profile(policies={"hotline": {"audiences": {"report.accepted": [], "task.assigned": ["centre"]}}})
    raw["rules"] = [{"id": "hotline", "when": {"partners": ["grid-app"]}, "then": {"notice": "hotline", "severity": 1}}]
    world = World(around(raw))
    assert world.tell(accepted()) == "noted"
    assert world.cases[CASE].severity == 1
    world.tell(opened(), assigned())
    assert world.queued() == [("task_assigned", "centre/duty_officer", "file")]


def test_what_asks_for_action_on_a_closed_case_is_overtaken_and_what_reports_a_failing_is_not(world: World) -> None:
    """Nobody is asked to hurry with what is done; a head still hears that it was late."""
    world.tell(closed())
    world.events.clear()
    assert world.tell(warned()) == "overtaken"
    assert world.tell(assigned(number=3)) == "overtaken"
    assert world.queued() == []
    assert world.tell(breached()) == "told"


def test_what_was_owed_over_night_is_as_pointless_in_the_morning_as_what_was_not() -> None:
    """Whichever topic was read first: of a case that is closed by then nobody hears that it was assigned."""
    for told in ([accepted(), opened(), assigned()], [opened(), assigned(), accepted()]):
        world = World(now=NIGHT)
        world.tell(*told)
        assert [one.moot for one in world.notices.values() if one.step == "assigned"] == [True]


def test_nobody_is_warned_of_a_limit_that_has_passed(world: World) -> None:
    """A case that became known late has breached already, and says so."""
    late = NOON - timedelta(minutes=1)
    assert world.tell(warned(due_at=late)) == "noted"
    assert world.tell(breached(due_at=late)) == "told"


def test_what_overtakes_the_reopening_of_its_case_is_told_all_the_same(world: World) -> None:
    """Escalation's word of the new episode may be read before the router's that there is one."""
    world.tell(closed())
    world.events.clear()
    assert world.tell(warned(episode=2)) == "told"
    world.tell(reopened())
    assert ("warned", "housing/duty_officer", "file") in world.queued()


def test_an_event_of_an_earlier_episode_tells_nothing(world: World) -> None:
    """The case is in its second life."""
    world.tell(closed(), reopened())
    world.events.clear()
    assert world.tell(breached()) == "overtaken"
    assert world.queued() == []


def test_a_withdrawn_case_is_told_where_the_profile_wants_it() -> None:
    """Not by default."""
    world = World(around(raw_profile(audiences={"case.withdrawn": ["reporter", "centre"]})))
    world.tell(accepted(), opened(), case_event(CaseWithdrawn, reason="误报"))
    assert [one[:2] for one in world.queued()][-2:] == [
        ("withdrawn", "centre/duty_officer"),
        ("withdrawn", "reporter/ref-1"),
    ]


def test_what_is_stored_of_a_text_is_short_and_masked() -> None:
    """A department needs to know what it is about, not how to ring the reporter."""
    world = World()
    world.tell(accepted(), returned())
    view = world.cases[CASE]
    assert view.summary == "3号楼楼道堆放垃圾，电话13****00"
    world.tell(opened(text="很长" * 100, address="x" * 100))
    assert len(world.cases[CASE].summary) == 40
    assert len(world.cases[CASE].place) == 60


def test_only_events_that_are_needed_are_heard() -> None:
    """The others never reach the database."""
    assert ClockStarted not in HEARD
    assert TaskAccepted not in HEARD
    assert type(completed()) in HEARD
