"""Nearness: what is one matter, and that the cells never miss one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import cos, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.nearness import (
    METRES_A_DEGREE,
    Sighting,
    best_match,
    cells_around,
    distance_m,
    match,
    own_cell,
    similarity,
)
from services.intake.domain.rounds import MAX_ROUNDS, Waiting, find_match, split
from shared.district.policies import NearDuplicates
from tests.unit.intake.world import CASE, DISTRICT, NOW

POLICY = NearDuplicates(radius_m=50, window=timedelta(hours=2), text_similarity=0.4)
TEXT = "解放中路12号楼道堆放垃圾无人清理"
HERE = Sighting(CASE, DISTRICT, "E06010", 106.66, 35.54, NOW, TEXT)


def moved(metres: float, sighting: Sighting = HERE) -> Sighting:
    """Return the same report so many metres further east."""
    degrees = metres / METRES_A_DEGREE / cos(radians(sighting.lat))
    return replace(sighting, case_id=f"620802-260701-{int(metres) % 1000:03}aaaaa", lon=sighting.lon + degrees)


@pytest.mark.parametrize(
    ("other", "one_matter"),
    [
        (moved(20), True),
        (moved(49.9), True),
        (moved(50.1), False),
        (replace(moved(20), at=NOW + timedelta(hours=2)), True),
        (replace(moved(20), at=NOW - timedelta(hours=2, seconds=1)), False),
        (replace(moved(20), category="E06036"), False),
        (replace(moved(20), district="620171"), False),
        (replace(moved(20), sketch="解放中路12号楼道里堆了垃圾,请清理"), True),
        (replace(moved(20), sketch="路灯不亮,夜里看不见路"), False),
        (replace(moved(20), sketch=""), True),
        (replace(moved(20), sketch="!"), True),
    ],
)
def test_category_place_time_and_text_make_one_matter(other: Sighting, *, one_matter: bool) -> None:
    """All of them; a report without text is not contradicted by one."""
    assert (match(HERE, other, POLICY) is not None) is one_matter


def test_the_likest_text_wins_and_then_the_nearest() -> None:
    """The text breaks the tie between several that fit."""
    near, far = replace(moved(5), sketch=""), moved(40)
    assert best_match(HERE, [near, far], POLICY) == match(HERE, far, POLICY)
    assert best_match(HERE, [moved(30), moved(10)], POLICY) == match(HERE, moved(10), POLICY)
    assert best_match(HERE, [], POLICY) is None


def test_likeness_is_between_nothing_and_all() -> None:
    """Punctuation and blanks do not count."""
    assert similarity(TEXT, TEXT) == 1.0
    assert similarity(f"{TEXT}!!", f" {TEXT}。") == 1.0
    assert similarity("路灯不亮", "垃圾成堆") == 0.0
    assert similarity(TEXT, "") is None


def test_distance_is_right_for_a_street() -> None:
    """A hundredth of a degree of latitude is 1.1 km."""
    assert distance_m(HERE, replace(HERE, lat=35.55)) == pytest.approx(1_112, abs=2)
    assert distance_m(HERE, moved(40)) == pytest.approx(40, abs=0.1)


@given(
    st.floats(-179, 179),
    st.floats(-85, 85),
    st.floats(1, 5_000),
    st.floats(0, 1),
    st.floats(0, 6.283),
)
def test_a_match_always_lies_in_one_of_the_cells(
    lon: float, lat: float, radius: float, share: float, turn: float
) -> None:
    """Whatever the radius of the district and wherever it is, and there are never many cells."""
    up = share * radius / METRES_A_DEGREE
    other = replace(HERE, lon=lon, lat=lat)
    north = lat + up * cos(turn)
    east = lon + up * cos(turn - 1.5708) / cos(radians(max(abs(lat), abs(north))))
    report = replace(HERE, lon=east, lat=north)
    around = list(cells_around(report, radius))
    if distance_m(report, other) <= radius:
        assert own_cell(other, radius) in around
    assert len(around) <= 60


def test_a_usual_radius_asks_for_a_few_cells() -> None:
    """The query of a batch has so many keys for each report."""
    assert len(list(cells_around(HERE, 50))) <= 4


def waiting(sighting: Sighting | None, name: str = "") -> Waiting:
    """Return a report as it waits."""
    cells = tuple(cells_around(sighting, POLICY.radius_m)) if sighting else ()
    return Waiting(name or (sighting.case_id if sighting else "none"), sighting, POLICY, cells)


def test_reports_that_match_wait_for_the_first() -> None:
    """Those that match nobody do not."""
    first, near, far, unplaced = (
        waiting(HERE, "1"),
        waiting(moved(20), "2"),
        waiting(moved(500), "3"),
        waiting(None, "4"),
    )
    now, later = split([first, near, far, unplaced])
    assert [one.aggregate for one in now] == ["1", "3", "4"]
    assert [one.aggregate for one in later] == ["2"]


def test_a_surge_needs_two_rounds_not_hundreds() -> None:
    """Five hundred reports of one matter: the first, and then all the others at once."""
    now, later = split([waiting(moved(number % 40), str(number)) for number in range(500)])
    assert (len(now), len(later)) == (1, 499)
    assert MAX_ROUNDS >= 2


def test_a_report_is_no_match_of_itself() -> None:
    """One that comes again meets its own earlier self among the known."""
    known = {own_cell(HERE, POLICY.radius_m): [HERE]}
    assert find_match(waiting(HERE), known) is None
    found = find_match(waiting(moved(20)), known)
    assert found is not None
    assert found.case_id == CASE
