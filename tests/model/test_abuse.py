"""Ways to look good without being it, each tried through messages from end to end (DOMAIN §3)."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.base import Event
from shared.contracts.cases import CaseClosed, TaskExtended
from shared.contracts.escalations import (
    CaseEscalated,
    ClockBreached,
    ClockBreachWithdrawn,
    ClockExtensionIgnored,
    ClockStopped,
    ClockWarned,
    TeamSummoned,
    Verdict,
)
from tests.support.abuse import Town, at, changed
from tests.support.history import FILM, PHOTO

HANDLE = "housing#1/handle"
OWN = {"approval_required": False}


def test_an_extension_after_expiry_is_refused() -> None:
    """By the department as by the centre; what was asked for in time the centre may still grant."""
    town = Town("2026-07-01T09:00")
    town.report()
    town.until("2026-07-01T15:30")
    more = {"reason": "frost", "limit": "1 working_days"}
    assert town.say("housing", "task.extend", **more) == "task-expired"
    assert town.say("centre", "task.extend", **more) == "task-expired"
    assert town.clock(HANDLE).breached_at == at("2026-07-01T15:30")

    other = Town("2026-07-01T09:00")
    other.report()
    other.until("2026-07-01T15:00")
    assert other.say("housing", "task.extend", **more) == ""
    other.until("2026-07-01T16:00")
    assert other.say("centre", "task.extend", **more) == ""
    assert len(other.said(ClockBreachWithdrawn)) == 1, "the centre's slowness is not the department's fault"


def test_an_extension_granted_because_escalation_lags_undoes_no_breach() -> None:
    """The router has not heard that the limit ran out; escalation knows better and says so, and it is taken back."""
    town = Town("2026-07-01T09:00", changed(extensions=OWN))
    town.report()
    town.cores.clock.instant = at("2026-07-01T15:45")  # nobody has swept: the breach of 15:30 is not known
    assert town.say("housing", "task.extend", reason="frost", limit="1 working_days") == ""

    (granted,) = town.said(TaskExtended, "cases")
    assert granted.asked_at == at("2026-07-01T15:45")
    (ignored,) = town.said(ClockExtensionIgnored)
    assert (ignored.due_at, ignored.asked_at) == (at("2026-07-01T15:30"), at("2026-07-01T15:45"))
    assert not town.said(ClockBreachWithdrawn)
    assert town.clock(HANDLE).due_at == at("2026-07-01T15:30")
    assert (town.task().extensions, town.task().expired_at) == (0, at("2026-07-01T15:30"))
    assert town.notices("extension_ignored") == {"housing/duty_officer", "centre/duty_officer"}
    town.complete()
    assert town.clock(HANDLE).verdict is Verdict.LATE


def test_a_backdated_wish_for_more_time_counts_from_when_it_came() -> None:
    """`occurred_at` before the limit ran out does not help."""
    town = Town("2026-07-01T09:00", changed(extensions=OWN))
    town.report()
    town.until("2026-07-01T16:00")
    said = {"reason": "frost", "limit": "1 working_days"}
    assert town.say("housing", "task.extend", "2026-07-01T15:00", **said) == "task-expired"


@pytest.mark.parametrize(
    ("start", "held", "resumed", "due"),
    [
        # Spring Festival 2026 is 15 to 23 February; Saturday the 14th and Saturday the 28th are worked (调休).
        ("2026-02-13T16:00", "2026-02-13T17:00", "2026-02-24T08:30", "2026-02-24T11:30"),
        ("2026-02-13T16:00", "2026-02-13T17:00", "2026-02-14T08:30", "2026-02-14T11:30"),
        ("2026-02-27T16:00", "2026-02-27T17:00", "2026-02-28T14:30", "2026-02-28T17:30"),
    ],
    ids=["across the festival", "into the make-up Saturday", "over a night before one"],
)
def test_a_hold_across_a_holiday_gives_back_what_was_left_and_no_more(
    start: str, held: str, resumed: str, due: str
) -> None:
    """Three of four working hours were left; neither festival nor make-up day is counted twice or for nothing."""
    town = Town(start)
    town.report()
    town.until(held)
    assert town.say("centre", "task.hold", reason="frost") == ""
    town.until(resumed)
    assert town.say("centre", "task.resume") == ""
    assert town.clock(HANDLE).due_at == at(due)
    assert [entry.by for entry in town.clock(HANDLE).ledger if entry.what == "held"] == ["centre"]


def test_a_hold_cannot_be_dated_back_over_a_limit_that_ran_out() -> None:
    """A department that may hold by itself holds from now on; what has run out, nobody holds."""
    town = Town("2026-07-01T09:00", changed(holds=OWN))
    town.report()
    town.until("2026-07-01T15:40")
    assert town.say("housing", "task.hold", "2026-07-01T15:00", reason="rain") == "task-expired"
    assert town.say("centre", "task.hold", reason="rain") == "task-expired"
    assert not town.said(ClockBreachWithdrawn)

    early = Town("2026-07-01T09:00", changed(holds=OWN))
    early.report()
    early.until("2026-07-01T11:00")
    assert early.say("housing", "task.hold", "2026-07-01T09:30", reason="rain") == ""
    (held,) = [entry for entry in early.clock(HANDLE).ledger if entry.what == "held"]
    assert held.at == at("2026-07-01T11:00")


@pytest.mark.parametrize("then", ["whistle", "centre"])
def test_after_the_last_refusal_allowed_somebody_decides(then: str) -> None:
    """Nobody refuses any more; the whistle blows, or the centre has its time to decide."""
    town = Town("2026-07-01T09:00", changed(refusals={"then": then}))
    town.report()
    assert town.say("housing", "task.return", reason="not ours") == ""
    assert town.say("centre", "case.assign", lead="police") == ""
    assert town.say("police", "task.return", reason="not ours either") == ""
    assert [one.reason for one in town.said(TeamSummoned)] == (["refusals"] if then == "whistle" else [])
    assert town.say("centre", "case.assign", lead="water") == ""
    assert town.say("water", "task.return", reason="nor ours") == "refusals-exhausted"
    assert town.task().state == "assigned", "water keeps it"
    assert town.clock("case").due_at == at("2026-07-01T15:30"), "and the reporter's clock never moved"


def test_a_centre_that_does_not_decide_is_late_itself() -> None:
    """Its clock of two working hours breaches and the case rises."""
    town = Town("2026-07-01T09:00", changed(refusals={"then": "centre"}))
    town.report()
    town.say("housing", "task.return", reason="not ours")
    town.until("2026-07-01T11:01")
    assert [(one.kind, one.owner) for one in town.said(ClockBreached)] == [("arbitrate", "centre")]
    assert [one.reason for one in town.said(CaseEscalated)] == ["arbitrate_breached"]


def test_refusing_what_has_run_out_leaves_it_late() -> None:
    """A refusal does not wash the figure: late, and not void."""
    town = Town("2026-07-01T09:00")
    town.report()
    town.say("housing", "task.accept")
    town.until("2026-07-01T15:31")
    assert town.say("housing", "task.return", reason="not ours") == ""
    stopped = [one for one in town.said(ClockStopped) if one.kind == "handle"]
    assert [(one.verdict, one.original_verdict) for one in stopped] == [(Verdict.LATE, Verdict.LATE)]


@pytest.mark.parametrize("shown", [[], [FILM], [PHOTO, PHOTO]], ids=["nothing", "the wrong kind", "one picture twice"])
def test_nothing_closes_before_the_evidence_is_there(shown: list[Any]) -> None:
    """Neither by completing, nor by verifying what is not resolved."""
    profile = changed()
    needs_two = tuple(
        one.model_copy(update={"evidence": one.evidence and one.evidence.model_copy(update={"min_media": 2})})
        for one in profile.categories
    )
    town = Town("2026-07-01T09:00", profile.model_copy(update={"categories": needs_two}))
    town.report("E03002")
    housing = town.case.id_of(town.case.tasks[0])
    assert town.say("housing", "task.complete", task_id=housing, evidence=shown) == "missing-evidence"
    assert town.say("grid-app", "case.verify", ok=True) == "illegal-transition"
    assert town.case.state == "dispatched"
    assert not town.said(CaseClosed, "cases")


def test_a_word_a_day_keeps_no_case_alive() -> None:
    """Notes of progress move no clock, accept nothing and silence nobody: all happens as without them."""

    def told(notes: bool) -> tuple[list[Event], Town]:  # noqa: FBT001 - reads as a condition
        town = Town("2026-07-01T09:00")
        town.report()
        for _ in range(20):
            if notes:
                assert town.say("housing", "task.progress", note="we are looking into it") == ""
            town.later(hours=1)
        kinds = (ClockWarned, ClockBreached, CaseEscalated, TeamSummoned)
        return [one for kind in kinds for one in town.said(kind)], town

    (silent, _), (touched, town) = told(notes=False), told(notes=True)
    assert [(one.type, one.occurred_at) for one in touched] == [(one.type, one.occurred_at) for one in silent]
    assert len([one for one in touched if isinstance(one, CaseEscalated)]) == 3
    assert town.task().accepted_at is None
    assert town.case.state == "dispatched"


def test_closing_and_reopening_washes_nothing_clean() -> None:
    """Closed in time with nothing done, opened again: the old limit counts, and with it the whole case is late."""
    town = Town("2026-07-01T09:00")
    town.report()
    town.say("housing", "task.accept")
    town.later(hours=1)
    town.complete()
    town.say("grid-app", "case.verify", ok=True)
    assert town.case.state == "closed"
    town.until("2026-07-02T09:00")
    assert town.say("centre", "case.reopen", reason="nothing was done") == ""

    again = town.clock("case#2")
    assert (again.due_at, again.original_due_at) == (at("2026-07-01T15:30"), at("2026-07-01T15:30"))
    assert [one.owner for one in town.said(ClockBreached)] == ["housing"], "late from the first moment, and its own"
    assert [one.level for one in town.said(CaseEscalated)] == [1]
    town.later(hours=1)
    town.complete()
    town.say("grid-app", "case.verify", ok=True)
    assert [one.verdict for one in town.said(ClockStopped) if one.kind == "case"] == [Verdict.ON_TIME, Verdict.LATE]
    first, second = town.said(CaseClosed, "cases")
    assert (first.episode, second.episode) == (1, 2)
    assert second.handling_seconds == pytest.approx(25 * 3600), "from the report, not from the reopening"


def test_a_failed_verification_goes_on_with_the_old_clock() -> None:
    """And a case tied to an open dispute does not close, whoever says that it is solved."""
    town = Town("2026-07-01T09:00")
    case = town.report()
    dispute = town.report("D0402")
    town.case_id = case
    assert town.say("centre", "case.link", other=dispute) == ""
    town.complete()
    assert town.say("grid-app", "case.verify", ok=True) == ""
    assert (town.case.state, town.case.closing) == ("resolved", "solved")
    assert town.say("grid-app", "case.verify", ok=False, reason="still there") == ""
    assert (town.case.state, town.case.episode) == ("dispatched", 2)
    assert town.clock("case#2").due_at == town.clock("case").due_at


def test_a_whistle_to_a_grid_in_words_has_a_fence() -> None:
    """Words that name a grid have a point; from another district nobody checks in."""
    town = Town("2026-07-01T09:00")
    town.report()
    assert town.say("centre", "case.whistle", departments=["housing", "water"], place="第一网格东侧路口") == ""
    far: dict[str, Any]
    near: dict[str, Any]
    far, near = {"lon": 106.9, "lat": 35.9}, {"lon": 106.665, "lat": 35.545}
    assert town.say("housing", "team.check-in", nonce="nonce-001", **far) == "outside-geofence"
    assert town.say("housing", "team.check-in", nonce="nonce-002", **near) == ""
    (summoned,) = town.said(TeamSummoned)
    assert (summoned.place.lon, summoned.place.address) == (106.665, "第一网格东侧路口")
