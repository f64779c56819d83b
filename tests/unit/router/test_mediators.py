"""Who mediates: chosen with reasons, replaced when partial, or a task force of departments."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.incidents import Subject
from shared.contracts.mediation import AssignMediator, FormTaskForce
from shared.decision import Rejected
from tests.support.disputing import (
    BOTH,
    OTHER_TOWN,
    WEST,
    entered,
    mediated,
    quarrel,
    record,
    refused,
    tiers,
)
from tests.support.routing import CENTRE, Story, dept

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("loads", "place", "chosen"),
    [
        ({"east-1": 1}, {}, "east-2"),
        ({"east-2": 1}, {}, "east-1"),
        ({"east-1": 2, "east-2": 2}, {}, "town-1"),
        ({"east-1": 2, "east-2": 2, "town-1": 10}, {}, "east-1 or east-2"),
        ({}, {"community": WEST}, "town-1"),
        ({}, {"community": None}, "town-1"),
        ({}, {"community": None, "township": OTHER_TOWN}, "elsewhere-1"),
        ({"east-1": 1}, {"subject": Subject(kind="estate", name="金都花园")}, "east-1"),
    ],
)
def test_the_mediator_is_chosen_by_place_load_and_conflict_of_interest(
    loads: dict[str, int], place: dict[str, Any], chosen: str
) -> None:
    """Nearest first, then the lowest load; who has enough comes last, who has an interest never."""
    tier = entered(quarrel(loads, **place))
    assert tier.mediator in chosen.split(" or ")
    assert str(tier.mediator) in tier.explanation[0]


def test_further_up_speciality_goes_before_the_place() -> None:
    """And somebody with an interest is left out although the matter is her speciality."""
    story = quarrel(partner="hotline")
    record(story, outcome="failed")
    assert entered(story).mediator == "gold-2"
    partial = quarrel()
    record(partial, outcome="failed")
    assert entered(partial).mediator == "gold-3"
    assert "1 left out as partial" in entered(partial).explanation[1]


def test_where_nobody_can_mediate_the_centre_is_told_to_name_one() -> None:
    """The dispute does not skip the tier; who leads the case answers for it."""
    story = quarrel(index=mediated(mediators=[]))
    assert (entered(story).mediator, entered(story).owner) == (None, story.known().lead)
    assert "the centre names one" in entered(story).explanation[0]


def test_a_partial_mediator_is_replaced_and_never_chosen_again() -> None:
    """回避. The limit of the tier goes on."""
    story = quarrel({"east-2": 1})
    due = story.known().dispute.tier.due_at  # type: ignore[union-attr]
    assert story.say(AssignMediator, CENTRE, conflict=True, reason="亲属") == "mediator_assigned"
    case = story.known()
    assert case.dispute
    assert (case.dispute.tier.mediator, case.dispute.excluded) == ("east-2", ("east-1",))
    assert case.dispute.tier.due_at == due
    refused(story, "forbidden", mediator="east-1", consent=BOTH)


@pytest.mark.parametrize(
    ("mediator", "error"),
    [
        ("elsewhere-1", "wrong-mediator"),
        ("gold-1", "wrong-mediator"),
        ("620803-1", "unknown-mediator"),
        ("east-2", "conflict-of-interest"),
        ("east-1", "invalid-command"),
    ],
)
def test_the_centre_cannot_name_just_anybody(mediator: str, error: str) -> None:
    """Not of another place, tier or district, not somebody with an interest, not the one it is."""
    story = quarrel(subject=Subject(kind="estate", name="金都花园"))
    with pytest.raises(Rejected) as refusal:
        story.say(AssignMediator, CENTRE, mediator=mediator, reason="x")
    assert refusal.value.error == error


def test_nobody_is_left_to_take_over() -> None:
    """Then the present one stays until somebody is named."""
    story = quarrel(index=mediated(mediators=[{"code": "a", "name": "a", "tier": "community", "department": "east"}]))
    with pytest.raises(Rejected) as refusal:
        story.say(AssignMediator, CENTRE, conflict=True, reason="x")
    assert refusal.value.error == "no-mediator"


def test_a_task_force_hears_the_parties_five_times() -> None:
    """专班: every department in it may record; what it cannot settle goes to court."""
    story = quarrel()
    assert story.say(FormTaskForce, CENTRE, lead="housing", departments=["justice"], reason="37户") == "task_force"
    assert entered(story).members == ("housing", "justice")
    assert entered(story).total is None
    for who in ("housing", "justice", "housing", "justice", "housing"):
        record(story, dept(who), hearing=True, mediator=None)
    assert story.known().dispute.hearings == 5  # type: ignore[union-attr]
    refused(story, "forbidden", hearing=True)
    record(story, dept("housing"), mediator=None, outcome="failed")
    assert tiers(story) == ["community:referred", "task_force:failed", "court:runs"]


def test_a_task_force_needs_departments_that_exist() -> None:
    """And a dispute that is mediated."""
    with pytest.raises(Rejected, match="no department 'nobody'"):
        quarrel().say(FormTaskForce, CENTRE, lead="nobody", reason="x")
    with pytest.raises(Rejected, match="is no dispute"):
        Story().opened().say(FormTaskForce, CENTRE, lead="housing", reason="x")


def test_another_case_of_the_same_batch_gets_another_mediator_of_equals() -> None:
    """Loads are counted before the batch; the case's number spreads what comes at once."""
    assert {entered(quarrel(number=n)).mediator for n in range(12)} == {"east-1", "east-2"}
