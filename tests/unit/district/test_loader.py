from __future__ import annotations

import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.district.loader import ProfileError, load
from shared.district.model import Profile

DISTRICT = """\
code: "110101"
name: 测试区
default: {lead: "@centre", accept: 1 working_hours, stages: [handle=2 working_days], verify: 1 working_days}
departments:
  - {code: centre, name: 综治中心, kind: centre}
  - code: housing
    name: 住建局
    kind: department
townships:
  - {code: 110101001, name: 东街街道}
communities:
  - {code: 110101001001, name: 和平里社区}
grids:
  - {code: 110101001001001, name: 一, polygon: "0 0, 1 0, 1 1, 0 1"}
categories:
  - {key: E06010, name: 暴露垃圾, lead: housing}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a valid profile as a folder."""
    (tmp_path / "district.yaml").write_text(DISTRICT, encoding="utf-8")
    return tmp_path


def problems(path: Path) -> list[str]:
    """Load what is not valid and return what is said about it."""
    with pytest.raises(ProfileError) as caught:
        load(path)
    return [str(one) for one in caught.value.problems]


def add(folder: Path, name: str, text: str) -> None:
    """Add a file to a profile, or lines to one there is."""
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write(text)


def test_codes_need_no_quotes(folder: Path) -> None:
    """YAML would read 0102 as 66 and 110101001 as a number; here all of them stay codes."""
    add(folder, "district.yaml", "aliases: {0102: E06010}\nnotify: {quiet_hours: 22:00-07:00}\n")
    profile = load(folder)
    assert profile.townships[0].code == "110101001"
    assert profile.aliases == {"0102": "E06010"}
    assert str(profile.notify.quiet_hours) == "22:00-07:00"


def test_a_folder_and_one_file_say_the_same(folder: Path, tmp_path: Path) -> None:
    """Sections may stand in district.yaml or in files named after them, as YAML or as CSV."""
    whole = tmp_path / "whole.yaml"
    text = DISTRICT + (
        "rules: [{id: a, then: {joint: true}}]\nlabel_maps: {cam: {Garbage: E06010}}\n"
        "overrides: [{id: x, townships: [110101001], stages: [stop=1 clock_hours, end=2 clock_hours]}]\n"
    )
    whole.write_text(text, encoding="utf-8")
    expected = load(whole)
    whole.unlink()
    add(folder, "rules.yaml", "- {id: a, then: {joint: true}}\n")
    add(folder, "label_maps.csv", "map,label,category\ncam,Garbage,E06010\n")
    add(folder, "overrides.csv", "id,townships,stages\nx,110101001,stop=1 clock_hours; end=2 clock_hours\n")
    assert load(folder) == expected


def test_tables_may_be_split_and_have_nested_columns(folder: Path) -> None:
    """`categories.local.csv` goes on where `categories` left off; a column a.b is field b of a."""
    add(folder, "categories.local.csv", "key,name,evidence.min_media,aliases\n\nL01002,内涝,2,积水;水浸\n")
    added = load(folder).categories[1]
    assert (added.key, added.aliases) == ("L01002", ("积水", "水浸"))
    assert added.evidence is not None
    assert added.evidence.min_media == 2


def test_an_included_folder_fills_in_what_the_profile_leaves_out(folder: Path) -> None:
    """Entries of the profile win over included ones of the same code."""
    common = folder / "common"
    common.mkdir()
    add(common, "categories.csv", "key,name,lead\nE06010,别名,centre\nE06011,积存垃圾,housing\n")
    add(common, "aliases.csv", "alias,category\n0103,E06011\n")
    add(folder, "district.yaml", "include: [common]\n")
    profile = load(folder)
    assert [(one.key, one.name) for one in profile.categories] == [("E06010", "暴露垃圾"), ("E06011", "积存垃圾")]
    add(common, "categories.csv", "E06012,道路不洁,nobody\n")
    assert problems(folder) == ["common/categories.csv:4: category E06012: there is no department 'nobody'"]
    add(folder, "district.yaml", "x: 1\n")
    shutil.rmtree(common)
    assert "district.yaml:17: include: there is no directory 'common/' beside the profile" in problems(folder)


MISTAKES: list[tuple[str, str, str]] = [
    ("district.yaml", "nmae: x\n", "district.yaml:17: 'nmae' is not a field here; did you mean 'name'?"),
    ("district.yaml", "name: x\n", "district.yaml:17: 'name' is already given at district.yaml:2"),
    ("district.yaml", "triage: {limit: 4 hours}\n", "district.yaml:17: triage: limit.unit: input should be"),
    ("district.yaml", "triage: {owner: nobody}\n", "district.yaml:17: triage: there is no department 'nobody'"),
    ("district.yaml", "timezone: Asia/Pingliang\n", "district.yaml:17: timezone: 'Asia/Pingliang' is not an IANA"),
    ("district.yaml", "rules: [\n", "district.yaml:18: is not YAML"),
    ("district.yaml", "max_backdating: a while\n", "district.yaml:17: max_backdating: 'a while' is not a span of time"),
    ("district.yaml", "refusals: {max: 0}\n", "district.yaml:17: refusals: max: input should be greater"),
    ("district.yaml", "agreements: {breach: prison}\n", "district.yaml:17: agreements: breach: input should be"),
    ("district.yaml", "aliases: {0102: E06099}\n", "district.yaml:17: aliases: '0102': there is no category 'E06099'"),
    ("label_maps.csv", "map,label,category\nm,Fire,L1\n", "label_maps.csv:2: label_maps: 'Fire': there is no category"),
    ("label_maps.csv", "label\nFire\n", "label_maps.csv:1: needs at least two columns"),
    ("aliases.csv", "alias,category\na,E06010\na,E06010\n", "aliases.csv:3: 'a' is already given at aliases.csv:2"),
    ("nonsense.csv", "a\n", "nonsense.csv: 'nonsense' is not a section"),
    ("townships.csv", "code,name,colour\n110101002,西河镇,red\n", "townships.csv:1: column 'colour' is not a field"),
    ("townships.csv", "code,name\n110101002\n", "townships.csv:2: has 1 cells where the header has 2"),
    ("townships.csv", "code,name\n11010100,a\n", "township 11010100: code: '11010100' is not nine digits"),
    ("townships.csv", "code,name\n120101002,a\n", "begins with 120101, but there is no"),
    ("townships.csv", "code,name\n110101001,a\n", "is given twice; give each code once, see district.yaml:10"),
    ("townships.csv", "code\n110101002\n", "townships.csv:2: township 110101002: 'name' is missing"),
    ("communities.csv", "code,name\n110101009001,a\n", "begins with 110101009, but there is no township of that code"),
    ("grids.csv", "code,name\n110101001009001,a\n", "begins with 110101001009, but there is no community of that code"),
    ("grids.csv", "code,name,successors\n110101001001009,a,110101001001008\n", "there is no grid '110101001001008'"),
    ("grids.csv", "code,name,successors\n110101001001009,a,110101001001009\n", "its successors lead back to it"),
    ("grids.csv", "code,name,parent\n110101001001009,a,110101001001008\n", "there is no other grid '110101001001008'"),
    ("grids.csv", "code,name,parent\n110101001001008,a,110101001001001\n110101001001009,b,110101001001008\n",
     "grids.csv:3: grid 110101001001009: '110101001001008' is itself a sub-grid"),
    ("grids.csv", 'code,name,polygon\n110101001001009,a,"0.5 0, 2 0, 2 1, 0.5 1"\n',
     "grids.csv:2: grid 110101001001009: overlaps grid 110101001001001 by 50% of the smaller one"),
    ("grids.csv", 'code,name,polygon\n110101001001009,a,"5 5, 6 6, 6 5, 5 6"\n', "the outline is not a simple polygon"),
    ("grids.csv", "code,name,polygon\n110101001001009,a,circle\n", "a polygon is 'lon lat, lon lat, …'"),
    ("departments.csv", "code,name,kind\nx,y,bureau\n", "kind: input should be 'centre', 'department'"),
    ("departments.csv", "code,name,kind,parent\nx,y,department,hosing\n", "did you mean 'housing'?"),
    ("departments.csv", "code,name,kind,parent\nx,y,department,z\nz,y,department,x\n", "department x: 'z' is below it"),
    ("departments.csv", "code,name,kind,areas\nx,y,township,110101002\n", "did you mean '110101001'?"),
    ("departments.csv", "code,name,kind\nx,y,community\n", "a department of kind community needs 'community'"),
    ("departments.csv", "code,name,kind,community\nx,y,community,110101001009\n", "no community '110101001009'"),
    ("partners.csv", "id,kind\nx,department\n", "a partner of kind department needs 'department'"),
    ("partners.csv", "id,kind,department\nx,department,y\n", "partner x: there is no department 'y'"),
    ("partners.csv", "id,kind,label_map\nx,video_ai,y\n", "there is no label map 'y'"),
    ("partners.csv", "id,kind,timezone\nx,other,Asia/Nowhere\n", "there is no time zone 'Asia/Nowhere'"),
    ("partners.csv", "id,kind,commands\nx,other,case.verifi\n", "did you mean 'case.verify'?"),
    ("categories.csv", "key,name\nX1,a\n", "key: 'X1' is not E (event) or P (component) and five digits"),
    ("categories.csv", "key,name,lead\nL1,a,@nobody\n", "lead: '@nobody' is not a department code, or @township"),
    ("categories.csv", "key,name,assists\nL1,a,centre;nobody\n", "there is no department 'nobody'"),
    ("categories.csv", "key,name,stages\nL1,a,2 clock_hours\n", "'2 clock_hours' is not a stage; write name=limit"),
    ("categories.csv", "key,name,stages\nL1,a,stop=2 working_days;end=4 working_hours\n",
     "stage end (4 working_hours) would end before stop (2 working_days)"),
    ("categories.csv", "key,name,aliases\nL1,a,x\nL2,b,x\n", "category L2: alias 'x' already means category L1"),
    ("categories.csv", "key,name,notice\nL1,a,loud\n", "there is no notice policy 'loud'"),
    ("overrides.csv", "id,townships\na,110101002\n", "override a: there is no township '110101002'"),
    ("overrides.csv", "id,townships,categories\na,110101001,L0*\n", "'L0*' matches no category"),
    ("rules.yaml", "- {id: a, when: {categories: [E6010]}, then: {}}\n", "rule a: 'E6010' matches no category"),
    ("rules.yaml", "- {id: a, when: {areas: [110101002]}, then: {}}\n", "there is no township '110101002'"),
    ("rules.yaml", "- {id: a, when: {partners: [nobody]}, then: {}}\n", "there is no partner 'nobody'"),
    ("rules.yaml", "- id: a\n  then: {}\n- id: b\n  when: {keywords: [x]}\n  then: {}\n",
     "rules.yaml:3: rule b: can never match: rule a stands before it"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "text", "said"), MISTAKES)
def test_a_mistake_is_named_by_file_line_and_what_would_be_right(folder: Path, file: str, text: str, said: str) -> None:
    """And nothing else is complained about because of it."""
    add(folder, file, text)
    found = problems(folder)
    assert any(said in one for one in found), found
    assert len(found) <= 2


def test_all_mistakes_are_told_at_once(folder: Path) -> None:
    """One round of corrections is enough, also when one entry is wrong in itself and another in what it names."""
    add(folder, "departments.csv", "code,name,kind\nwater,水务局,buro\n")
    add(folder, "townships.csv", "code,name\n1101,a\n110101003,b\n")
    add(folder, "communities.csv", "code,name\n110101002001,a\n110101003001,b\n")
    add(folder, "rules.yaml", "- {id: a, then: {lead: water}}\n- {id: b, then: {lead: nobody}}\n")
    found = problems(folder)
    assert [one.split(": ")[0] for one in found] == [
        "communities.csv:2",
        "departments.csv:2",
        "rules.yaml:2",
        "rules.yaml:2",
        "townships.csv:2",
    ]
    assert not any("water'" in one for one in found if "there is no" in one)  # its only fault is its kind


def test_a_missing_required_section_does_not_hide_the_rest(tmp_path: Path) -> None:
    """Without code, name, default and departments there still is something to say about a rule."""
    add(tmp_path, "rules.yaml", "- {id: a, then: {lead: nobody}}\n")
    found = problems(tmp_path)
    assert [one.partition(": ")[2] for one in found] == [
        "'code' is missing",
        "'default' is missing",
        "'departments' is missing",
        "'name' is missing",
        "rule a: there is no department 'nobody'",
    ]


@pytest.mark.parametrize(
    ("earlier", "later", "reachable"),
    [
        ("{}", "{weekdays: [1]}", False),
        ("{weekdays: [1, 2]}", "{weekdays: [1]}", False),
        ("{weekdays: [1]}", "{weekdays: [1, 2]}", True),
        ("{categories: [E0*]}", "{categories: [E06010]}", False),
        ("{categories: [E06010]}", "{categories: [E0*]}", True),
        ("{areas: [110101001]}", "{areas: [110101001001]}", False),
        ("{areas: [110101001001]}", "{areas: [110101001]}", True),
        ("{keywords: [水]}", "{keywords: [积水, 水浸]}", False),
        ("{keywords: [积水]}", "{keywords: [水]}", True),
        ("{hours: ['08:00-09:00']}", "{hours: ['08:00-09:00'], severity: [1]}", False),
        ("{hours: ['08:00-09:00']}", "{severity: [1]}", True),
        ("{grid_kind: basic}", "{grid_kind: basic, keywords: [x]}", False),
        ("{grid_kind: basic}", "{grid_kind: exclusive}", True),
        ("{keywords: [x]}", "{}", True),
    ],
)
def test_a_rule_behind_a_wider_one_is_a_mistake(folder: Path, earlier: str, later: str, reachable: bool) -> None:  # noqa: FBT001
    """It could never match; one that could, if only sometimes, is fine."""
    add(folder, "rules.yaml", f"- {{id: a, when: {earlier}, then: {{}}}}\n- {{id: b, when: {later}, then: {{}}}}\n")
    if reachable:
        assert len(load(folder).rules) == 2
    else:
        assert "can never match" in problems(folder)[0]


def test_files_that_cannot_be_read_are_named(folder: Path) -> None:
    """Not UTF-8, not a mapping, not there, empty."""
    (folder / "rules.yaml").write_bytes(b"\xff\xfe")
    (folder / "partners.yaml").write_text("", encoding="utf-8")
    assert ["cannot be read as UTF-8 text" in one for one in problems(folder)] == [True]
    (folder / "rules.yaml").unlink()
    (folder / "district.yaml").write_text("- a\n", encoding="utf-8")
    assert "must be a mapping" in problems(folder)[0]
    with pytest.raises(FileNotFoundError):
        load(folder / "elsewhere")


def test_a_table_from_a_spreadsheet_loads(folder: Path) -> None:
    """With a byte order mark, Windows line ends and a quoted cell over two lines."""
    (folder / "townships.csv").write_bytes('\ufeffcode,name\r\n110101002,"西河\r\n镇"\r\n'.encode())
    assert load(folder).townships[1].code == "110101002"


def _nodes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return (
        [path, *(found for key, one in inner for found in _nodes(one, (*path, key)))]
        if path
        else [found for key, one in inner for found in _nodes(one, (key,))]
    )


BROKEN = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**15), st.text(max_size=8), st.lists(st.text(max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_broken_is_said_and_never_crashes(tmp_path: Path, raw: dict[str, Any], data: st.DataObject) -> None:
    """Any one value replaced by anything: the profile loads, or there is a list of problems."""
    path = data.draw(st.sampled_from(_nodes(raw)))
    changed = deepcopy(raw)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = data.draw(BROKEN)
    file = tmp_path / "profile.yaml"
    file.write_text(yaml.safe_dump(changed, allow_unicode=True), encoding="utf-8")
    try:
        profile = load(file)
    except ProfileError as error:
        assert error.problems  # noqa: PT017 - either outcome is right
    else:
        assert isinstance(profile, Profile)
