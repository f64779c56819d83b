"""`gridwhistle workers`: what grid workers did and missed, who ranks where, and one worker's whole record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from deploy.cli._broker import clock
from deploy.cli._console import AsJson, fail, print_json, print_table, run
from deploy.cli._districts import check_code
from deploy.cli._instants import until_instant
from deploy.cli._profiles import MONGO_URL, MongoUrl, away
from deploy.figures.reading import Archive
from deploy.workers.lines import Line, lines
from deploy.workers.ranking import COUNTED, Rounds, Standing, month_of, rounds, standings, within
from shared.decision import Transient
from shared.district.lookup import DirectoryIndex
from shared.infra.directory import DATABASE, ProfileCache, ProfileMissing, ProfileStore
from shared.infra.mongo import connected

app = typer.Typer(
    name="workers", help="Grid workers' patrols, visits, duties, points and records.", no_args_is_help=True
)

District = Annotated[str, typer.Option("--district", help="Six digits, e.g. 620802.")]
Month = Annotated[str | None, typer.Option(help="A month of the district, 2026-07; the running one if not given.")]
Township = Annotated[str | None, typer.Option(help="Nine digits: this township alone.")]
AsOf = Annotated[
    str | None,
    typer.Option(help="What had been recorded by then: an instant, or a day up to its end. Now, if not given."),
]

TITLES = {
    "patrol": "patrols", "visit": "visits", "duty": "duties", "missed": "missed", "excused": "excused",
    "report": "reports", "handled": "handled", "training": "trained", "assessment": "assessed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Record:
    """What the ledger said of a district's workers by an instant."""

    district: str
    as_of: datetime
    zone: ZoneInfo
    lines: tuple[Line, ...]

    def of_month(self, month: str | None, township: str | None = None) -> list[Line]:
        """Return the lines of a month, of one township where it is named."""
        wanted = month or month_of(self.as_of, self.zone)
        return [one for one in within(self.lines, self.zone, wanted) if township in (None, one.township)]

    def head(self, month: str | None) -> dict[str, Any]:
        """Return what was asked, for programs."""
        asked = {"district": self.district, "as_of": self.as_of.astimezone(self.zone).isoformat()}
        return {**asked, "month": month or month_of(self.as_of, self.zone)}


@app.command()
def rank(
    district: District,
    month: Month = None,
    township: Township = None,
    as_of: AsOf = None,
    mongo_url: MongoUrl = MONGO_URL,
    as_json: AsJson = False,
) -> None:
    """Rank the workers of a month by points (奖励机制), in the district and in each township."""
    record = _read(district, month, as_of, mongo_url)
    ranked = [one for one in standings(record.of_month(month)) if township in (None, one.township)]
    if as_json:
        print_json({**record.head(month), "workers": list(map(_standing, ranked))})
        return
    columns = ("place", "in township", "worker", "township", "points", *TITLES.values())
    print_table(columns, map(_row, ranked), _title("Grid workers", record, month))


@app.command("rounds")
def show_rounds(
    district: District,
    month: Month = None,
    township: Township = None,
    as_of: AsOf = None,
    mongo_url: MongoUrl = MONGO_URL,
    as_json: AsJson = False,
) -> None:
    """Show what became of the patrols, visits and duties of a month, by township and obligation."""
    record = _read(district, month, as_of, mongo_url)
    found = rounds(record.of_month(month, township))
    if as_json:
        print_json({**record.head(month), "rounds": list(map(_round, found))})
        return
    rows = (
        (one.township, one.obligation, *map(str, (one.done, one.missed, one.excused)), _share(one)) for one in found
    )
    columns = ("township", "obligation", "done", "missed", "excused", "rate")
    print_table(columns, rows, _title("Rounds", record, month))


@app.command()
def show(
    worker: Annotated[str, typer.Argument(help="The worker's reference in the profile, e.g. gw-620802001001001.")],
    district: District,
    month: Annotated[str | None, typer.Option(help="This month alone, 2026-07.")] = None,
    as_of: AsOf = None,
    mongo_url: MongoUrl = MONGO_URL,
    as_json: AsJson = False,
) -> None:
    """Show the record of one worker: everything done, missed, learnt and earned; exit status 1 where there is none."""
    record = _read(district, month, as_of, mongo_url)
    own = sorted(
        (one for one in within(record.lines, record.zone, month) if one.worker == worker),
        key=lambda one: (one.at, one.what, one.grid),
    )
    if not own:
        fail(f"Nothing is recorded of a worker {worker} in district {district} by then.")
    if as_json:
        head = {"district": district, "as_of": record.as_of.astimezone(record.zone).isoformat(), "worker": worker}
        print_json({**head, "points": sum(one.points for one in own), "lines": [_line(one, record) for one in own]})
        return
    rows = [(_local(one, record), one.what, one.grid, str(one.points or ""), _more(one)) for one in own]
    print_table(("when", "what", "grid", "points", ""), rows, f"{worker}: {sum(one.points for one in own)} points")


def _read(district: str, month: str | None, as_of: str | None, mongo_url: str) -> Record:
    check_code(district)
    if month is not None:
        _check_month(month)
    try:
        return run(_ask(district, as_of, mongo_url))
    except ProfileMissing as error:
        fail(f"{error}: gridwhistle district apply PATH")
    except Transient as error:
        fail(away(error, mongo_url))


def _check_month(month: str) -> None:
    try:
        datetime.strptime(month, "%Y-%m")  # noqa: DTZ007 - a month has no zone
    except ValueError:
        raise typer.BadParameter(f"{month!r} is no month: 2026-07", param_hint="--month") from None


async def _ask(district: str, as_of: str | None, mongo_url: str) -> Record:
    with connected(mongo_url) as client:
        profiles = ProfileCache(ProfileStore(client[DATABASE]))
        archive = Archive(client, clock(), ("router", "escalation"))
        zone, now = (await profiles.fetch(district)).profile.zone, await archive.now()
        until = now if as_of is None else until_instant(as_of, zone, now)
        await archive.settle(until)
        book = await archive.book(district, until)
        versions = {one.values.get("profile_version", 0) for _, one in book.entries("case.opened", "case.moved")}
        known = {version: await profiles.fetch(district, version or None) for version in versions}

        def index_of(version: int) -> DirectoryIndex:
            return known[version]

        return Record(district, until, zone, tuple(lines(book, zone, index_of)))


def _title(what: str, record: Record, month: str | None) -> str:
    local = record.as_of.astimezone(record.zone)
    return (
        f"{what} of {record.district} in {month or month_of(record.as_of, record.zone)}, as of {local:%Y-%m-%d %H:%M}"
    )


def _row(one: Standing) -> Sequence[str]:
    places = (one.place, one.place_in_township)
    return (*map(str, places), one.worker, one.township, str(one.points), *(str(one.counts[name]) for name in TITLES))


def _standing(one: Standing) -> dict[str, Any]:
    named = {"worker": one.worker, "township": one.township, "points": one.points}
    places = {"place": one.place, "place_in_township": one.place_in_township}
    return {**named, **places, **{name: one.counts[name] for name in COUNTED}}


def _round(one: Rounds) -> dict[str, Any]:
    counts = {"done": one.done, "missed": one.missed, "excused": one.excused}
    return {"township": one.township, "obligation": one.obligation, **counts, "rate": one.rate}


def _share(one: Rounds) -> str:
    return "-" if one.rate is None else f"{one.rate:.1%}"


def _local(one: Line, record: Record) -> str:
    return f"{one.at.astimezone(record.zone):%Y-%m-%d %H:%M}"


def _line(one: Line, record: Record) -> dict[str, Any]:
    told = {"what": one.what, "at": one.at.astimezone(record.zone).isoformat(), "points": one.points}
    named = {"grid": one.grid, "obligation": one.obligation}
    return {**told, "count": one.count, **{name: value for name, value in named.items() if value}, **one.more}


def _more(one: Line) -> str:
    said = {"obligation": one.obligation, **one.more}
    return ", ".join(f"{name} {value}" for name, value in said.items() if value not in ("", None))
