"""`gridwhistle kpi`: the figures of a district as they stood at any instant, and the cases behind each."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from deploy.cli._broker import clock
from deploy.cli._console import AsJson, fail, print_json, run, say
from deploy.cli._districts import check_code
from deploy.cli._figures import print_definitions, print_figures, print_items
from deploy.cli._instants import until_instant
from deploy.cli._profiles import MONGO_URL, MongoUrl, away
from deploy.figures.answer import Question, behind, item_as_json, whole_as_json
from deploy.figures.book import Book
from deploy.figures.catalogue import BY_NAME, FIGURES
from deploy.figures.items import By
from deploy.figures.reading import Archive
from shared.decision import Transient
from shared.infra.directory import DATABASE, ProfileMissing, ProfileStore
from shared.infra.mongo import connected

app = typer.Typer()

DEFAULT_ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Found:
    """What was asked, as it was understood, and what the ledger says to it."""

    question: Question
    book: Book
    since: datetime | None


@app.command()
def kpi(
    district: Annotated[str, typer.Option("--district", help="Six digits, e.g. 620802.")],
    as_of: Annotated[
        str | None,
        typer.Option(
            help="What had been recorded by then: 2026-07-01T12:00:00+08:00, without an offset in the district's time, "
            "a day alone up to its end. Now, if not given."
        ),
    ] = None,
    by: Annotated[By | None, typer.Option(help="Divide every figure.")] = None,
    list_: Annotated[str | None, typer.Option("--list", help="The cases behind this figure.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say how each figure is defined.")] = False,
    mongo_url: MongoUrl = MONGO_URL,
    as_json: AsJson = False,
) -> None:
    """Compute the figures of a district from its ledger, as of any instant; later events never change the answer.

    Exit status 0 also where nothing has been recorded; 1 where the district is not known, 2 for a time to come.
    """
    check_code(district)
    figure = None if list_ is None else BY_NAME.get(list_)
    if list_ is not None and figure is None:
        raise typer.BadParameter(f"there is no {list_!r}; there are: {', '.join(BY_NAME)}", param_hint="--list")
    try:
        found = run(_ask(mongo_url, district, as_of, by))
    except Transient as error:
        fail(away(error, mongo_url))
    if figure is None:
        _show(found, as_json=as_json, explain=explain)
        return
    items = behind(figure, found.book)
    if as_json:
        zone = found.question.zone
        told = [item_as_json(one, zone) for one in items]
        print_json({**found.question.as_json(), "figure": figure.name, "items": told})
    else:
        print_items(figure, items, found.question)


async def _ask(mongo_url: str, district: str, as_of: str | None, by: By | None) -> Found:
    with connected(mongo_url) as client:
        archive = Archive(client, clock())
        now, since = await archive.now(), await archive.since(district)
        zone = await _zone(ProfileStore(client[DATABASE]), district, known=since is not None)
        until = now if as_of is None else until_instant(as_of, zone, now)
        await archive.settle(until)
        return Found(Question(district, until, zone, by), await archive.book(district, until), since)


async def _zone(profiles: ProfileStore, district: str, *, known: bool) -> ZoneInfo:
    """Return the district's time zone; one that neither has a profile nor was ever heard of ends the command."""
    try:
        return (await profiles.load(district)).zone
    except ProfileMissing:
        if not known:
            there = sorted(await profiles.newest())
            fail(f"District {district} is not known here; there are: {', '.join(there) or 'none'}.")
    return DEFAULT_ZONE


def _show(found: Found, *, as_json: bool, explain: bool) -> None:
    if as_json:
        told = whole_as_json(found.book, found.question, found.since)
        if explain:
            told["definitions"] = {one.name: one.definition for one in FIGURES}
        print_json(told)
        return
    print_figures(found.book, found.question)
    if explain:
        print_definitions()
    begun = found.since
    if begun is None or begun > found.question.as_of:
        first = "" if begun is None else f"; the first thing was at {begun.astimezone(found.question.zone)}"
        say(f"Nothing had been recorded of {found.question.district} by then{first}.")
