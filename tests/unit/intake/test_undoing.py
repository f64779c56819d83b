"""A merge undone: the report gets the case of its own number, from its own instant, once, and only by the centre."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.intake.domain.decide import decide
from services.intake.domain.desk import Desk
from services.intake.domain.model import Outcome, ReportState
from services.intake.domain.nearness import Sighting, best_match, spot_of
from services.intake.domain.undoing import Undo
from shared.contracts.commands import UnmergeReport
from shared.contracts.incidents import ReportAccepted, ReportUnmerged
from shared.decision import Poison, Rejected
from shared.district.lookup import DirectoryIndex
from shared.district.policies import Surge
from tests.unit.intake.test_batch import sort
from tests.unit.intake.test_decide import MATCH, submission
from tests.unit.intake.world import CASE, DESK, DISTRICT, INDEX, NOW, command, envelope, profile, record, to_json

POLICY = INDEX.profile.near_duplicates


def undo(**more: Any) -> Undo:
    """Return the centre's command as it leaves the desk."""
    fields = {"partner": "grid-app", "report_id": "A-1", "reason": "另一栋楼", **more}
    said = DESK.command(envelope(command("case.unmerge", **fields), "centre"))
    assert isinstance(said, UnmergeReport)
    return Undo(said, POLICY, "k:moved")


def merged(**more: Any) -> ReportState:
    """Return a report that was merged into the case of others."""
    return decide(None, submission(MATCH, **more), NOW).state


def refusal(state: ReportState | None, said: Undo) -> Rejected:
    """Return how an undo is refused."""
    with pytest.raises(Rejected) as refused:
        decide(state, said, NOW)
    return refused.value


def test_the_report_gets_a_case_of_its_own_with_its_own_beginning() -> None:
    """Everything that was said of it, under its own number; the contact is the one sealed for that case."""
    given = submission(MATCH)
    decision = decide(merged(), undo(), NOW)
    own, apart = decision.events
    assert isinstance(own, ReportAccepted)
    assert (own.case_id, own.unmerged_from, own.first) == (given.draft.case_id, CASE, True)
    assert (own.occurred_at, own.recorded_at) == (given.draft.occurred_at, NOW)
    assert (own.text, own.category, own.grid, own.reporter_ref) == (given.draft.text, "E06010", given.place.grid, "r-1")
    assert own.contact == "k:moved"
    assert isinstance(apart, ReportUnmerged)
    assert (apart.case_id, apart.own_case_id, apart.by) == (CASE, own.case_id, "centre")
    assert (decision.reason, decision.state.outcome, decision.state.into) == ("unmerged", Outcome.ACCEPTED, None)


def test_a_limit_of_its_own_comes_back_with_the_report() -> None:
    """The partner's own due instant meant nothing to the case of others."""
    given = submission(MATCH)
    due = replace(given, draft=replace(given.draft, due_at=NOW))
    own = decide(decide(None, due, NOW).state, undo(), NOW).events[0]
    assert isinstance(own, ReportAccepted)
    assert own.due_at == NOW


def test_what_is_kept_of_a_merged_report_holds_no_contact_and_goes_with_the_undo() -> None:
    """A sealed contact kept beside the vault would outlive an erasure."""
    state = merged()
    assert b"sealed" not in (state.told or b"")
    assert decide(state, undo(), NOW).state.told is None


def test_later_reports_may_be_merged_into_the_case_it_got() -> None:
    """It lies where it was reported, as any accepted report does."""
    state = decide(merged(), undo(), NOW).state
    sighting = submission().draft.sighting()
    assert isinstance(sighting, Sighting)
    assert state.near is not None
    assert best_match(sighting, [replace(sighting, case_id=state.case_id, sketch=state.sketch)], POLICY)


def test_where_nothing_is_merged_it_lies_nowhere() -> None:
    """A district that has turned merging off since."""
    off = replace(undo(), policy=POLICY.model_copy(update={"enabled": False}))
    assert decide(merged(), off, NOW).state.near is None


@pytest.mark.parametrize(
    ("state", "said", "error", "sentence"),
    [
        (None, undo(), "unknown-report", "No report A-1 of grid-app is known"),
        (decide(merged(), undo(), NOW).state, undo(), "illegal-transition", f"was taken out of {CASE} before"),
        (decide(None, submission(), NOW).state, undo(), "illegal-transition", "it is the first of"),
        (merged(), undo(case_id="620802-260701-aaaaaaaa"), "illegal-transition", f"is part of {CASE}, not of"),
        (merged().model_copy(update={"told": None}), undo(), "illegal-transition", "merged by an earlier version"),
    ],
)
def test_what_was_not_merged_there_is_not_taken_out(
    state: ReportState | None, said: Undo, error: str, sentence: str
) -> None:
    """Unknown, done before, the first of its case, part of another case, merged before there was an undo."""
    poison = refusal(state, said)
    assert poison.error == error
    assert sentence in poison.message


def test_only_the_centre_takes_apart() -> None:
    """A department would rid itself of reports that way."""
    with pytest.raises(Poison) as refused:
        DESK.command(envelope(command("case.unmerge", partner="grid-app", report_id="A-1", reason="x"), "housing"))
    assert refused.value.error == "forbidden"


def test_a_report_taken_out_is_looked_for_in_surges_as_any_that_opened_a_case() -> None:
    """It is a matter of its own again: where many are reported, it is one of them."""
    index = DirectoryIndex(profile(surge=Surge(enabled=True)))
    value = to_json(command("case.unmerge", partner="grid-app", report_id="A-1", reason="另一栋楼"))
    (source,) = sort(record(value, id_="centre"), desk=Desk({DISTRICT: index})).undoings
    seen = submission(MATCH).draft.sighting()
    assert isinstance(seen, Sighting)
    assert decide(merged(), source.event, NOW).state.spot == spot_of(seen, index.profile.surge)


def test_the_command_goes_to_the_report_and_not_to_the_bus() -> None:
    """Router and notifier hear the two events instead; sent again under the same id it is the same command."""
    value = to_json(command("case.unmerge", partner="grid-app", report_id="A-1", reason="另一栋楼"))
    batch = sort(record(value, id_="centre"))
    (source,) = batch.undoings
    assert (batch.passing, batch.commands, batch.rejections) == ([], [], [])
    assert source.aggregate == "620802/grid-app/A-1"
    assert source.record is not None
