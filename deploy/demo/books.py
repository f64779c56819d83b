"""What the ledgers say when the day is over: the same figures as `gridwhistle kpi` gives, and a table of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.table import Table

from deploy.cli._figures import in_words
from deploy.figures.answer import Question, answer
from deploy.figures.catalogue import FIGURES
from deploy.figures.reading import Archive
from deploy.figures.sums import Sum
from shared.district.model import Profile
from shared.infra.clock import Clock
from shared.infra.mongo import connected

Figures = Mapping[str, Sum]


async def figures_of(mongo_url: str, clock: Clock, profiles: Iterable[Profile]) -> dict[str, Figures]:
    """Return every figure of each district, as of now.

    Raises:
        Transient: the database is away.
    """
    with connected(mongo_url) as client:
        archive = Archive(client, clock)
        until = await archive.now()
        await archive.settle(until)
        found: dict[str, Figures] = {}
        for profile in profiles:
            question = Question(profile.code, until, profile.zone)
            sums = answer(await archive.book(profile.code, until), question)
            found[profile.code] = {name: groups[""] for name, groups in sums.items()}
        return found


def as_json(found: Mapping[str, Figures]) -> dict[str, dict[str, Any]]:
    """Return them as `gridwhistle kpi --json` does."""
    return {code: {one.name: sums[one.name].as_json(one.kind) for one in FIGURES} for code, sums in found.items()}


def table(found: Mapping[str, Figures]) -> Table:
    """Return one column a district."""
    made = Table(title="考核指标 Figures, from the ledger (gridwhistle kpi)", title_justify="left", pad_edge=False)
    made.title_style, made.header_style = "bold cyan", "bold"
    for column in ("指标", "figure", *found):
        made.add_column(column)
    for one in FIGURES:
        made.add_row(one.chinese, one.name, *(in_words(one.kind, sums[one.name]) for sums in found.values()))
    return made
