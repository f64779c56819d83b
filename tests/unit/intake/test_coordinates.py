"""Coordinates: golden values, and there and back to far below a metre anywhere in China."""

from __future__ import annotations

from math import cos, hypot, radians
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.coordinates import (
    bd09_to_gcj02,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    in_china,
    straighten,
    to_wgs84,
    wgs84_to_gcj02,
)
from shared.contracts.incidents import Datum

LONS, LATS = st.floats(73.7, 135.0), st.floats(3.9, 53.5)


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the distance of two points that are close to each other."""
    return 111_195 * hypot((one[0] - other[0]) * cos(radians(one[1])), one[1] - other[1])


@pytest.mark.parametrize(
    ("wgs84", "gcj02"),
    [
        # Published test values of eviltransform: Shanghai, Shenzhen, Beijing.
        ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
        ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
        ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
    ],
)
def test_the_shift_is_the_published_one(wgs84: tuple[float, float], gcj02: tuple[float, float]) -> None:
    """Forward to what others publish, and back."""
    assert metres(wgs84_to_gcj02(*wgs84), gcj02) < 0.01
    assert metres(gcj02_to_wgs84(*gcj02), wgs84) < 0.01


def test_baidu_is_shifted_further() -> None:
    """A published pair: 天安门 in both."""
    assert metres(gcj02_to_bd09(116.404, 39.915), (116.41036949371029, 39.92133699351022)) < 1
    assert metres(bd09_to_gcj02(116.404, 39.915), (116.39762729119315, 39.90865673957631)) < 1


@given(LONS, LATS)
def test_gcj02_there_and_back_is_the_same_place(lon: float, lat: float) -> None:
    """To a centimetre, which is a hundredth of what is asked."""
    assert metres(gcj02_to_wgs84(*wgs84_to_gcj02(lon, lat)), (lon, lat)) < 0.01


@given(LONS, LATS)
def test_bd09_there_and_back_is_the_same_place(lon: float, lat: float) -> None:
    """Through both shifts."""
    shown = gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))
    assert metres(to_wgs84(*shown, Datum.BD09), (lon, lat)) < 0.05


@given(LONS, LATS)
def test_the_shift_is_hundreds_of_metres(lon: float, lat: float) -> None:
    """A datum that is taken for another one is a wrong street, not a rounding error."""
    assert 10 < metres(wgs84_to_gcj02(lon, lat), (lon, lat)) < 1_500


@given(st.floats(-180, 180), st.floats(-90, 90), st.sampled_from(Datum))
def test_outside_china_nothing_is_converted(lon: float, lat: float, datum: Datum) -> None:
    """Maps of the rest of the world are not shifted; everywhere the answer is a position."""
    found = to_wgs84(lon, lat, datum)
    assert all(abs(value) < 361 for value in found)
    if datum is Datum.WGS84 or not in_china(lon, lat):
        assert found == (lon, lat)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"lon": 106.66, "lat": 35.54}, (106.66, 35.54)),
        ({"lon": 35.54, "lat": 106.66}, (106.66, 35.54)),
        ({"lon": "35.54", "lat": "106.66"}, (106.66, 35.54)),
        ({"lon": 43.8, "lat": 87.6}, (87.6, 43.8)),
        ({"lon": -71.06, "lat": 42.36}, (-71.06, 42.36)),
        ({"lon": 0, "lat": 0}, (None, None)),
        ({"lon": 106.66, "lat": None}, (None, None)),
        ({"lon": "", "lat": ""}, (None, None)),
        ({"address": "解放中路"}, (None, None)),
    ],
)
def test_what_is_clearly_the_wrong_way_round_is_put_right(said: dict[str, Any], meant: tuple[Any, Any]) -> None:
    """Only where the pair is in China just the other way round; zeros and half pairs are no position."""
    found = straighten(said)
    assert (found["lon"], found["lat"]) == meant


@pytest.mark.parametrize("value", ["东经106", [106.66], {"a": 1}, True, 1e300, 10**400, "1e999", "nan"])
def test_what_is_no_number_is_left_to_validation(value: Any) -> None:
    """It is refused there with the name of its field."""
    assert straighten({"lon": value, "lat": 35.5})["lon"] in (value, None)
