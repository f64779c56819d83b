"""What reporters hear: receipts, outcomes, merged reports, and nothing once they are erased or cannot be reached."""

from datetime import timedelta

import pytest

from services.notifier.domain.decide import MAX_REPORTERS
from shared.contracts.incidents import ReportUnmerged
from tests.unit.notifier.events import CASE, NOON, accepted, assigned, closed, erase, merged, opened, reopened
from tests.unit.notifier.world import World


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


def test_whose_report_is_taken_out_of_the_case_hears_no_more_of_it(world: World) -> None:
    """The others hear how it ended; that one hears of its own case, as anybody who reported."""
    world.tell(merged(2), merged(3))
    apart = ReportUnmerged(
        **{name: getattr(merged(2), name) for name in ("district", "case_id", "occurred_at", "recorded_at", "partner")},
        report_id="r-2",
        reporter_ref="ref-2",
        own_case_id=merged(2).merged_case_id,
        reason="another house",
        by="centre",
    )
    world.tell(apart)
    world.events.clear()
    world.tell(closed())
    heard = {who for step, who, _ in world.queued() if step == "solved"}
    assert heard == {"reporter/ref-1", "reporter/ref-3"}


def test_the_receipt_of_a_case_taken_apart_says_so() -> None:
    """Or its reporter would wonder about a second number."""
    world = World()
    world.tell(accepted(unmerged_from=CASE))
    (notice,) = world.notices.values()
    assert notice.facts["apart"] is True
