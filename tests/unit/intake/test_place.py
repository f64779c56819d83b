"""Places: found as precisely as they can be, one call for a batch; districts of reports whose sender knows none."""

from __future__ import annotations

from typing import Any

import pytest

from services.intake.domain.district import Extent, find_district
from services.intake.domain.place import find_places
from shared.contracts.incidents import Precision
from shared.district.lookup import Asked
from tests.unit.intake.world import DISTRICT, GRID, INDEX, NEXT_GRID, OTHER, OTHER_INDEX

EXTENTS = (Extent.of(INDEX), Extent.of(OTHER_INDEX))
CASES: list[tuple[Asked, str, Precision, str | None]] = [
    (Asked(GRID, 106.675, 35.545), "", Precision.GIVEN, GRID),
    (Asked("620802999999999", 106.675, 35.545), "", Precision.POLYGON, NEXT_GRID),
    (Asked(None, 106.665, 35.545, "保丰社区"), "", Precision.POLYGON, GRID),
    (Asked(None, 107.5, 35.5, "解放中路社区12号"), "", Precision.COMMUNITY, "620802001001"),
    (Asked(None, None, None, "东关街道某处"), "", Precision.TOWNSHIP, "620802001"),
    (Asked(None, None, None, "不详"), "保丰社区门口有垃圾", Precision.COMMUNITY, "620802001002"),
    (Asked(None, None, None, None), "东关街道垃圾", Precision.TOWNSHIP, "620802001"),
    (Asked(), "有垃圾", Precision.DISTRICT, None),
]


def test_each_place_is_found_as_precisely_as_it_can_be() -> None:
    """Given code, polygon, community, township, district: in this order, all in one call."""
    found = find_places(INDEX, [asked for asked, *_ in CASES], [text for _, text, *_ in CASES])
    for place, (_, _, precision, code) in zip(found, CASES, strict=True):
        assert place.precision is precision
        assert code in (place.grid or place.community or place.township, None)


def test_wider_areas_are_filled_in() -> None:
    """A grid tells its community and township."""
    (place,) = find_places(INDEX, [Asked(GRID)], [""])
    assert (place.grid, place.community, place.township) == (GRID, GRID[:12], GRID[:9])


@pytest.mark.parametrize(
    ("asked", "text", "district"),
    [
        (Asked(GRID), "", DISTRICT),
        (Asked("620171001001001", 106.665, 35.545), "", OTHER),
        (Asked(None, 106.665, 35.545), "", DISTRICT),
        (Asked(None, 103.605, 35.545), "", OTHER),
        (Asked(None, None, None, "甘肃省平凉市崆峒区某路"), "", DISTRICT),
        (Asked(None, None, None, "纬一路社区3号"), "", OTHER),
        (Asked(), "解放中路社区的垃圾", DISTRICT),
        (Asked(None, 120.0, 30.0), "杭州的垃圾", None),
        (Asked(None, None, None, "东关街道"), "", None),
        (Asked(), "", None),
    ],
)
def test_a_district_is_found_by_code_position_or_name(asked: Any, text: str, district: str | None) -> None:
    """A name that two districts have decides nothing."""
    assert find_district(EXTENTS, asked, text) == district


def test_a_district_without_polygons_holds_no_point() -> None:
    """It is found by code and name only."""
    bare = Extent.of(type(INDEX)(INDEX.profile.model_copy(update={"grids": ()})))
    assert find_district((bare,), Asked(None, 106.665, 35.545), "") is None
    assert find_district((bare,), Asked(GRID), "") == DISTRICT
