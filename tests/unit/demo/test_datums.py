"""The generator's conversions are the inverse of intake's."""

from __future__ import annotations

import pytest

from deploy.demo.datums import convert
from deploy.demo.places import moved
from shared.contracts.incidents import Datum


@pytest.mark.parametrize("datum", list(Datum))
def test_other_datums_lie_hundreds_of_metres_away_but_not_kilometres(datum: Datum) -> None:
    """Whoever takes one datum for another is off by 0.3 to 2 km here."""
    lon, lat = convert(106.6651, 35.5428, datum)
    metres = (((lon - 106.6651) * 90_600) ** 2 + ((lat - 35.5428) * 111_320) ** 2) ** 0.5
    assert metres == 0 if datum is Datum.WGS84 else 300 < metres < 2_000


def test_known_position_is_converted_as_published() -> None:
    """The published example of the algorithm, near Beijing."""
    assert convert(116.404, 39.915, Datum.GCJ02) == pytest.approx((116.41024, 39.91640), abs=2e-5)


def test_moving_twenty_metres_moves_twenty_metres() -> None:
    """Near-duplicates lie as far apart as they are meant to."""
    lon, lat = moved(106.6651, 35.5428, 20.0, 0.0)
    assert (lon - 106.6651) * 111_320 * 0.8137 == pytest.approx(20.0, rel=0.01)
    assert lat == 35.5428
