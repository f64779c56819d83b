from datetime import datetime, timedelta
from typing import Any

import pytest

from services.notifier.domain.decide import HEARD, MAX_REPORTERS
from services.notifier.domain.model import MAX_WAITING
from shared.contracts.base import Event
from shared.contracts.cases import CaseWithdrawn, TaskAccepted, TaskRole
from shared.contracts.escalations import ClockStarted
from tests.unit.notifier.world import (
    CASE,
    CHANNELS,
    MORNING,
    NIGHT,
    NOON,
    World,
    absent,
    accepted,
    around,
    assigned,
    breached,
    case_event,
    closed,
    completed,
    department,
    desk,
    erase,
    escalated,
    extension_requested,
    hold_requested,
    merged,
    muster_failed,
    on_scene,
    opened,
    raw_profile,
    reopened,
    resolved,
    returned,
    stood_down,
    substituted,
    summoned,
    triaged,
    warned,
)


@pytest.fixture
def world() -> World:
    """Give a case that was reported and opened, with nothing queued yet."""
    made = World()
    made.tell(accepted(), opened())
    made.events.clear()
    return made


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


def test_the_reporter_hears_what_was_due_before_the_report_was_read() -> None:
    """The router may be heard before intake; what is owed is told right after the receipt, in order."""
    world = World()
    world.tell(opened(), assigned(), closed())
    assert world.queued() == [("task_assigned", "housing/duty_officer", "file")]
    world.events.clear()
    world.tell(accepted())
    assert [one[0] for one in world.queued()] == ["received", "assigned", "solved"]
    assert world.cases[CASE].owed == ()
    world.events.clear()
    world.tell(closed())
    assert world.queued() == []


def test_a_receipt_has_one_key_whenever_the_report_is_read() -> None:
    """Two replicas may have begun on it, one before and one behind a reopening: what both queue is one notice."""
    early, late = World(), World()
    early.tell(accepted())
    late.tell(opened(), closed(), reopened(2), accepted())
    (receipt,) = (one.id for one in early.notices.values() if one.step == "received")
    assert [one.id for one in late.notices.values() if one.step == "received"] == [receipt]


def test_everybody_whose_report_was_merged_hears_the_outcome(world: World) -> None:
    """Each once, whenever they came; one who comes after the end hears that it is over."""
    world.tell(merged(2), merged(3), assigned(), closed(), merged(4), merged(4))
    told = [one[:2] for one in world.queued() if one[1].startswith("reporter/")]
    everybody = [f"reporter/ref-{number}" for number in (1, 2, 3)]
    assert told == [
        ("received", "reporter/ref-2"),
        ("received", "reporter/ref-3"),
        *(("assigned", one) for one in everybody),
        *(("solved", one) for one in everybody),
        ("received", "reporter/ref-4"),
        ("solved", "reporter/ref-4"),
    ]


def test_the_sealed_contact_is_kept_once_and_never_in_a_notice() -> None:
    """One document a reporter; deleting it erases the person."""
    world = World()
    world.tell(accepted(), opened(), assigned(), closed())
    sealed = [one for one in world.documents if one.collection == "reporters"]
    assert [(one.document["_id"], one.document["owner"]) for one in sealed] == [(f"{CASE}/ref-1", CASE)]
    assert all("sealed" not in str(notice.model_dump()) for notice in world.notices.values())


@pytest.mark.parametrize(
    ("contact", "reason"),
    [(None, "no_address"), ("test:nameless", "no_address"), ("test:foreign", "unreadable_contact")],
)
def test_a_reporter_who_cannot_be_reached_is_suppressed_with_the_reason(contact: str | None, reason: str) -> None:
    """Anonymous, without any address, or sealed with a key that is not here."""
    world = World()
    assert world.tell(accepted(contact)) == "suppressed"
    assert world.suppressed() == [("received", "reporter/ref-1", reason)]
    assert world.queued() == []


def test_a_channel_is_chosen_by_what_is_known_of_the_reporter() -> None:
    """With a telephone number alone, mail is passed over."""
    world = World()
    world.tell(accepted("test:phone"))
    assert world.queued() == [("received", "reporter/ref-1", "file")]


@pytest.mark.parametrize("ref", [None, "ref-1"])
def test_an_erased_reporter_hears_nothing_more_and_it_shows(world: World, ref: str | None) -> None:
    """All of the case, or the one that is named."""
    world.tell(merged(2))
    world.events.clear()
    assert world.tell(erase(ref)) == "erased"
    world.tell(closed())
    assert ("solved", "reporter/ref-1", "erased") in world.suppressed()
    assert (("solved", "reporter/ref-2", "email") in world.queued()) is (ref == "ref-1")


def test_a_report_that_was_on_its_way_when_its_reporter_was_erased_leaves_no_contact() -> None:
    """Topics are read independently: the command may be here before the report; later reports are of other people."""
    world = World()
    world.tell(erase(at=NOON), accepted(), opened())
    assert world.suppressed() == [("received", "reporter/ref-1", "erased")]
    assert [one for one in world.documents if one.collection == "reporters"] == []
    later = NOON + timedelta(minutes=1)
    world.tell(merged(2, recorded_at=later))
    assert world.queued() == [("received", "reporter/ref-2", "email")]


def test_a_report_without_a_reference_is_known_by_its_own_id() -> None:
    """Two anonymous reports are two reporters."""
    world = World()
    world.tell(accepted(None, reporter_ref=None), merged(2, None, reporter_ref=None))
    assert [one[1] for one in world.suppressed()] == ["reporter/grid-app:r-1", "reporter/hotline:r-2"]


def test_more_reporters_than_a_document_can_hold_are_refused_visibly(world: World) -> None:
    """The last one is told in no way but one: a suppressed notice that says why."""
    people = world.cases[CASE].reporters * MAX_REPORTERS
    world.cases[CASE] = world.cases[CASE].model_copy(update={"reporters": people})
    assert world.tell(merged(9)) == "suppressed"
    assert world.suppressed() == [("received", "reporter/ref-9", "too_many_reporters")]


def test_verification_is_asked_of_whom_the_profile_names() -> None:
    """The grid worker, or the reporter, never both."""
    world = World(around({**raw_profile(), "verification": {"by": "reporter"}}))
    world.tell(accepted(), opened(), resolved())
    assert ("verify", "reporter/ref-1", "email") in world.queued()
    assert all(not one[1].startswith("grid/") for one in world.queued())


def test_the_roster_of_the_moment_says_who_is_told() -> None:
    """The night officer at night; with nobody on duty the notice is suppressed and says so."""
    officers = [
        desk("housing", hours="08:00-20:00"),
        {**desk("night", hours="20:00-23:00"), "channels": [{"channel": "file", "address": "night"}]},
    ]
    raw = raw_profile(quiet_hours=None)
    raw["departments"][1] = department("housing", duty=officers)
    for now, expected in ((NOON, "duty_officer-housing"), (NOON + timedelta(hours=9), "night"), (NIGHT, None)):
        world = World(around(raw), now=now)
        world.tell(opened(), assigned())
        addresses = [notice.address for notice in world.notices.values()]
        assert addresses == ([expected] if expected else [])
        no_roster = ("task_assigned", "housing/duty_officer", "no_roster")
        assert world.suppressed() == ([] if expected else [no_roster])


def test_everybody_on_duty_in_a_role_is_told() -> None:
    """Two lines of the roster in force are two people."""
    raw = raw_profile()
    raw["departments"][1] = department("housing", duty=[desk("housing"), desk("second")])
    world = World(around(raw))
    world.tell(opened(), assigned())
    recipients = [one[1] for one in world.queued()]
    assert recipients == ["housing/duty_officer", "housing/duty_officer#2"]


def test_contacts_come_from_the_newest_profile_and_audiences_from_the_cases_own() -> None:
    """Editing a policy never disturbs a running case; a new telephone number is used at once."""
    newer = raw_profile(audiences={"task.assigned": ["centre"]})
    newer["departments"][1] = department("housing", duty=[desk("moved")])
    world = World(around(raw_profile(), newer))
    world.tell(opened(), assigned())
    assert [notice.address for notice in world.notices.values()] == ["duty_officer-moved"]


def test_an_unknown_department_role_or_channel_fails_closed_and_visibly() -> None:
    """Nothing is sent to a guess."""
    raw = raw_profile(audiences={"case.opened": ["mediator", "party"], "task.assigned": ["duty_officer"]})
    raw["departments"][1] = department("housing", duty=[desk("housing", channels=[{"channel": "fax", "address": "1"}])])
    world = World(around(raw))
    world.tell(opened(lead="nobody"), assigned("nobody"), assigned("housing", number=2))
    assert world.queued() == []
    assert world.suppressed() == [
        ("opened", "mediator", "unknown_role"),
        ("opened", "party", "unknown_role"),
        ("task_assigned", "nobody/duty_officer", "unknown_department"),
        ("task_assigned", "housing/duty_officer", "unknown_channel"),
    ]


def test_the_first_channel_at_hand_is_used_and_one_before_it_that_is_not_shows() -> None:
    """The notice goes out and the gap is visible."""
    channels = {name: kind for name, kind in CHANNELS.items() if name != "file"}
    world = World(around(channels=channels))
    world.tell(opened(), assigned())
    assert world.suppressed() == [("task_assigned", "housing/duty_officer", "unknown_channel")]
    assert world.queued() == [("task_assigned", "housing/duty_officer", "email")]


def test_an_audience_without_words_for_it_shows_as_suppressed(world: World) -> None:
    """A profile that wants reporters told of breaches gets no notice and no silence."""
    world.surroundings = around(raw_profile(audiences={"clock.breached": ["reporter", "head"]}))
    world.tell(breached())
    assert world.queued() == [("breached", "housing/head", "file")]
    assert world.suppressed() == [("breached", "reporter", "no_template")]


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
