"""The day before it begins: same seed, same day; and what was promised of it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from deploy.demo.catalogue import catalogue
from deploy.demo.habits import ZONE
from deploy.demo.households import HOUSEHOLDS
from deploy.demo.play import DAY, DISTRICTS, Options, config_of, world_of
from deploy.demo.scenario import Scenario, write
from deploy.demo.submission import Kind, Submission
from shared.contracts.topics import UNLOCATED, parse_topic
from shared.district.loader import load

PROFILES = [
    load(folder) for code in DISTRICTS for folder in config_of(Options()).profile_folders() if folder.name == code
]


def _write(seed: int, reports: int = 2_200) -> Scenario:
    return write(world_of(PROFILES, seed), PROFILES, DAY, reports, seed)


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """Give the day of seed 1."""
    return _write(1)


def _data(one: Submission) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(one.message.value)
    inner: dict[str, Any] = value.get("data", value)
    return inner


def test_same_seed_gives_the_same_day() -> None:
    """Everything that is sent, byte for byte, follows from the seed."""
    first = list(_write(1, 300).submissions)
    assert list(_write(1, 300).submissions) == first
    assert list(_write(2, 300).submissions) != first


def test_day_is_as_large_and_mixed_as_promised(scenario: Scenario) -> None:
    """Two thousand reports from five partners and more, both districts, every kind of flaw."""
    partners = {parse_topic(one.message.topic).partner for one in scenario.submissions if one.is_report}
    districts = {parse_topic(one.message.topic).district for one in scenario.submissions}
    assert scenario.reports >= 2_000
    assert partners >= {"grid-app", "hotline-12345", "video-ai", "police-110", "housing"}
    assert districts == {*DISTRICTS, UNLOCATED}
    assert {one.kind for one in scenario.submissions} == set(Kind) - {Kind.STORY}


def test_rhythm_has_quiet_nights_and_two_peaks(scenario: Scenario) -> None:
    """Nine in the morning and four in the afternoon see the most."""
    hours = Counter(one.at.astimezone(ZONE).hour for one in scenario.submissions if one.is_report)
    assert {hour for hour, _ in hours.most_common(2)} == {9, 16}
    assert sum(hours[hour] for hour in range(5)) < hours[9] / 2


def test_duplicates_are_the_same_bytes_and_conflicts_are_not(scenario: Scenario) -> None:
    """A duplicate repeats a report exactly; a conflict keeps only its id."""
    reports = {(one.message.topic, one.message.key): one for one in scenario.submissions if one.kind is Kind.REPORT}
    near = {(one.message.topic, one.message.key): one for one in scenario.submissions if one.kind is Kind.NEAR}
    for one in scenario.submissions:
        first = (reports | near).get((one.message.topic, one.message.key))
        if one.kind is Kind.DUPLICATE:
            assert first is not None
            assert first.message == one.message
            assert first.at < one.at
        elif one.kind is Kind.CONFLICT:
            assert first is not None
            assert _data(first)["report_id"] == _data(one)["report_id"]
            assert first.message.value != one.message.value


def test_some_reports_have_no_category_and_coordinates_are_mixed(scenario: Scenario) -> None:
    """The centre has something to sort, intake something to convert."""
    data = [_data(one) for one in scenario.submissions if one.kind is Kind.REPORT]
    datums = Counter(one["location"].get("datum") for one in data)
    assert sum("category" not in one for one in data) > 50
    assert datums["gcj02"] > 100
    assert datums["bd09"] > 100
    assert datums["wgs84"] > 100


def test_every_named_category_is_one_the_district_knows() -> None:
    """The catalogue names no category that the profile lacks."""
    index = world_of(PROFILES, 1).districts[DISTRICTS[0]].index
    for matter in catalogue().matters:
        assert index.category(matter.category) is not None
        assert matter.label is None or index.category(matter.label, "street-camera") is not None


def test_every_household_of_the_batch_reports_under_its_parents_number(scenario: Scenario) -> None:
    """Which anybody can work out from the contracts; none is sent before its parent."""
    files = [one for one in scenario.submissions if b'"batch"' in one.message.value]
    (parent,) = {_data(one)["batch"] for one in files}
    (script,) = [one for case, one in scenario.stories.scripts.items() if case == parent]
    assert len(files) == HOUSEHOLDS
    assert min(one.at for one in files) > script.drafts[0].at
