from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.actors import PartnerKind
from shared.district.areas import GridKind
from shared.district.lookup import DirectoryIndex
from shared.district.model import Profile
from shared.district.rules import Facts, Routing, choose

WEDNESDAY_NOON = datetime(2026, 7, 1, 4, tzinfo=UTC)
EAST = {"township": "110101001", "community": "110101001001", "grid": "110101001001001"}


def route(raw: dict[str, Any], rules: list[dict[str, Any]], category: str = "E06010", **facts: Any) -> Routing:
    """Route one report under the small profile with these rules."""
    index = DirectoryIndex(Profile.model_validate(raw | {"rules": rules}))
    return choose(index, Facts(**{"category": category, "at": WEDNESDAY_NOON, **facts}))


@pytest.mark.parametrize(
    ("when", "facts"),
    [
        ({}, {}),
        ({"categories": ["E06*"]}, {}),
        ({"categories": ["E06010", "D*"]}, {}),
        ({"areas": ["110101001"]}, EAST),
        ({"areas": ["110101001001"]}, EAST),
        ({"areas": ["110101001001001"]}, EAST),
        ({"areas": ["110101001001501"]}, {"grid": "110101001001A01"}),  # a sub-grid of it
        ({"areas": ["110101001001901"]}, {"grid": "110101001001002"}),  # what it was re-cut into, twice
        ({"grid_kind": "exclusive"}, {"grid_kind": GridKind.EXCLUSIVE}),
        ({"partners": ["video"]}, {"partner": "video"}),
        ({"partner_kinds": ["video_ai"]}, {"partner_kind": PartnerKind.VIDEO_AI}),
        ({"severity": [1, 2]}, {"severity": 2}),
        ({"keywords": ["地下室", "倒灌"]}, {"text": "小区地下室进水"}),
        ({"hours": ["11:00-13:00"]}, {}),
        ({"hours": ["22:00-06:00"]}, {"at": datetime(2026, 6, 30, 16, 30, tzinfo=UTC)}),  # half past midnight
        ({"weekdays": [3]}, {}),
        ({"weekdays": [3]}, {"at": datetime(2026, 6, 30, 16, 30, tzinfo=UTC)}),  # Tuesday in UTC, Wednesday there
        ({"categories": ["E06*"], "keywords": ["垃圾"], "areas": ["110101001"]}, {**EAST, "text": "垃圾"}),
    ],
)
def test_a_rule_matches_when_all_its_conditions_hold(
    raw: dict[str, Any], when: dict[str, Any], facts: dict[str, Any]
) -> None:
    """Of each condition one entry suffices; times are local."""
    routing = route(raw, [{"id": "it", "when": when, "then": {"lead": "housing"}}], **facts)
    assert (routing.rule_id, routing.lead) == ("it", "housing")
    assert "rule it: matches" in routing.explanation


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ({"categories": ["E09*"]}, "category is not E09*"),
        ({"areas": ["110101002"]}, "place is not in 110101002"),
        ({"grid_kind": "exclusive"}, "kind of grid is not exclusive"),
        ({"partners": ["video"]}, "partner is not video"),
        ({"partner_kinds": ["video_ai"]}, "partner kind is not video_ai"),
        ({"severity": [1]}, "severity in the report is not 1"),
        ({"keywords": ["地下室"]}, "text has no 地下室"),
        ({"hours": ["13:00-14:00"]}, "time of day is not in 13:00-14:00"),
        ({"weekdays": [1, 2]}, "weekday is not 1 or 2"),
    ],
)
def test_a_rule_that_does_not_match_says_why(raw: dict[str, Any], when: dict[str, Any], why: str) -> None:
    """Each condition has its sentence, and the report goes its ordinary way."""
    routing = route(raw, [{"id": "it", "when": when, "then": {"lead": "housing"}}], **EAST)
    assert (routing.rule_id, routing.lead) == (None, "city")
    assert routing.explanation[0] == f"rule it: no, {why}"


def test_the_first_rule_that_matches_is_the_only_one_that_counts(raw: dict[str, Any]) -> None:
    """Later ones are not even tried."""
    rules = [{"id": name, "then": {"lead": lead}} for name, lead in (("one", "housing"), ("two", "centre"))]
    routing = route(raw, rules)
    assert routing.lead == "housing"
    assert not any("rule two" in line for line in routing.explanation)


def test_what_the_narrower_leaves_open_the_wider_decides(raw: dict[str, Any]) -> None:
    """Rule, override by area, category, class, district: field by field."""
    rules = [{"id": "it", "when": {"keywords": ["急"]}, "then": {"verify": "1 clock_hours"}}]
    routing = route(raw, rules, text="急", township="110101002")
    assert str(routing.verify) == "1 clock_hours"  # rule
    assert [str(stage.limit) for stage in routing.stages] == ["3 working_days"]  # override
    assert routing.lead == "city"  # category
    assert str(routing.accept) == "30 working_minutes"  # class
    assert routing.priority == "normal"  # district
    assert "verify: 1 clock_hours, by rule it" in routing.explanation
    assert "stages: handle=3 working_days, by override far" in routing.explanation


def test_an_override_holds_only_in_its_townships(raw: dict[str, Any]) -> None:
    """The other townships keep the district's own limits."""
    assert [str(stage.limit) for stage in route(raw, [], **EAST).stages] == ["2 working_days"]


@pytest.mark.parametrize(
    ("category", "facts", "lead", "assists"),
    [
        ("E09012", EAST, "east-police", ("heping",)),
        ("E09012", {"township": "110101001", "community": "110101001002"}, "east-police", ("east",)),
        ("L01002", EAST, "housing", ("east",)),
        ("L01002", {"township": "110101002"}, "housing", ()),  # nobody serves it
        ("D0402", {}, "centre", ()),  # no township is known, so the district's default leads
        ("D0402", EAST, "east", ()),
    ],
)
def test_departments_named_by_their_place_are_found(
    raw: dict[str, Any], category: str, facts: dict[str, Any], lead: str, assists: tuple[str, ...]
) -> None:
    """A community without a department of its own is served by its township."""
    routing = route(raw, [], category, **facts)
    assert (routing.lead, routing.assists) == (lead, assists)


def test_nobody_assists_twice_or_assists_himself(raw: dict[str, Any]) -> None:
    """The lead and repetitions fall out."""
    then = {"lead": "east", "assists": ["@township", "housing", "housing", "@centre"]}
    assert route(raw, [{"id": "it", "then": then}], **EAST).assists == ("housing", "centre")


@pytest.mark.parametrize(
    ("reported", "by_rule", "severity"),
    [(None, None, 4), (None, 1, 1), (3, None, 3), (3, 1, 1), (1, 3, 1), (2, 2, 2)],
)
def test_a_rule_makes_a_report_more_serious_and_never_less(
    raw: dict[str, Any], reported: int | None, by_rule: int | None, severity: int
) -> None:
    """Without either it is the category's or its class's."""
    rules = [{"id": "it", "then": {"severity": by_rule} if by_rule else {"lead": "housing"}}]
    assert route(raw, rules, severity=reported).severity == severity


@pytest.mark.parametrize(
    ("then", "joint", "whistle"),
    [
        ({"joint": True, "severity": 1}, True, True),
        ({"joint": True, "severity": 3}, True, False),
        ({"severity": 1}, False, False),
        ({"whistle": True}, False, True),
    ],
)
def test_the_whistle_is_blown_for_joint_and_serious_cases(
    raw: dict[str, Any],
    then: dict[str, Any],
    joint: bool,  # noqa: FBT001
    whistle: bool,  # noqa: FBT001
) -> None:
    """Or where a policy simply says so."""
    routing = route(raw | {"whistle": {"joint_severity": 2}}, [{"id": "it", "then": then}])
    assert (routing.joint, routing.whistle) == (joint, whistle)
    told = [line for line in routing.explanation if line.startswith("whistle: ")]
    assert [line.startswith(f"whistle: {whistle}, ") for line in told] == [True], "one reason, and the right one"


def test_a_category_the_profile_does_not_know_is_routed_by_its_class(raw: dict[str, Any]) -> None:
    """National tables grow before profiles do."""
    routing = route(raw, [{"id": "it", "when": {"categories": ["E06*"]}, "then": {"joint": True}}], "E06099")
    assert (routing.rule_id, str(routing.accept)) == ("it", "30 working_minutes")


@given(
    category=st.sampled_from(["E06010", "E09012", "L01002", "L01007", "D0701", "P01023", "L99001", "E99999"]),
    minute=st.integers(0, 60 * 24 * 14),
    text=st.sampled_from(["", "老旧小区地下室进水", "工地夜间施工", "幼儿园放学", "燃气泄漏", "拖欠工资"]),
    kind=st.sampled_from(list(PartnerKind)),
    severity=st.none() | st.integers(1, 4),
    grid=st.integers(0, 928),
)
@settings(max_examples=200, deadline=None)
def test_every_report_is_routed_to_departments_that_exist(
    kongtong: DirectoryIndex, category: str, minute: int, text: str, kind: PartnerKind, severity: int | None, grid: int
) -> None:
    """In the profile of 崆峒区, whatever the report: a lead, no assist twice, a sentence for every rule tried."""
    place = kongtong.profile.grids[grid]
    at = datetime.fromtimestamp(1_767_225_600 + minute * 60, UTC)
    facts = Facts(category, at, place.township, place.community, place.code, place.kind, "p", kind, severity, text)
    routing = choose(kongtong, facts)
    known = {one.code for one in kongtong.profile.departments}
    assert {routing.lead, *routing.assists} <= known
    assert len({routing.lead, *routing.assists}) == 1 + len(routing.assists)
    assert severity is None or routing.severity <= severity
    assert routing == choose(kongtong, facts)
