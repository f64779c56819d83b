"""Reports without a position: what names a place, and when words alone make two of them one matter."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.intake.domain.decide import decide
from services.intake.domain.model import Submission
from services.intake.domain.naming import MAX_NAMES, names
from services.intake.domain.normalise import normalise
from services.intake.domain.rounds import Waiting, find_match, split
from services.intake.domain.saying import Saying, match_words, name_keys, said_again
from shared.contracts.incidents import Report
from shared.district.lookup import DirectoryIndex
from shared.district.policies import InWords, NearDuplicates
from tests.unit.intake.test_decide import PLACE
from tests.unit.intake.world import CASE, DISTRICT, NOW, origin, profile, report

POLICY = InWords(enabled=True)
TEXT = "翠湖新城小区旁边的搅拌站昼夜施工，噪音扰民"
AGAIN = "尊敬的领导，我是翠湖新城的业主，小区旁边有一个搅拌站，昼夜施工，噪音太大"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("翠湖新城小区", ["翠湖新"]),
        ("在翠湖新城，离丁香路不远", ["翠湖新", "丁香路"]),
        ("向阳村三组与柳林镇之间", ["向阳村"]),
        ("我们小区门口的道路没有路灯，请市政府解决", []),
        ("城市公园的马路上，学校和医院都停水", []),
        ("楼道里堆满了垃圾", []),
        ("", []),
        ("甲乙路" * 3, ["甲乙路"]),
    ],
)
def test_what_a_text_names(text: str, expected: list[str]) -> None:
    """An estate with and without 小区 is the same; what is said of no place in particular is none."""
    assert names(text) == expected


def test_a_text_names_so_many_places_at_most() -> None:
    """Each is a key in an index."""
    assert len(names("，".join(f"{chr(0x4E00 + n)}{chr(0x5E00 + n)}路" for n in range(40)))) == MAX_NAMES


def test_said_again_is_between_nothing_and_all() -> None:
    """A short text within a long one is all of it; the order does not matter."""
    assert said_again(TEXT, TEXT) == 1.0
    assert said_again("搅拌站昼夜施工", TEXT) == said_again(TEXT, "搅拌站昼夜施工") == 1.0
    assert said_again(TEXT, "路灯不亮") == 0.0
    assert said_again(TEXT, "") == 0.0
    assert said_again(TEXT, AGAIN) > POLICY.similarity


def saying(text: str = TEXT, **more: object) -> Saying:
    """Return a report in words."""
    made = Saying(CASE, DISTRICT, "E06010", name_keys(DISTRICT, "E06010", text), NOW, text)
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("other", "one_matter"),
    [
        (saying(AGAIN), True),
        (saying(AGAIN, at=NOW + timedelta(hours=24)), True),
        (saying(AGAIN, at=NOW - timedelta(hours=24, seconds=1)), False),
        (saying(TEXT.replace("翠湖新城", "白杨新城")), False),
        (saying(TEXT.replace("翠湖新城小区", "我们小区")), False),
        (saying("翠湖新城小区的路灯全都不亮了，晚上出门看不见"), False),
        (saying(AGAIN, category="E06036"), False),
        (saying(AGAIN, district="620171"), False),
    ],
)
def test_a_place_named_by_both_and_words_said_again_make_one_matter(other: Saying, *, one_matter: bool) -> None:
    """The same words about another estate, or of no place at all, are not; nor is another matter there."""
    assert (match_words(saying(), other, POLICY) is not None) is one_matter


def submitted(report_id: str, in_words: InWords, **more: object) -> Submission:
    """Return a report without a position as intake is to decide it."""
    near = NearDuplicates(in_words=in_words)
    index = DirectoryIndex(profile(near_duplicates=near))
    said = Report.model_validate(report(**{"report_id": report_id, "location": None, "text": TEXT, **more}))
    return Submission(normalise(said, report_id.encode(), origin(index=index)), PLACE)


def waiting(one: Submission) -> Waiting:
    """Return it as it waits for its round."""
    return Waiting.of(one.draft)


def test_a_report_in_words_waits_for_the_first_and_finds_it() -> None:
    """In one batch the second waits a round; then the first is known by the keys it is stored under."""
    first, second = submitted("W-1", POLICY), submitted("W-2", POLICY, text=AGAIN)
    now, later = split([waiting(first), waiting(second)])
    assert ([one.aggregate for one in now], len(later)) == ([first.draft.aggregate], 1)
    state = decide(None, first, NOW).state
    sighting = first.draft.sighting()
    assert isinstance(sighting, Saying)
    assert (state.near, state.words) == (None, sighting.keys)
    found = find_match(later[0], {key: [sighting] for key in state.words})
    assert found is not None
    assert (found.case_id, found.distance_m) == (first.draft.case_id, None)


def test_a_report_with_a_position_and_one_in_words_are_not_compared() -> None:
    """The one is found by the map, the other by its words; nothing says how far apart they are."""
    placed = submitted("W-1", POLICY, location={"lon": 106.665, "lat": 35.545, "datum": "wgs84"})
    worded = submitted("W-2", POLICY)
    assert split([waiting(placed), waiting(worded)])[1] == []
    sightings = [one.draft.sighting() for one in (placed, worded)]
    everything = {key: [one for one in sightings if one] for key in (*waiting(placed).cells, *waiting(worded).cells)}
    assert find_match(waiting(worded), everything) is find_match(waiting(placed), everything) is None


def test_words_count_only_where_the_district_says_so() -> None:
    """A profile from before says nothing of it."""
    assert submitted("W-1", InWords()).draft.sighting() is None
