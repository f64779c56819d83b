"""The simulated partners: what each does about what it hears, and that none does what makes no sense any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.demo.agenda import Agenda
from deploy.demo.cast import Cast
from deploy.demo.departments import MANNERS
from deploy.demo.play import DAY, DISTRICTS, Options, config_of, world_of
from deploy.demo.say import Say
from deploy.demo.scenario import write
from deploy.demo.stories import Stories
from deploy.demo.world import World, shift
from shared.contracts import cases as said
from shared.contracts import escalations as timed
from shared.contracts.actors import PartnerKind
from shared.contracts.commands import (
    AcceptTask,
    AnswerTeam,
    AssignCase,
    BlowWhistle,
    CheckInTeam,
    ClassifyCase,
    CompleteTask,
    ReturnTask,
    VerifyCase,
)
from shared.contracts.disputes import TierEntered
from shared.contracts.limits import Limit, LimitUnit, Stage
from shared.district.loader import load

NINE = datetime(2026, 7, 1, 1, tzinfo=UTC)
CASE = "620802-260701-aaaaaaaa"
PROFILES = [
    load(folder) for code in DISTRICTS for folder in config_of(Options()).profile_folders() if folder.name == code
]
COMMON: dict[str, Any] = {"district": "620802", "occurred_at": NINE, "recorded_at": NINE}
HANDLE = Stage(name="handle", limit=Limit(amount=4, unit=LimitUnit.WORKING_HOURS))


@pytest.fixture
def world() -> World:
    """Give what the partners know at midnight."""
    return world_of(PROFILES, 1)


@pytest.fixture
def cast(world: World) -> Cast:
    """Give everybody, without stories."""
    return Cast(world, Stories({}))


def _assigned(department: str = "housing", case: str = CASE, number: int = 1) -> said.TaskAssigned:
    return said.TaskAssigned(
        **COMMON, case_id=case, task_id=f"{case}/{department}#{number}", department=department, stages=(HANDLE,)
    )


def _summoned(case: str, *members: str) -> timed.TeamSummoned:
    return timed.TeamSummoned(
        **COMMON, case_id=case, team_id=f"{case}/team#1", quorum=2, reason="opening",
        members=tuple(timed.TeamMember(department=one) for one in members),
        place=timed.Place(lon=106.66, lat=35.54),
        answer_by=NINE + timedelta(minutes=10), muster_by=NINE + timedelta(minutes=30),
    )  # fmt: skip


def _by_command(says: Iterator[Say]) -> dict[str, list[Say]]:
    found: dict[str, list[Say]] = {}
    for one in says:
        found.setdefault(one.command.__name__, []).append(one)
    return found


def test_every_manner_of_a_department_is_met_and_most_are_prompt(cast: Cast) -> None:
    """Over many tasks each manner shows, and two of three end with a completion in time."""
    tasks = [_assigned(number=number) for number in range(1, 400)]
    ends = [_by_command(cast.hear(task)) for task in tasks]
    assert sum("ReturnTask" in one for one in ends) > 2
    assert sum("HoldTask" in one for one in ends) > 0
    assert sum("ExtendTask" in one for one in ends) > 0
    assert sum("CompleteTask" in one for one in ends) > len(tasks) * MANNERS["prompt"] / 100 - 20


def test_department_accepts_before_it_completes(cast: Cast) -> None:
    """In the order of the clock, on its own topic, with the case's number as key."""
    says = sorted(cast.hear(_assigned()), key=lambda one: one.at)
    assert [one.command for one in says] == [AcceptTask, CompleteTask]
    message = says[0].submission().message
    assert message.topic == "gw.620802.in.housing"
    assert message.key == CASE


def test_command_that_makes_no_sense_any_more_is_not_given(world: World, cast: Cast) -> None:
    """A department looks at its list before it speaks: a task that was taken away is not accepted."""
    agenda = Agenda(world.desk)
    task = _assigned()
    agenda.add(cast.hear(task))
    taken = said.TaskSuperseded(**COMMON, case_id=CASE, task_id=task.task_id, department="housing", reason="re-routed")
    list(cast.hear(taken))
    assert agenda.due(NINE + timedelta(days=2)) == []


def test_centre_gives_a_returned_task_to_whom_the_department_named(cast: Cast) -> None:
    """And classifies what came without a category by its words."""
    returned = said.TaskReturned(
        **COMMON, case_id=CASE, task_id=f"{CASE}/housing#1", department="housing", reason="not ours",
        suggest="utilities", count=1, allowed=2,
    )  # fmt: skip
    (assign,) = cast.hear(returned)
    assert (assign.command, assign.partner, assign.data["lead"]) == (AssignCase, "centre", "utilities")
    triaged = said.CaseTriaged(
        **COMMON, case_id=CASE, reason="no category", limit=HANDLE.limit, severity=3, text="小区门口路灯不亮",
        partner="hotline-12345", profile_version=1,
    )  # fmt: skip
    (classify,) = cast.hear(triaged)
    assert (classify.command, classify.data["category"]) == (ClassifyCase, "P01037")


def test_grid_worker_verifies_by_day() -> None:
    """What is resolved at night is looked at the next morning."""
    midnight = datetime(2026, 7, 1, 16, tzinfo=UTC)
    assert shift(midnight) == datetime(2026, 7, 1, 23, tzinfo=UTC)
    assert shift(NINE) == NINE


def test_team_members_answer_and_come_to_the_place(cast: Cast) -> None:
    """Each for itself; a check-in is as near as a telephone's GPS says."""
    says = _by_command(cast.hear(_summoned(CASE, "housing", "utilities", "health", "police")))
    assert len(says["AnswerTeam"]) >= 3
    for one in says["CheckInTeam"]:
        assert one.data["lon"] == pytest.approx(106.66, abs=0.001)


def test_flooded_estate_has_one_member_that_comes_too_late() -> None:
    """Civil affairs gives no answer and arrives after the muster time; the other two make a quorum."""
    world = world_of(PROFILES, 1)
    stories = write(world, PROFILES, DAY, 10, 1).stories
    case = next(id_ for id_, script in stories.scripts.items() if "内涝" in script.title)
    event = _summoned(case, "housing", "civil-affairs", "township-dongguan")
    says = _by_command(Cast(world, stories).hear(event))
    assert {one.partner for one in says[AnswerTeam.__name__]} == {"housing", "township-dongguan"}
    arrivals = {one.partner: one.at for one in says[CheckInTeam.__name__]}
    assert arrivals["civil-affairs"] > event.muster_by
    assert max(arrivals["housing"], arrivals["township-dongguan"]) < event.muster_by


def test_three_departments_push_a_case_around_until_the_whistle() -> None:
    """Each returns it once and names the next; at the last return the centre blows the whistle for all three."""
    world = world_of(PROFILES, 1)
    stories = write(world, PROFILES, DAY, 10, 1).stories
    case = next(id_ for id_, script in stories.scripts.items() if "推诿" in script.title)
    cast = Cast(world, stories)
    (first,) = cast.hear(_assigned("housing", case))
    assert (first.command, first.data["suggest"]) == (ReturnTask, "utilities")
    last = said.TaskReturned(
        **COMMON, case_id=case, task_id=f"{case}/utilities#1", department="utilities", reason="not ours",
        suggest="urban-management", count=2, allowed=2,
    )  # fmt: skip
    says = _by_command(cast.hear(last))
    assert says[AssignCase.__name__][0].data["lead"] == "urban-management"
    assert says[BlowWhistle.__name__][0].data["departments"] == ["housing", "utilities", "urban-management"]


def test_verification_is_given_only_while_the_case_is_resolved(world: World) -> None:
    """A case that was closed or reopened meanwhile is not verified again."""
    verify = Say(NINE, world.districts["620802"].partner(PartnerKind.GRID_APP) or "", VerifyCase, CASE)
    assert not verify.still_meant(world.desk.file(CASE))
    world.desk.note(said.CaseResolved(**COMMON, case_id=CASE))
    assert verify.still_meant(world.desk.file(CASE))


def _tier(number: int = 1, **more: Any) -> TierEntered:
    facts: dict[str, Any] = {"tier_id": f"{CASE}/tier#{number}", "tier": "community", "owner": "township-dongguan"}
    return TierEntered(**COMMON, case_id=CASE, mediator="m-001001-1", reason="opened", **{**facts, **more})


def test_mediators_hear_both_sides_and_most_settle_it_the_same_day(cast: Cast) -> None:
    """Through the department they speak for; courts take longer than a day."""
    ends: list[str | None] = []
    for number in range(1, 101):
        session, *rest = cast.hear(_tier(number))
        assert (session.partner, session.data["consent"]) == ("township-dongguan", ["applicant", "respondent"])
        ends.append(rest[0].data["outcome"] if rest else None)
    assert ends.count("agreement") > 55
    assert {"failed", "withdrawn", None} <= set(ends)
    assert list(cast.hear(_tier(tier="court"))) == []
