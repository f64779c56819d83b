"""One report normalised: every topic together, what is kept private, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.domain.category import find_category
from services.intake.domain.coordinates import wgs84_to_gcj02
from services.intake.domain.model import Draft, Origin
from services.intake.domain.normalise import fingerprint, normalise
from services.intake.sources import parse_report
from shared.classifier.suggester import Suggester
from shared.contracts.ids import case_id
from shared.contracts.incidents import Reporter
from shared.decision import Poison
from shared.district.lookup import DirectoryIndex
from shared.district.policies import TextClassifier
from tests.unit.intake.world import CASE, DISTRICT, INDEX, SENT, origin, profile, report

HALF_PAST = datetime(2026, 7, 1, 0, 30, tzinfo=UTC)


def draft(payload: dict[str, Any], came: Origin | None = None) -> Draft:
    """Return a payload normalised as if the grid app had sent it."""
    came = came or origin()
    return normalise(parse_report(came.partner.report_format, payload), fingerprint(payload), came)


def test_a_good_report_is_normalised() -> None:
    """Time believed, category a key, position in WGS-84, case id derived, telephone masked and in E.164."""
    found = draft(report(text="垃圾，电话１３８００００００００"))
    assert (found.occurred_at, found.backdated_from) == (HALF_PAST, None)
    assert (found.category, found.category_claimed) == ("E06010", None)
    assert found.text == "垃圾,电话138****0000"
    assert found.case_id == case_id(DISTRICT, HALF_PAST, "grid-app", "A-1")
    assert found.case_id.startswith(CASE[:14])
    assert found.aggregate == f"{DISTRICT}/grid-app/A-1"
    assert found.reporter is not None
    assert found.reporter.phone == "+8613800000000"


def test_the_partners_datum_holds_where_none_is_named() -> None:
    """The grid app measures in GCJ-02; a datum in the report wins."""
    lon, lat = wgs84_to_gcj02(106.665, 35.545)
    found = draft(report(location={"lon": lon, "lat": lat}))
    assert (found.asked.lon, found.asked.lat) == (106.665, 35.545)
    assert draft(report(location={"lon": lon, "lat": lat, "datum": "wgs84"})).asked.lon == round(lon, 7)


def test_a_time_without_offset_is_the_partners_or_the_districts() -> None:
    """Shanghai by the profile, New York by the partner's entry."""
    assert draft(report(occurred_at="2026-07-01 08:30:00")).occurred_at == HALF_PAST
    eastern = draft(report(occurred_at="2026-06-30 20:30:00"), origin("some-system"))
    assert eastern.occurred_at == HALF_PAST
    assert eastern.case_id[7:13] == "260630"


@pytest.mark.parametrize("claim", ["2026-06-01T08:30:00+08:00", "2026-07-01T18:30:00+08:00", "2099-01-01", 1])
def test_an_unbelievable_time_is_replaced_and_kept(claim: Any) -> None:
    """Too far back or ahead: the time received counts, the claim stays visible."""
    found = draft(report(occurred_at=claim))
    assert found.occurred_at == SENT
    assert found.backdated_from is not None


def test_no_time_is_the_time_received() -> None:
    """A report without a time is as good as any."""
    assert draft(report(occurred_at=None)).occurred_at == SENT


def test_a_limit_of_its_own_is_heeded_only_where_the_profile_says_so() -> None:
    """Otherwise any partner could set departments a deadline."""
    limit = {"due_at": "2026-07-02T08:30:00+08:00"}
    assert draft(report(**limit)).due_at is None
    assert draft(report(**limit), origin("some-system")).due_at == datetime(2026, 7, 2, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("claim", "key"),
    [
        ("E06010", "E06010"),
        ("e06010", "E06010"),
        ("Ｅ０６０１０", "E06010"),
        ("06010", "E06010"),
        ("62080206010", "E06010"),
        ("01023", "P01023"),
        ("P01023", "P01023"),
        ("0102", "E06010"),
        ("暴露垃圾", "E06010"),
        ("垃圾", "E06010"),
        ("D0402", "D0402"),
        ("物业及其管理", "D0402"),
        ("L0401", "L0401"),
    ],
)
def test_a_category_is_found_by_any_of_its_names(claim: str, key: str) -> None:
    """Key, bare code of a matter or component, code with district, old code, name, alias."""
    assert draft(report(category=claim)).category == key


def test_a_label_of_a_camera_is_found_in_the_partners_map_only() -> None:
    """Another partner's `GarbageExposed` means nothing."""
    assert find_category(INDEX, "GarbageExposed", "cameras") == "E06010"
    assert find_category(INDEX, "GarbageExposed", None) is None


def test_an_unknown_category_with_a_text_is_kept_for_whoever_sorts_it() -> None:
    """The case goes to triage, with what the partner called it."""
    found = draft(report(category="Z99"))
    assert (found.category, found.category_claimed) == (None, "Z99")


def test_an_unknown_category_without_a_text_is_refused() -> None:
    """There is nothing anybody could sort it by."""
    with pytest.raises(Poison) as caught:
        draft(report(category="Z99", text=None))
    assert caught.value.error == "unknown-category"
    with pytest.raises(Poison, match="no text"):
        draft(report(category="Z99", text="\u200b"))


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"occurred_at": "昨天"}, "occurred_at: is no instant"),
        ({"report_id": "\u200b "}, "report_id: has no character"),
        ({"people": 10**30}, "people: is larger"),
        ({"media": [{"url": "x", "bytes": 10**30}]}, "media.0.bytes: is larger"),
    ],
)
def test_what_cannot_be_normalised_is_named(changed: dict[str, Any], line: str) -> None:
    """The field and why."""
    with pytest.raises(Poison, match=line):
        draft(report(**changed))


def test_a_limit_that_is_no_instant_is_named() -> None:
    """Only where it would be heeded."""
    with pytest.raises(Poison, match="due_at"):
        draft(report(due_at="bald"), origin("some-system"))


def test_ids_differ_only_by_what_can_be_seen() -> None:
    """A zero-width character must not make a second case of the same report."""
    assert draft(report(report_id=" A-\u200b1 ")).case_id == draft(report()).case_id


@pytest.mark.parametrize("lon", [None, 0])
def test_half_a_position_is_none(lon: float | None) -> None:
    """And two zeros are none either."""
    found = draft(report(location={"lon": lon, "lat": 0 if lon == 0 else 35.5, "address": "解放中路"}))
    assert (found.asked.lon, found.asked.lat, found.asked.address) == (None, None, "解放中路")


def test_who_stays_anonymous_keeps_only_the_ways_to_be_reached() -> None:
    """They may hear the outcome; nobody can name them."""
    said = {"name": "王某某", "phone": "13800000000", "identity_number": "620802199001011234", "anonymous": True}
    found = draft(report(reporter=said, text="我是王某某，楼道有垃圾"))
    assert found.reporter is not None
    assert (found.reporter.name, found.reporter.identity_number) == (None, None)
    assert found.reporter.anonymous
    assert found.text == "我是王**,楼道有垃圾"


@pytest.mark.parametrize(
    "said", [None, {}, {"anonymous": True}, {"name": "", "phone": " "}, {"name": "王", "anonymous": True}]
)
def test_nobody_is_no_reporter(said: Any) -> None:
    """Nothing to seal, nothing to refer to."""
    found = draft(report(reporter=said))
    assert found.reporter is None
    assert found.private == {}


def test_a_number_that_is_none_stays_as_it_was_said() -> None:
    """A human may still make something of it; the notifier does not take it for one."""
    found = draft(report(reporter={"phone": "内线 8210"}))
    assert found.reporter == Reporter(phone="内线 8210")


def test_what_the_bus_does_not_carry_is_kept_private() -> None:
    """Parties, attributes and unknown fields may hold anything of anybody."""
    more = {"parties": [{"name": "李某某"}], "attributes": {"floor": 3}, "unknown": {"a": [1]}}
    found = draft(report(**more))
    assert set(found.private) == {"reporter", "parties", "attributes", "more"}
    assert found.private["more"] == {"unknown": {"a": [1]}}


def test_the_fingerprint_is_of_the_content() -> None:
    """Order of fields and nulls do not matter, everything else does."""
    one = {"a": 1, "b": {"c": None, "d": [1, {"e": None}]}, "f": None}
    assert fingerprint(one) == fingerprint({"b": {"d": [1, {}]}, "a": 1})
    assert fingerprint(one) != fingerprint({**one, "a": 2})
    assert fingerprint({"a": [1, 2]}) != fingerprint({"a": [2, 1]})


def judged(threshold: float = 0.8) -> Origin:
    """Return the grid app in a district whose texts are judged."""
    index = DirectoryIndex(profile(classifier=TextClassifier(threshold=threshold)))
    return replace(origin(index=index), suggester=Suggester(index))


def test_a_report_without_a_category_gets_the_one_its_text_is_sure_of() -> None:
    """With what suggested it and how surely; a near-duplicate finds it by that category."""
    found = draft(report(category=None, text="楼下乱堆杂物，请清理"), judged())
    assert (found.category, found.category_claimed) == ("E06036", None)
    assert found.suggested is not None
    assert (found.suggested.category, found.suggested.source) == ("E06036", "words@3")
    assert found.suggested.confidence > 0.8
    assert found.sighting() is not None


@pytest.mark.parametrize(("text", "suggests"), [("楼下有垃圾", "E06010"), ("天气真好", None)])
def test_a_report_whose_text_is_not_sure_keeps_what_it_suggests(text: str, suggests: str | None) -> None:
    """A human decides."""
    found = draft(report(category=None, text=text), judged())
    assert found.category is None
    assert (found.suggested and found.suggested.category) == suggests


def test_the_districts_threshold_decides() -> None:
    """The same text, another policy."""
    assert draft(report(category=None, text="楼下有垃圾"), judged(threshold=0.5)).category == "E06010"


def test_a_category_that_nobody_knows_goes_to_a_human_whatever_the_text_says() -> None:
    """The partner meant something; its word is read as the title."""
    found = draft(report(category="乱堆杂物类", text="请处理"), judged())
    assert (found.category, found.category_claimed) == (None, "乱堆杂物类")
    assert found.suggested is not None
    assert found.suggested.category == "E06036"


def test_a_partner_that_names_a_category_is_believed() -> None:
    """The text is not asked."""
    found = draft(report(category="E06010", text="楼下乱堆杂物"), judged())
    assert (found.category, found.suggested) == ("E06010", None)
