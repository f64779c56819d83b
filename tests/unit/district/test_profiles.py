from __future__ import annotations

import csv
import os
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.districts.generate import grids
from shared.contracts.actors import PartnerKind
from shared.district.areas import GridKind
from shared.district.lookup import DirectoryIndex
from shared.district.parties import DepartmentKind
from shared.district.rules import Facts, Routing, choose

DISTRICTS = Path(__file__).parents[3] / "deploy" / "districts"
CODES = Path(os.environ.get("GW_REAL_DATA", Path(__file__).parents[4] / "shared" / "data")) / "codes"


def test_kongtong_has_what_its_centre_reports(kongtong: DirectoryIndex) -> None:
    """20 townships and the scenic area, 277 communities, 693 + 236 grids, 15 resident departments, 22 stations."""
    profile = kongtong.profile
    kinds = Counter(one.kind for one in profile.departments)
    resident = [one for one in profile.departments if one.note == "入驻部门" or one.code == "housing"]
    assert len(profile.townships) == 21
    assert len(profile.communities) == 277
    assert Counter(grid.kind for grid in profile.grids) == {GridKind.BASIC: 693, GridKind.EXCLUSIVE: 236}
    assert (kinds[DepartmentKind.TOWNSHIP], kinds[DepartmentKind.POLICE_STATION], len(resident)) == (20, 22, 15)


def test_national_codes_are_all_there(kongtong: DirectoryIndex) -> None:
    """250 matters, 153 components, 95 dispute codes, and local ones for what the tables leave out."""
    kinds = Counter(category.kind for category in kongtong.profile.categories)
    assert (kinds["E"], kinds["P"], kinds["D"]) == (250, 153, 95)
    assert kinds["L"] >= 20


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "where", "column", "prefix"),
    [
        ("gbt47678_5_2026.csv", ("kind", "管理事项"), "code", "E"),
        ("gbt47678_5_2026.csv", ("kind", "管理部件"), "code", "P"),
        ("gbt31000_2015.csv", ("table", "事件类型"), "code", "D"),
    ],
)
def test_codes_and_names_are_those_of_the_standard(
    kongtong: DirectoryIndex, file: str, where: tuple[str, str], column: str, prefix: str
) -> None:
    """Compared with the tables themselves where they are at hand."""
    if not (CODES / file).exists():
        pytest.skip(f"{CODES / file} is not there; GW_REAL_DATA names the folder")
    with (CODES / file).open(encoding="utf-8") as table:
        expected = {prefix + row[column]: row["name"] for row in csv.DictReader(table) if row[where[0]] == where[1]}
    assert {one.key: one.name for one in kongtong.profile.categories if one.key[0] == prefix} == expected


@pytest.mark.parametrize("district", ["620802", "620171"])
def test_grids_are_what_the_generator_draws(district: str) -> None:
    """The committed file can be drawn again from its layout, to the last digit."""
    with (DISTRICTS / district / "grids.csv").open(encoding="utf-8") as table:
        committed = list(csv.DictReader(table))
    drawn: list[dict[str, Any]] = [
        {name: row.get(name, "") for name in committed[0]} for row in grids(DISTRICTS / district)
    ]
    assert drawn == committed


@pytest.mark.parametrize("name", ["kongtong", "new_area"])
def test_every_community_has_a_basic_grid_and_every_matter_a_lead(name: str, request: pytest.FixtureRequest) -> None:
    """In either district; contacts are functions and addresses that reach nobody by accident."""
    index: DirectoryIndex = request.getfixturevalue(name)
    profile = index.profile
    drawn = {grid.community for grid in profile.grids if grid.kind is GridKind.BASIC and grid.polygon}
    assert drawn == {community.code for community in profile.communities}
    for township in profile.townships:
        assert index.departments.resolve("@township", township.code)
    for category in profile.categories:
        facts = Facts(category.key, datetime.fromisoformat("2026-07-01T10:00+08:00"), profile.townships[0].code)
        assert choose(index, facts).lead in {one.code for one in profile.departments}
    contacts = [contact for one in profile.departments for duty in one.duty for contact in duty.channels]
    assert all(contact.channel == "file" or contact.address.endswith(".invalid") for contact in contacts)


def test_grids_tile_their_district_without_gaps(kongtong: DirectoryIndex) -> None:
    """A point of the city lies in a grid of a street, and a grid's own middle in that grid."""
    basics = [grid for grid in kongtong.profile.grids if grid.kind is GridKind.BASIC and grid.polygon]
    middles = [[sum(axis) / len(axis) for axis in zip(*grid.polygon or (), strict=True)] for grid in basics]
    found = kongtong.grids_at([lon for lon, _ in middles], [lat for _, lat in middles])
    same = [code is not None and code[:12] == grid.community for code, grid in zip(found, basics, strict=True)]
    assert sum(same) / len(same) > 0.97  # the middle of a bent outline may lie outside it


@pytest.mark.parametrize(
    ("old", "new"),
    [("0102", "E06010"), ("E0505", "E09009"), ("0406", "L01003"), ("0403", "L01007"), ("0599", "L90005")],
)
def test_old_four_digit_codes_are_understood(kongtong: DirectoryIndex, old: str, new: str) -> None:
    """Also those of the class of sudden incidents, which has no successor in the national table."""
    found = kongtong.category(old)
    assert found is not None
    assert found.key == new


POLICE = {"partner_kind": PartnerKind.POLICE_110}
SCENIC = {"township": "620802498", "community": "620802498498", "grid": None}


def report(
    index: DirectoryIndex, category: str, text: str, at: str = "2026-07-01T10:00+08:00", **facts: Any
) -> Routing:
    """Route a report from 解放中路社区."""
    place = {"township": "620802001", "community": "620802001001", "grid": "620802001001003"}
    return choose(index, Facts(category, datetime.fromisoformat(at), text=text, **(place | facts)))


def test_a_flooded_old_estate_brings_three_departments_together(kongtong: DirectoryIndex) -> None:
    """住建 drains, 民政 brings relief, the street calms: one whistle, although the caller thought it less serious."""
    routing = report(kongtong, "L01002", "解放中路老旧小区地下室进水，居民被困", severity=2)
    assert (routing.rule_id, routing.lead) == ("flood-old-estate", "housing")
    assert routing.assists == ("civil-affairs", "township-dongguan")
    assert (routing.severity, routing.joint, routing.whistle) == (1, True, True)


@pytest.mark.parametrize(
    ("category", "text", "at", "facts", "rule", "lead"),
    [
        ("E09012", "小区消防通道被占", "2026-07-01T10:00+08:00", {}, "fire-lane-estate", "fire-rescue"),
        ("E09012", "路口消防通道", "2026-07-01T10:00+08:00", {}, "fire-lane", "fire-rescue"),
        ("E06028", "工地打桩", "2026-07-01T23:30+08:00", {}, "night-construction-noise", "urban-management"),
        ("E06028", "工地打桩", "2026-07-01T10:00+08:00", {}, "construction-noise", "urban-management"),
        ("E06028", "广场舞", "2026-07-01T23:30+08:00", {}, None, "police"),
        ("E09006", "校门口摆摊", "2026-07-01T17:00+08:00", {}, "school-surroundings", "urban-management"),
        ("E09006", "校门口摆摊", "2026-07-05T17:00+08:00", {}, None, "urban-management"),  # a Sunday
        ("D0201", "邻居排水", "2026-07-01T10:00+08:00", POLICE, "police-dispute", "township-dongguan"),
        ("D0701", "包工头拖欠工资", "2026-07-01T10:00+08:00", {}, "wage-dispute", "human-resources"),
        ("E06010", "垃圾", "2026-07-01T10:00+08:00", SCENIC, "scenic-area", "township-kongtongshan"),
    ],
)  # fmt: skip
def test_the_rules_of_kongtong_send_reports_where_they_belong(
    kongtong: DirectoryIndex, category: str, text: str, at: str, facts: dict[str, Any], rule: str | None, lead: str
) -> None:
    """Fire lanes, noise by night and by day, schools, disputes from 110, wages, the scenic area."""
    routing = report(kongtong, category, text, at, **facts)
    assert (routing.rule_id, routing.lead) == (rule, lead)


def test_the_airport_of_the_new_area_has_sub_grids_and_a_rule(new_area: DirectoryIndex) -> None:
    """24 sub-grids in one exclusive grid; what happens in any of them goes to the airport's own task force."""
    subs = [grid for grid in new_area.profile.grids if grid.parent == "620171101009901"]
    place = new_area.grid_at(103.601, 36.534)
    at = datetime.fromisoformat("2026-07-01T10:00+08:00")
    assert len(subs) == 24
    assert place in {grid.code for grid in subs}
    assert choose(new_area, Facts("E09009", at, "620171101", "620171101009", place)).lead == "airport"


def test_the_two_districts_differ_in_their_limits(kongtong: DirectoryIndex, new_area: DirectoryIndex) -> None:
    """The same matter, another district, another limit."""
    at = datetime.fromisoformat("2026-07-01T10:00+08:00")
    stages = [choose(index, Facts("E06010", at)).stages for index in (kongtong, new_area)]
    assert [str(one[0].limit) for one in stages] == ["4 working_hours", "2 working_hours"]


def test_re_cut_grids_of_the_new_area_still_resolve(new_area: DirectoryIndex) -> None:
    """600 grids were cut from 680: an old code means its heir."""
    heir = new_area.grid_by_code("620171101003902")
    assert heir is not None
    assert heir.code == "620171101003001"
