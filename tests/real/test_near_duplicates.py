"""What intake's rule for reports without a position merges of a city's real, repeated complaints, and what it misses.

Two files of labels, made by reading the texts, hold ids only. `hot_issues_merged.csv`: every merge that the rule makes
within seven days, and at the lower similarity of 0.4. `hot_issues_pairs.csv`: pairs drawn at random from strata of
likeness, each standing for so many. `pytest tests/real/test_near_duplicates.py -s` prints the figures of the docs.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from deploy.replay.run import Files
from services.intake.domain.model import Draft
from services.intake.domain.nearness import similarity
from services.intake.domain.normalise import normalise
from services.intake.domain.rounds import Seen, Waiting, find_match
from services.intake.domain.saying import Saying, best_words
from shared.contracts.incidents import Report
from shared.district.lookup import DirectoryIndex
from shared.district.policies import InWords, NearDuplicates
from tests.unit.intake.world import origin, profile

HERE = Path(__file__).parent
CITY = Files.find(None).city
DATA = CITY.parents[1] / "tipdm2020c" / "hot_issues_raw.csv.gz" if CITY else None

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        DATA is None or not DATA.exists(), reason="hot_issues_raw.csv.gz is not there: set GW_REAL_DATA to its folder"
    ),
]

EVER = timedelta(days=10_000)
Pair = tuple[str, str]


def labels(name: str) -> dict[Pair, tuple[bool, float]]:
    """Return (later, earlier) -> whether they are one matter, and for how many pairs the label stands."""
    rows = csv.reader((HERE / name).read_text().splitlines()[1:])
    return {(row[0], row[1]): (row[2] == "1", float(row[3]) if row[3:] else 1.0) for row in rows}


@cache
def drafts(policy: InWords) -> dict[str, Draft]:
    """Return every complaint as intake normalises it, in the order they were sent, by its id.

    All under one category: the data has none, and in a district with categories fewer pairs are compared at all.
    """
    assert DATA is not None
    index = DirectoryIndex(profile(near_duplicates=NearDuplicates(in_words=policy)))
    text = io.StringIO(gzip.decompress(DATA.read_bytes()).decode("utf-8-sig"))
    found = [_draft(row, index) for row in csv.DictReader(text)]
    return {one.report_id: one for one in sorted(found, key=lambda one: one.occurred_at)}


def _draft(row: Mapping[str, str], index: DirectoryIndex) -> Draft:
    at = _instant(row["留言时间"].strip())
    said = {"report_id": row["留言编号"], "category": "E06010", "occurred_at": at.isoformat()}
    report = Report.model_validate({**said, "text": f"{row['留言主题']} {row['留言详情']}".strip()})
    return normalise(report, row["留言编号"].encode(), origin(index=index, received=at))


def _instant(text: str) -> datetime:
    """Read either of the two formats that are mixed in the file."""
    day, _, time = text.replace("/", "-").partition(" ")
    year, month, date = (int(part) for part in day.split("-"))
    hour, minute, second = (int(part) for part in f"{time}:0".split(":")[:3])
    return datetime(year, month, date, hour, minute, second, tzinfo=ZoneInfo("Asia/Shanghai"))


def say(line: str = "") -> None:
    """Print a figure; pytest shows it with -s."""
    sys.stdout.write(f"{line}\n")


def merges(policy: InWords) -> Iterator[Pair]:
    """Yield (report, the first report of the case it is merged into) for each merge, as intake would decide them."""
    ids: dict[str, str] = {}
    known: dict[int, list[Seen]] = {}
    for id_, draft in drafts(policy).items():
        one = Waiting.of(draft)
        found = find_match(one, known)
        ids[draft.case_id] = id_
        if found is not None:
            yield id_, ids[found.case_id]
            continue
        for key in one.cells:
            known.setdefault(key, []).extend([one.sighting] if one.sighting else [])


@dataclass(frozen=True)
class Score:
    """Of the pairs that are one matter and those that were found, how many are both."""

    found: float
    right: float
    all: float

    @property
    def precision(self) -> float:
        """The share of what was found that is right."""
        return self.right / self.found

    @property
    def recall(self) -> float:
        """The share of what there is that was found."""
        return self.right / self.all

    def __str__(self) -> str:
        return f"precision {self.precision:.3f}  recall {self.recall:.3f}"


def scored(policy: InWords) -> Score:
    """Return how the rule does on the sampled pairs, whenever they were sent, each for as many as it stands for."""
    known, pairs = drafts(policy), labels("hot_issues_pairs.csv")
    hit = {pair: _meet(known[pair[0]], known[pair[1]], policy) for pair in pairs}
    return _score(pairs, hit)


def _meet(one: Draft, other: Draft, policy: InWords) -> bool:
    left, right = one.sighting(), other.sighting()
    return isinstance(left, Saying) and isinstance(right, Saying) and best_words(left, [right], policy) is not None


def _score(pairs: Mapping[Pair, tuple[bool, float]], hit: Mapping[Pair, bool]) -> Score:
    found = sum(weight for pair, (_, weight) in pairs.items() if hit[pair])
    right = sum(weight for pair, (same, weight) in pairs.items() if hit[pair] and same)
    return Score(found, right, sum(weight for same, weight in pairs.values() if same))


def test_what_is_merged_within_a_day_is_nearly_always_one_matter() -> None:
    """Every merge of the rule as it is shipped, checked by hand; a merge that has no label fails the test."""
    known = labels("hot_issues_merged.csv")
    share: dict[tuple[float, int], float] = {}
    for similar, days in itertools.product((0.45, 0.4), (1, 7)):
        policy = InWords(enabled=True, window=timedelta(days=days), similarity=similar)
        made = list(merges(policy))
        wrong = sum(not known[pair][0] for pair in made)
        right = share[similar, days] = 1 - wrong / len(made)
        say(f"within {days} days, similarity {similar}: {len(made)} merges, {wrong} wrong, precision {right:.3f}")
        assert len(made) >= 60
    assert share[InWords().similarity, 1] >= 0.94
    assert share[InWords().similarity, 7] >= 0.9


def test_the_place_in_words_carries_the_precision_and_the_beginning_the_recall() -> None:
    """Against the rule for positions with its place left out: whole texts alike by pairs of characters."""
    usual = InWords(enabled=True, window=EVER)
    scores = {
        similar: scored(usual.model_copy(update={"similarity": similar})) for similar in (0.3, 0.4, 0.45, 0.5, 0.6)
    }
    say()
    for similar, score in scores.items():
        say(f"place and beginning, similarity {similar}: {score}")
    pairs, known = labels("hot_issues_pairs.csv"), drafts(usual)
    for least in (0.2, 0.3, 0.4, 0.5):
        alike = {pair: _dice(known[pair[0]], known[pair[1]]) >= least for pair in pairs}
        say(f"texts as wholes, no place, similarity {least}: {_score(pairs, alike)}")
    wholes = _score(pairs, {pair: _dice(known[pair[0]], known[pair[1]]) >= 0.4 for pair in pairs})
    assert scores[0.45].precision >= max(0.9, wholes.precision)
    assert scores[0.45].recall >= 2 * wholes.recall


def _dice(one: Draft, other: Draft) -> float:
    return similarity(one.text[:120], other.text[:120]) or 0.0


def test_without_the_place_the_same_words_merge_what_is_not_one_matter() -> None:
    """One citizen's letters about other places, all begun in the same words, stay apart."""
    known = drafts(InWords(enabled=True, window=EVER))
    apart = [pair for pair, (same, _) in labels("hot_issues_pairs.csv").items() if not same]
    alike = [pair for pair in apart if _dice(known[pair[0]], known[pair[1]]) >= 0.3]
    merged = [pair for pair in alike if _meet(known[pair[0]], known[pair[1]], InWords(enabled=True, window=EVER))]
    assert len(merged) * 4 <= len(alike)
