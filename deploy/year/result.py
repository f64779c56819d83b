"""The figures of the plan beside ours, every difference, and the proof that nothing is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from deploy.figures.book import Book as Ledger
from deploy.figures.catalogue import BY_NAME
from deploy.year.expected import NAMES, Book, Said
from deploy.year.published import CLOSING_RATE, FIRST_TIER, MEAN_HOURS, SECOND_TIER, SETTLED

SHOWN = 40
ROUNDS = frozenset({"patrols", "visits", "duties"})
HOUR_MS = 3_600_000


class Value(BaseModel):
    """Frozen values."""

    model_config = ConfigDict(frozen=True)


class Row(Value):
    """One figure: what the district has published of it, what the plan says, what came out."""

    name: str
    published: str
    planned: float | None
    ours: float | None


class Difference(Value):
    """Something behind a figure that is in the plan and not in the ledger (`planned`), or the other way round."""

    figure: str
    case: str
    part: str
    milliseconds: int | None
    planned: bool
    count: int


class Result(Value):
    """One run of the year. `fine` when every figure is the plan's to the millisecond and nothing is unaccounted for."""

    days: int
    scale: float
    seed: int
    broker: str
    reports: int
    commands: int
    events_heard: int
    steps: int
    rows: tuple[Row, ...]
    counts: dict[str, dict[str, tuple[int, int]]]
    differences: tuple[Difference, ...]
    refused: tuple[str, ...]
    unanswered: tuple[str, ...]
    conservation: tuple[str, ...]
    play_seconds: float
    wall_seconds: float

    @property
    def fine(self) -> bool:
        """Whether plan and ledger agree, nobody was refused, everything was answered, nothing is lost."""
        return not (self.differences or self.refused or self.unanswered or self.conservation)

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"fine": self.fine, **self.model_dump(mode="json")}


def found(ledger: Ledger) -> Book:
    """Return what is behind each figure by the ledger, as `gridwhistle kpi --list` shows it."""
    book: Book = {}
    for name in NAMES:
        items = BY_NAME[name].items(ledger)
        book[name] = Counter((one.grid if name in ROUNDS else one.case, one.part, one.milliseconds) for one in items)
    return book


def differences(planned: Book, ours: Book) -> Iterator[Difference]:
    """Yield everything behind a figure that only one of the two has."""
    for name in NAMES:
        for mine, one, other in ((True, planned, ours), (False, ours, planned)):
            for (case, part, spent), count in sorted((one[name] - other[name]).items(), key=str):
                yield Difference(figure=name, case=case, part=part, milliseconds=spent, planned=mine, count=count)


def counts(planned: Book, ours: Book) -> dict[str, dict[str, tuple[int, int]]]:
    """Return of each figure how many of which part there are, the plan's and ours."""
    told = {}
    for name in NAMES:
        one, other = _parts(planned[name]), _parts(ours[name])
        told[name] = {part: (one[part], other[part]) for part in sorted({*one, *other})}
    return told


def _parts(items: Counter[Said]) -> Counter[str]:
    parts: Counter[str] = Counter()
    for (_, part, _), count in items.items():
        parts[part] += count
    return parts


def rows(planned: Book, ours: Book, disputes: Iterable[str]) -> Iterator[Row]:
    """Yield the figures that the district has published, and those of the plan that stand for them."""
    quarrels = frozenset(disputes)

    def row(name: str, published: str, figure: str, *parts: str, of_disputes: bool | None = None) -> Row:
        one, other = (_share(_only(book[figure], quarrels, of_disputes), parts) for book in (planned, ours))
        return Row(name=name, published=published, planned=one, ours=other)

    told = f"{CLOSING_RATE:.1%}"
    yield row("办结率 events closed", told, "closing_rate", "closed", of_disputes=False)
    hours = (_hours(_only(book["handling_time"], quarrels, wanted=False)) for book in (planned, ours))
    yield Row(name="平均办理 mean hours", published=f"under {MEAN_HOURS:.0f}", planned=next(hours), ours=next(hours))
    yield row("按时率 tasks on time", "", "on_time_rate", "on_time")
    yield row("退单率 tasks refused", "", "refusals", "returned")
    yield row("调解成功率 disputes settled", f"{SETTLED:.2%}", "dispute_success", "agreed")
    yield row("村社区化解 in the community", f"{FIRST_TIER:.1%}", "first_level_settlement", "community")
    yield row("乡镇街道化解 gold mediators", f"{SECOND_TIER:.1%}", "first_level_settlement", "gold")
    yield row("律师化解 lawyers", "", "first_level_settlement", "lawyer")
    yield row("履行率 fulfilled", "", "dispute_fulfilment", "fulfilled")
    yield row("巡查 patrols done", "", "patrols", "done")
    yield row("走访 visits done", "", "visits", "done")
    yield row("值守 duties done", "", "duties", "done")


def _only(items: Counter[Said], quarrels: frozenset[str], wanted: bool | None) -> Counter[Said]:  # noqa: FBT001 - a filter
    if wanted is None:
        return items
    return Counter({one: count for one, count in items.items() if (one[0] in quarrels) is wanted})


def _share(items: Counter[Said], parts: Sequence[str]) -> float | None:
    total = items.total()
    return round(sum(_parts(items)[part] for part in parts) / total, 6) if total else None


def _hours(items: Counter[Said]) -> float | None:
    spent = sum((one[2] or 0) * count for one, count in items.items())
    return round(spent / items.total() / HOUR_MS, 6) if items else None
