"""Who is found behind an audience: rosters, newest contacts, channels at hand, and what fails closed."""

from datetime import timedelta

from tests.unit.notifier.events import NOON, accepted, assigned, breached, opened, resolved
from tests.unit.notifier.world import CHANNELS, NIGHT, World, around, department, desk, raw_profile


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
