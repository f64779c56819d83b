"""`gridwhistle rules test`: which rule a report would hit, who would get it, by when, and why."""

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.cli._console import AsJson, fail, print_json, print_table
from deploy.cli._profiles import MONGO_URL, MongoUrl, from_database, from_files
from shared.contracts.limits import Limit
from shared.district.lookup import Asked, DirectoryIndex, Place
from shared.district.rules import Facts, Routing, choose
from shared.infra.clock import wall_clock

app = typer.Typer(name="rules", help="Try out routing rules.", no_args_is_help=True)

_DIGITS = 6


@app.callback()
def _group() -> None:
    """Keep `test` a sub-command although it is the only one."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One report tried out, and what came of it."""

    index: DirectoryIndex
    facts: Facts
    place: Place
    routing: Routing

    def due(self, limit: Limit) -> str:
        """Return when a limit that starts at the report's time would end, in local time."""
        local = self.index.calendar.due(self.facts.at, limit).astimezone(self.index.profile.zone)
        return f"{limit} (by {local:%Y-%m-%d %H:%M:%S})"


@app.command("test")
def try_out(
    district: Annotated[str, typer.Option(help="A profile's folder or file, or the code of an applied one.")],
    category: Annotated[str, typer.Option(help="Key, old code, name, or label of the partner's video system.")],
    text: Annotated[str, typer.Option(help="What the report says.")] = "",
    lon: Annotated[float | None, typer.Option(min=-180, max=180, help="WGS-84 degrees, with --lat.")] = None,
    lat: Annotated[float | None, typer.Option(min=-90, max=90, help="WGS-84 degrees, with --lon.")] = None,
    address: Annotated[str | None, typer.Option(help="Where, in words.")] = None,
    grid: Annotated[str | None, typer.Option(help="Grid code, as a partner would give it.")] = None,
    partner: Annotated[str, typer.Option(help="Who reports.")] = "grid-app",
    severity: Annotated[int | None, typer.Option(min=1, max=4, help="What the report itself says.")] = None,
    at: Annotated[datetime | None, typer.Option(help="Local time of the report; now when left out.")] = None,
    mongo_url: MongoUrl = MONGO_URL,
    as_json: AsJson = False,
) -> None:
    """Show which rule a report would hit, who would get it, by when, and why."""
    if (lon is None) != (lat is None):
        raise typer.BadParameter("a position is both", param_hint="--lon, --lat")
    index = DirectoryIndex(_profile(district, mongo_url))
    place = index.locate(Asked(grid, lon, lat, address))
    facts = _facts(index, category, place, text, partner, severity, _instant(index, at))
    trial = Trial(index, facts, place, choose(index, facts))
    if as_json:
        print_json(_as_json(trial))
    else:
        _print(trial)


def _profile(district: str, mongo_url: str) -> Any:
    """Return a profile from files, or the applied one when a code is given that is no path."""
    path = Path(district)
    if path.exists():
        return from_files(path)
    if len(district) == _DIGITS and district.isdigit():
        return from_database(district, mongo_url)
    raise typer.BadParameter(f"{district!r} is neither a path nor six digits", param_hint="--district")


def _instant(index: DirectoryIndex, at: datetime | None) -> datetime:
    return wall_clock() if at is None else at.replace(tzinfo=index.profile.zone)


def _facts(
    index: DirectoryIndex,
    category: str,
    place: Place,
    text: str,
    partner: str,
    severity: int | None,
    at: datetime,
) -> Facts:
    sender = index.partner(partner)
    if sender is None:
        fail(f"there is no partner {partner!r} in district {index.profile.code}")
    found = index.category(category, sender.label_map)
    if found is None:
        fail(f"no category is called {category!r}; a report that says so waits in triage, or names one that exists")
    grid = index.grid(place.grid) if place.grid else None
    return Facts(
        category=found.key,
        at=at,
        township=place.township,
        community=place.community,
        grid=place.grid,
        grid_kind=grid.kind if grid else None,
        partner=partner,
        partner_kind=sender.kind,
        severity=severity,
        text=text,
    )


def _print(trial: Trial) -> None:
    facts, routing, place = trial.facts, trial.routing, trial.place
    names = trial.index.departments
    called = trial.index.categories.get(facts.category)
    shown = {code: one.name for code in (routing.lead, *routing.assists) if (one := names.get(code))}
    rows = [
        ("category", f"{facts.category} {called.name if called else ''}"),
        (
            "place",
            f"{place.grid or place.community or place.township or 'somewhere in the district'} ({place.precision})",
        ),
        ("rule", routing.rule_id or "none matches"),
        ("lead", f"{routing.lead} {shown.get(routing.lead, '')}"),
        ("assists", ", ".join(f"{code} {shown.get(code, '')}" for code in routing.assists) or "nobody"),
        ("accept", trial.due(routing.accept)),
        *((f"stage {stage.name}", trial.due(stage.limit)) for stage in routing.stages),
        ("verify", str(routing.verify)),
        ("severity, priority", f"{routing.severity}, {routing.priority}"),
        (
            "joint, whistle",
            f"{'yes' if routing.joint else 'no'}, {'blown at opening' if routing.whistle else 'not blown'}",
        ),
        ("evidence", f"at least {routing.evidence.min_media}: {', '.join(routing.evidence.mime)}"),
        ("notices", routing.notice or "the district's own"),
    ]
    print_table(("what", "decided"), rows)
    print_table(("why",), [(line,) for line in routing.explanation])


def _as_json(trial: Trial) -> dict[str, Any]:
    routing = asdict(trial.routing)
    for name in ("accept", "verify"):
        routing[name] = str(routing[name])
    routing["stages"] = [f"{stage.name}={stage.limit}" for stage in trial.routing.stages]
    routing["evidence"] = trial.routing.evidence.model_dump()
    return {
        "district": trial.index.profile.code,
        "profile_version": trial.index.profile.version,
        "at": trial.facts.at.isoformat(),
        "category": trial.facts.category,
        "place": asdict(trial.place),
        **routing,
    }
