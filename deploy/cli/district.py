"""`gridwhistle district`: check a profile, show what it would change, apply it as the next version; remove it all."""

from collections import Counter
from dataclasses import asdict
from typing import Annotated, Any

import typer

from deploy.cli._console import fail, print_json, print_table, run, say
from deploy.cli._district_removal import remove
from deploy.cli._profiles import MONGO_URL, AsJson, MongoUrl, ProfilePath, away, from_files, store
from deploy.cli._recut import Effect, effect_of
from shared.decision import Transient
from shared.district.diff import Change, diff, vanished_grids
from shared.district.model import Profile
from shared.infra.clock import wall_clock
from shared.infra.directory import Applied, ProfileMissing

app = typer.Typer(
    name="district", help="Check, compare and apply district profiles; remove a district.", no_args_is_help=True
)

app.command()(remove)

_COUNTED = ("townships", "communities", "grids", "departments", "partners", "categories", "rules")
_SHOWN = 200


@app.command()
def check(path: ProfilePath, as_json: AsJson = False) -> None:
    """Say whether the profile at PATH is valid; exit status 1 when not, with every mistake by file and line."""
    profile = from_files(path, as_json=as_json)
    counts = {name: len(getattr(profile, name)) for name in _COUNTED}
    if as_json:
        print_json({"valid": True, "district": profile.code, "name": profile.name, "counts": counts})
    else:
        typer.echo(f"{profile.code} {profile.name} is valid: {', '.join(f'{n} {name}' for name, n in counts.items())}")


@app.command("diff")
def show_diff(path: ProfilePath, mongo_url: MongoUrl = MONGO_URL, as_json: AsJson = False) -> None:
    """Show what applying the profile at PATH would change; exit status 1 when it would change something."""
    profile = from_files(path, as_json=as_json)
    applied = _guard(_applied(profile.code, mongo_url), mongo_url)
    changes = diff(applied, profile)
    _show(profile, applied, changes, as_json=as_json)
    raise typer.Exit(1 if changes else 0)


@app.command()
def apply(
    path: ProfilePath,
    dry_run: Annotated[bool, typer.Option(help="Only show what would change.")] = False,
    drop_grids: Annotated[bool, typer.Option(help="Let grids vanish that are not re-cut into others.")] = False,
    mongo_url: MongoUrl = MONGO_URL,
    as_json: AsJson = False,
) -> None:
    """Check the profile at PATH, show what changes, and apply it as the next version; nothing changed, nothing done.

    Running cases keep the version they were opened under. Where grids were cut into others, open cases follow their
    ground within seconds, and what is owed there is owed in the new grids; the dry run says how much that is.
    """
    profile = from_files(path, as_json=as_json)
    applied = _guard(_applied(profile.code, mongo_url), mongo_url)
    gone = vanished_grids(applied, profile)
    if gone and not drop_grids:
        fail(
            f"{len(gone)} grids would no longer resolve, e.g. {gone[0]}: keep their rows and name under successors "
            "what they were re-cut into, or say --drop-grids"
        )
    changes = diff(applied, profile)
    effect = _guard(effect_of(applied, profile, mongo_url), mongo_url)
    stored = None if dry_run else _guard(_store(profile, mongo_url), mongo_url)
    _show(profile, applied, changes, stored, effect, as_json=as_json)


@app.command("list")
def list_versions(
    district: Annotated[str | None, typer.Option(help="Only this district.")] = None,
    mongo_url: MongoUrl = MONGO_URL,
    as_json: AsJson = False,
) -> None:
    """List every applied version."""
    found = [one for one in _guard(_history(mongo_url), mongo_url) if district in (None, one.district)]
    if as_json:
        print_json([_stored(one) for one in found])
    else:
        rows = [(one.district, str(one.version), f"{one.applied_at:%Y-%m-%d %H:%M:%S %Z}", one.sha256) for one in found]
        print_table(("district", "version", "applied", "sha256"), rows)


async def _applied(district: str, mongo_url: str) -> Profile | None:
    async with store(mongo_url) as profiles:
        try:
            return await profiles.load(district)
        except ProfileMissing:
            return None


async def _store(profile: Profile, mongo_url: str) -> Applied:
    async with store(mongo_url) as profiles:
        return await profiles.apply(profile, wall_clock())


async def _history(mongo_url: str) -> list[Applied]:
    async with store(mongo_url) as profiles:
        return await profiles.history()


def _guard(work: Any, mongo_url: str) -> Any:
    """Run the part that needs the database; when it is away say so and end."""
    try:
        return run(work)
    except Transient as error:
        fail(away(error, mongo_url))


def _show(
    profile: Profile,
    before: Profile | None,
    changes: tuple[Change, ...],
    stored: Applied | None = None,
    effect: Effect | None = None,
    *,
    as_json: bool,
) -> None:
    if as_json:
        result = None if stored is None else _stored(stored)
        base = None if before is None else before.version
        moved = {} if effect is None else {"recut": effect.as_json()}
        told = {"district": profile.code, "against": base, "applied": result}
        print_json({**told, "changes": list(map(asdict, changes)), **moved})
        return
    since = "nothing applied yet" if before is None else f"version {before.version}"
    typer.echo(f"{profile.code} {profile.name} against {since}: {_summary(changes)}")
    if before is not None:
        for change in changes[:_SHOWN]:
            typer.echo(f"  {change}")
        if len(changes) > _SHOWN:
            say(f"  … and {len(changes) - _SHOWN} more; --json shows all")
    if effect is not None:
        effect.show()
    if stored is not None:
        typer.echo(f"{profile.code} is at version {stored.version}{'' if stored.changed else ', as before'}")


def _summary(changes: tuple[Change, ...]) -> str:
    counts = Counter(change.kind for change in changes)
    return ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())) or "no difference"


def _stored(one: Applied) -> dict[str, Any]:
    return {**asdict(one), "applied_at": one.applied_at.isoformat()}
