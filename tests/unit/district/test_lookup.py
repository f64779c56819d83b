from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.incidents import Precision
from shared.district.lookup import Asked, DirectoryIndex, Place
from shared.district.model import Profile


@pytest.fixture
def index(raw: dict[str, Any]) -> DirectoryIndex:
    """Give the index of the small profile."""
    return DirectoryIndex(Profile.model_validate(raw))


@pytest.mark.parametrize(
    ("lon", "lat", "grid"),
    [
        (0.1, 0.1, "110101001001001"),
        (1.5, 0.5, "110101001001002"),
        (0.3, 0.3, "110101001001501"),  # the exclusive grid, not the basic one around it
        (0.5, 0.5, "110101001001A01"),  # its sub-grid
        (1.0, 0.5, "110101001001001"),  # on the border: the first by code
        (5.0, 5.0, None),
        (math.nan, 0.5, None),
    ],
)
def test_a_point_lies_in_the_most_particular_grid(index: DirectoryIndex, lon: float, lat: float, grid: str) -> None:
    """Sub-grid before exclusive before basic."""
    assert index.grid_at(lon, lat) == grid


def test_a_batch_of_points_gives_what_single_points_give(kongtong: DirectoryIndex) -> None:
    """And finds a grid for points inside the district only."""
    rng = np.random.default_rng(7)
    lons, lats = rng.uniform(106.4, 107.2, 200).tolist(), rng.uniform(35.25, 35.8, 200).tolist()
    found = kongtong.grids_at(lons, lats)
    assert found == [kongtong.grid_at(lon, lat) for lon, lat in zip(lons, lats, strict=True)]
    assert {None} < set(found)
    assert kongtong.grids_at([], []) == []


def test_an_old_code_leads_to_its_heir_in_force(index: DirectoryIndex) -> None:
    """Through any number of re-cuts; a point chooses among several heirs, without one it is the first."""
    codes = {
        "given": index.grid_by_code("110101001001901"),
        "with a point": index.grid_by_code("110101001001901", 0.1, 0.1),
        "point elsewhere": index.grid_by_code("110101001001901", 9, 9),
        "in force": index.grid_by_code("110101001001001"),
        "unknown": index.grid_by_code("110101001001999"),
    }
    assert {name: grid and grid.code for name, grid in codes.items()} == {
        "given": "110101001001002",
        "with a point": "110101001001001",
        "point elsewhere": "110101001001002",
        "in force": "110101001001001",
        "unknown": None,
    }


@pytest.mark.parametrize(
    ("text", "community", "township"),
    [
        ("和平里社区居委会门口", "110101001001", "110101001"),
        ("和平里社区3号楼", "110101001001", "110101001"),
        ("东街街道和平里12号", "110101001001", "110101001"),
        ("新 华 路12号", "110101001002", "110101001"),
        ("西河镇柳树村三社", "110101002200", "110101002"),  # the township decides between villages of one name
        ("柳树村三社", None, None),  # two townships have one
        ("西河镇政府", None, "110101002"),
        ("西河镇和平里", None, "110101002"),  # does not fit: the township is believed
        ("和平里与新华路交叉口", None, "110101001"),  # as long as each other, in one township
        ("东街街道办事处", None, "110101001"),
        ("东街上", None, None),  # two characters mean too much
        ("柳树下面", None, None),
        ("", None, None),
    ],
)
def test_names_are_found_in_full_and_in_short(
    index: DirectoryIndex, text: str, community: str | None, township: str | None
) -> None:
    """The longest match counts; what is ambiguous is no better than the township, or nothing."""
    named = index.by_address(text)
    assert (named.community, named.township) == (community, township)


@given(text=st.text(alphabet="和平里社区新华路柳树村西河镇东街道委会一二三 ", max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_text_names_one_place_or_none(kongtong: DirectoryIndex, text: str) -> None:
    """A community always comes with its own township."""
    named = kongtong.by_address(text)
    assert named.community is None or named.community.startswith(named.township or "?")


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        (Asked(grid="110101001001002", lon=0.1, lat=0.1), (Precision.GIVEN, "110101001001002")),
        (Asked(grid="110101001001901", lon=0.1, lat=0.1), (Precision.GIVEN, "110101001001001")),
        (Asked(grid="nonsense", lon=0.1, lat=0.1), (Precision.POLYGON, "110101001001001")),
        (Asked(grid="110101001001"), (Precision.COMMUNITY, None)),
        (Asked(grid="110101002"), (Precision.TOWNSHIP, None)),
        (Asked(lon=0.1, lat=0.1, address="西河镇"), (Precision.POLYGON, "110101001001001")),
        (Asked(lon=50, lat=5, address="和平里社区"), (Precision.COMMUNITY, None)),
        (Asked(address="西河镇"), (Precision.TOWNSHIP, None)),
        (Asked(lon=50, lat=5), (Precision.DISTRICT, None)),
        (Asked(), (Precision.DISTRICT, None)),
    ],
)
def test_a_place_is_found_as_precisely_as_it_can_be(
    index: DirectoryIndex, asked: Asked, place: tuple[Precision, str | None]
) -> None:
    """Given code, then polygon, then name, then the district; a known community has no grid made up for it."""
    found = index.locate(asked)
    assert (found.precision, found.grid) == place
    if found.grid:
        assert (found.community, found.township) == (found.grid[:12], found.grid[:9])


def test_many_places_at_once_are_the_same_places(index: DirectoryIndex) -> None:
    """A report without a point does not disturb those with one."""
    asked = [Asked(lon=0.1, lat=0.1), Asked(address="西河镇"), Asked(lon=1.5, lat=0.5)]
    assert index.locate_all(asked) == [index.locate(one) for one in asked]
    assert index.locate_all([]) == []
    assert index.locate(Asked(grid="110101001001")) == Place(Precision.COMMUNITY, None, "110101001001", "110101001")


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("E06010", "E06010"),
        (" e06010 ", "E06010"),
        ("06010", "E06010"),
        ("11010106010", "E06010"),  # SXDM: district and class
        ("62080206010", None),  # of another district
        ("0102", "E06010"),
        ("E0102", "E06010"),
        ("暴露垃圾", "E06010"),
        ("垃圾暴露", "E06010"),
        ("其他", None),  # two categories are called so
        ("D0402", "D0402"),
        ("GarbageExposed", None),  # without the label map of the partner
        ("", None),
        ("99999", None),
    ],
)
def test_a_category_is_found_by_whatever_means_exactly_one(index: DirectoryIndex, value: str, key: str | None) -> None:
    """Key, bare code, code with district, old code, name, alias."""
    found = index.category(value)
    assert (found and found.key) == key


def test_a_label_means_what_the_partners_own_map_says(index: DirectoryIndex) -> None:
    """Labels are looked up only in the map of the partner that sent them."""
    found = index.category("GarbageExposed", "camera")
    assert found is not None
    assert found.key == "E06010"


def test_things_are_found_by_code(index: DirectoryIndex) -> None:
    """Departments, partners, townships, communities, grids; nothing under a code nobody has."""
    assert index.department("housing") is not None
    assert index.partner("video") is not None
    assert index.township("110101001") is not None
    assert index.community("110101001001") is not None
    assert index.grid("110101001001901") is not None
    nothing = (index.department("x"), index.partner("x"), index.township("x"), index.community("x"), index.grid("x"))
    assert nothing == (None,) * 5
