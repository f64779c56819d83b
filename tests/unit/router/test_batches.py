"""Batch disputes: one parent, a file a household; the parent counts its files, and no file writes into it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from bson import encode

from services.router.domain.change import Mediating
from services.router.domain.model import index_of, next_due
from shared.contracts.cases import Outcome
from shared.contracts.commands import WithdrawCase
from shared.contracts.disputes import BatchProgressed, TierName, TierOutcome
from shared.contracts.mediation import FormTaskForce, OpenBatch
from shared.decision import Rejected
from tests.support.disputing import BOTH, MEDIATOR, ended, entered, quarrel, record, tiers
from tests.support.routing import CENTRE, Story, dept

HOUR = timedelta(hours=1)


def batch(expected: int | None = 37) -> Story:
    """Return a dispute that takes files."""
    story = quarrel()
    assert story.say(OpenBatch, CENTRE, expected=expected) == "batch_opened"
    return story


def file_of(parent: Story, number: int = 2) -> Story:
    """Return a household's file under it."""
    story = Story(world=quarrel().world)
    story.world.around = Mediating(parent=parent.known())
    return story.opened("D0402", number=number, batch=parent.known().case_id)


def counted(parent: Story, **files: int) -> str:
    """Let an hour pass and the files be counted."""
    parent.now += HOUR
    parent.world.around = Mediating(files=files)
    return parent.tick()


def progress(story: Story) -> BatchProgressed:
    """Return how far a batch was last said to be."""
    return next(one for one in reversed(story.events) if isinstance(one, BatchProgressed))


def test_a_file_shares_the_mediators_of_its_parent() -> None:
    """It has no limit of its own and burdens no mediator; who mediates the parent, records on it."""
    parent = batch()
    story = file_of(parent)
    tier = entered(story)
    assert (tier.tier, tier.batch, tier.limit, tier.total) == (TierName.BATCH, parent.known().case_id, None, None)
    of_parent = parent.known().dispute.tier.mediator  # type: ignore[union-attr]
    assert record(story, MEDIATOR, mediator=of_parent, consent=BOTH, outcome="agreement") == "agreed"
    assert index_of(story.known())["batch"] == f"{parent.known().case_id}/agreed"
    assert index_of(story.known())["mediator"] is None


def test_a_task_force_mediates_the_files_of_its_batch() -> None:
    """崆峒: five hearings of one task force, and the households sign one by one."""
    parent = batch()
    parent.say(FormTaskForce, CENTRE, lead="housing", departments=["justice"], reason="37户")
    for _ in range(5):
        record(parent, dept("housing"), mediator=None, hearing=True)
    story = file_of(parent)
    assert record(story, dept("justice"), mediator=None, consent=BOTH, outcome="agreement") == "agreed"
    other = file_of(parent, 3)
    with pytest.raises(Rejected, match="Only housing"):
        record(other, MEDIATOR, mediator="east-1", consent=BOTH)


def test_a_household_may_leave_the_batch_for_court() -> None:
    """On its own."""
    story = file_of(batch())
    record(story, CENTRE, mediator=None, outcome="withdrawn", to_court=True)
    assert (tiers(story), entered(story).mediator) == (["batch:left_for_court", "court:runs"], "court-1")


@pytest.mark.parametrize("parent", [None, "plain", "withdrawn"])
def test_a_report_that_names_no_batch_is_a_dispute_of_its_own(parent: str | None) -> None:
    """Nothing is lost, and nobody files a case under a dispute that takes none."""
    above = quarrel() if parent == "plain" else batch()
    if parent == "withdrawn":
        above.say(WithdrawCase, CENTRE, reason="x")
    world = quarrel().world
    world.around = Mediating(parent=above.known() if parent else None)
    story = Story(world=world).opened("D0402", number=5, batch=above.known().case_id)
    assert (entered(story).tier, entered(story).batch) == (TierName.COMMUNITY, None)


def test_progress_is_told_when_it_has_changed() -> None:
    """And counted every hour."""
    parent = batch(2_300)
    assert progress(parent).files == 0
    assert counted(parent, mediating=600, fulfilled=1_700) == "batch_counted"
    assert (progress(parent).files, progress(parent).fulfilled, progress(parent).expected) == (2_300, 1_700, 2_300)
    assert counted(parent, mediating=600, fulfilled=1_700) == "batch_counted"
    assert parent.said() == []
    assert next_due(parent.known()) == parent.now + HOUR


def test_a_sweep_that_comes_late_does_not_move_the_hours_of_a_batch() -> None:
    """Also when it was away for some of them."""
    parent = batch()
    opened = parent.now
    parent.now += timedelta(minutes=10)
    counted(parent, mediating=1)
    assert next_due(parent.known()) == opened + 2 * HOUR
    parent.now += 3 * HOUR
    counted(parent, mediating=2)
    assert next_due(parent.known()) == opened + 6 * HOUR


def test_a_parent_does_not_grow_with_its_files() -> None:
    """Two thousand households and more are other documents."""
    parent = batch(2_300)
    small = len(encode(parent.known().model_dump(mode="python", exclude_defaults=True)))
    for done in range(0, 2_300, 100):
        counted(parent, mediating=2_300 - done, fulfilled=done)
    assert len(encode(parent.known().model_dump(mode="python", exclude_defaults=True))) < small + 200


def test_a_batch_ends_with_its_last_file() -> None:
    """Not before all that were expected are there."""
    parent = batch(3)
    counted(parent, fulfilled=2)
    assert parent.known().open
    assert counted(parent, fulfilled=2, ended=1) == "batch_ended"
    assert (parent.known().outcome, ended(parent).outcome) == (Outcome.FULFILLED, TierOutcome.AGREEMENT)
    assert next_due(parent.known()) is None


def test_a_batch_of_which_nobody_agreed_is_not_fulfilled() -> None:
    """It ends as withdrawn."""
    parent = batch(None)
    counted(parent, ended=4)
    assert parent.known().outcome is Outcome.DISPUTE_WITHDRAWN


@pytest.mark.parametrize("fields", [{"outcome": "withdrawn"}, {"outcome": "failed"}])
def test_a_batch_does_not_end_over_its_open_files(fields: dict[str, Any]) -> None:
    """They would be without mediators."""
    parent = batch()
    for _ in range(3 if fields["outcome"] == "failed" else 0):
        record(parent, CENTRE, mediator=None, outcome="failed")
    parent.world.around = Mediating(files={"mediating": 1, "fulfilled": 36})
    with pytest.raises(Rejected) as refusal:
        record(parent, CENTRE, mediator=None, **fields)
    assert refusal.value.error == "files-open"


def test_a_file_takes_no_files() -> None:
    """Nor does a case that is over."""
    for story in (file_of(batch()), batch()):
        if story.known().dispute.is_batch:  # type: ignore[union-attr]
            story.say(WithdrawCase, CENTRE, reason="x")
        with pytest.raises(Rejected, match="takes files"):
            story.say(OpenBatch, CENTRE)
