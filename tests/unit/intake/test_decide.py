"""The decision about one report, and what leaves intake with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.intake.domain.decide import decide
from services.intake.domain.model import Outcome, Refused, ReportState, Sealed, Submission
from services.intake.domain.nearness import Match
from services.intake.domain.reading import Kind
from shared.contracts.incidents import Precision, ReportAccepted, ReportMerged
from shared.decision import Companion, Poison, Rejected
from shared.district.lookup import Place
from tests.unit.intake.test_normalise import draft
from tests.unit.intake.world import CASE, GRID, NOW, SENT, report

PLACE = Place(Precision.POLYGON, GRID, GRID[:12], GRID[:9])
SEALED = Sealed("r-1", "k:sealed", Companion("vault", {"_id": "r-1"}))
MATCH = Match(CASE, 12.5, 0.8)


def submission(match: Match | None = None, **more: Any) -> Submission:
    """Return a submission of the usual report with some fields changed."""
    return Submission(draft(report(**more)), PLACE, match, SEALED)


def test_a_new_report_is_accepted() -> None:
    """With its place, its reference to the reporter, and the version of the profile it was read by."""
    given = submission()
    decision = decide(None, given, NOW)
    (event,) = decision.events
    assert decision.reason == "accepted"
    assert isinstance(event, ReportAccepted)
    assert (event.case_id, event.grid, event.precision) == (given.draft.case_id, GRID, Precision.POLYGON)
    assert (event.reporter_ref, event.contact, event.profile_version) == ("r-1", "k:sealed", 3)
    assert (event.recorded_at, event.first, event.partner_kind) == (NOW, True, "grid_app")
    assert decision.companions == (SEALED.vault,)


def test_an_accepted_report_can_be_found_by_others() -> None:
    """Cell, category, position, time, and the beginning of its masked text."""
    state = decide(None, submission(text="垃圾" * 200), NOW).state
    assert state.near is not None
    assert (state.category, state.lon, state.lat) == ("E06010", 106.665, 35.545)
    assert len(state.sketch) == 120
    assert state.day == SENT.toordinal()


def test_a_report_counts_for_the_local_day_on_which_it_came() -> None:
    """Four in the morning is the evening before in UTC; partner and check count by the district's day."""
    given = submission()
    early = replace(given.draft.origin, received=SENT - timedelta(hours=5))
    state = decide(None, replace(given, draft=replace(given.draft, origin=early)), NOW).state
    assert state.day == early.received.toordinal() + 1


@pytest.mark.parametrize("changed", [{"category": "Z99"}, {"location": {"address": "解放中路"}}])
def test_without_category_or_position_nobody_is_merged_into_it(changed: dict[str, Any]) -> None:
    """It is not in the index at all."""
    state = decide(None, submission(**changed), NOW).state
    assert (state.near, state.category, state.sketch) == (None, None, "")


def test_a_household_of_a_batch_is_merged_with_no_neighbour() -> None:
    """Two thousand households of one estate report the same at once, and each is a file of its own."""
    decision = decide(None, submission(batch=CASE), NOW)
    (event,) = decision.events
    assert isinstance(event, ReportAccepted)
    assert (event.batch, decision.state.near) == (CASE, None)


def test_a_near_duplicate_is_merged() -> None:
    """Into the first report's case; the number it gives up is told, and how alike they were."""
    given = submission(MATCH)
    decision = decide(None, given, NOW)
    (event,) = decision.events
    assert decision.reason == "merged"
    assert isinstance(event, ReportMerged)
    assert (event.case_id, event.merged_case_id) == (CASE, given.draft.case_id)
    assert (event.distance_m, event.similarity, event.first) == (12.5, 0.8, False)
    assert (decision.state.outcome, decision.state.into, decision.state.near) == (Outcome.MERGED, CASE, None)
    assert decision.companions == (SEALED.vault,)


@pytest.mark.parametrize("first", [None, MATCH])
def test_the_same_report_again_changes_nothing(first: Match | None) -> None:
    """It is counted; nothing is told a second time, whatever it would match by now."""
    state = decide(None, submission(first), NOW).state
    decision = decide(state, submission(Match("620802-260701-aaaaaaaa", 1, 1)), NOW)
    assert (decision.reason, decision.events, decision.companions) == ("duplicate", (), ())
    assert decision.state == state.model_copy(update={"duplicates": 1})


def test_the_same_id_with_other_content_is_refused() -> None:
    """Nobody can know which of the two is meant; the state stays as it was."""
    state = decide(None, submission(), NOW).state
    with pytest.raises(Rejected, match="with another content") as caught:
        decide(state, submission(text="别的事"), NOW)
    assert (caught.value.error, caught.value.state_met) == ("conflicting-duplicate", "accepted")


def test_a_refused_report_stays_refused() -> None:
    """With the reason it was refused for."""
    poison = Poison("unknown-category", "Nobody knows it.")
    with pytest.raises(Poison) as caught:
        decide(None, Refused(poison, Kind.REPORT), NOW)
    assert caught.value is poison


def test_the_state_survives_the_database() -> None:
    """Stored without defaults, read back the same."""
    for match in (None, MATCH):
        state = decide(None, submission(match), NOW).state
        assert ReportState.model_validate(state.model_dump(exclude_defaults=True)) == state


def test_the_decision_depends_on_nothing_else() -> None:
    """Decided again, it is the same."""
    given = submission()
    assert decide(None, given, NOW) == decide(None, replace(given), NOW)
