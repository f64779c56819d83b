"""`gridwhistle acl`: what each service and partner may do on a secured broker, and their passwords."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.cli._broker import access
from deploy.cli._console import BOOTSTRAP, PROBLEM, AsJson, Bootstrap, fail, print_json, print_table, run, say
from deploy.cli._districts import Districts, ProfilePaths, applied_profiles
from deploy.cli._profiles import MONGO_URL, MongoUrl, from_files
from deploy.kafka.grants import Change, Grant, compare, concerns, is_ours, plan
from deploy.local.keys import new_password, password_of, write_password
from shared.district.model import Profile

app = typer.Typer(name="acl", help="Grants and passwords on a broker that asks who one is.", no_args_is_help=True)

Passwords = Annotated[
    Path | None,
    typer.Option(
        help="Also give everybody who has none a password, in a file of this folder, and forget who is gone.",
        file_okay=False,
    ),
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What should be granted in these districts; None: in all there are."""

    grants: set[Grant]
    districts: frozenset[str] | None

    def everybody(self) -> list[str]:
        """Return the principals."""
        return sorted({grant.principal for grant in self.grants})


@app.command("plan")
def show_plan(
    district: Districts = None,
    profile: ProfilePaths = None,
    bootstrap: Bootstrap = BOOTSTRAP,
    mongo_url: MongoUrl = MONGO_URL,
    as_json: AsJson = False,
) -> None:
    """Show what `apply` would grant and take away; exit status 1 when it would change something."""
    wanted = _wanted(district or [], profile or [], mongo_url)
    change = run(_look(bootstrap, wanted))
    _show(wanted, change, as_json=as_json, done=False)
    raise typer.Exit(PROBLEM if change.grant or change.revoke else 0)


@app.command("apply")
def apply_grants(
    district: Districts = None,
    profile: ProfilePaths = None,
    passwords: Passwords = None,
    bootstrap: Bootstrap = BOOTSTRAP,
    mongo_url: MongoUrl = MONGO_URL,
    as_json: AsJson = False,
) -> None:
    """Grant each service its row of the contracts' table, each partner its topics; take away what is not granted.

    The partners are those of the applied profiles, or of --profile. Run again at any time: what is right stays. With
    --district only what concerns these districts is touched; principals that are nobody of ours are never.
    """
    wanted = _wanted(district or [], profile or [], mongo_url)
    change, made, gone = run(_bring(bootstrap, wanted, passwords))
    _show(wanted, change, as_json=as_json, done=True, made=made, gone=gone)


@app.command("password")
def set_password(
    principal: Annotated[str, typer.Argument(help="e.g. 620802-grid-app or gridwhistle-router")],
    file: Annotated[Path, typer.Option(help="Where the password is, or is to be put.", dir_okay=False)],
    new: Annotated[bool, typer.Option("--new", help="Make a new one, and put it into the file.")] = False,
    bootstrap: Bootstrap = BOOTSTRAP,
) -> None:
    """Set the password of one principal to what FILE holds; without a file, or with --new, make one.

    Who is connected stays connected; a new connection needs the new password.
    """
    fresh = new or not file.exists()
    password = new_password() if fresh else password_of(file)
    if not password:
        fail(f"{file} holds no password.")
    run(_set(bootstrap, principal, password))
    if fresh:
        write_password(file, password)
    say(f"{principal} has the password in {file}.")


def _wanted(districts: list[str], paths: list[Path], mongo_url: str) -> Wanted:
    profiles = [from_files(path) for path in paths]
    if districts or not paths:
        profiles += applied_profiles(districts, mongo_url)
    if not profiles:
        fail("No profile has been applied, so nobody is known: gridwhistle district apply PATH, or --profile PATH.")
    return Wanted(plan(map(_named, profiles)), frozenset(p.code for p in profiles) if districts or paths else None)


def _named(profile: Profile) -> tuple[str, Any]:
    return profile.code, profile.partners


async def _look(bootstrap: str, wanted: Wanted) -> Change:
    async with access(bootstrap) as broker:
        return compare(wanted.grants, await broker.grants(), wanted.districts)


async def _bring(bootstrap: str, wanted: Wanted, passwords: Path | None) -> tuple[Change, Sequence[str], Sequence[str]]:
    """Grant and revoke; return what, who got a password, and whom the broker does not know any more."""
    async with access(bootstrap) as broker:
        change = compare(wanted.grants, await broker.grants(), wanted.districts)
        await broker.change(change)
        if passwords is None:
            return change, (), ()
        known = await broker.users()
        missing = [one for one in wanted.everybody() if one not in known or not _file(passwords, one).exists()]
        gone = [one for one in known - set(wanted.everybody()) if is_ours(one) and _concerns(one, wanted.districts)]
        await broker.set_users({one: password_of(_file(passwords, one)) for one in missing}, gone)
        return change, missing, sorted(gone)


async def _set(bootstrap: str, principal: str, password: str) -> None:
    async with access(bootstrap) as broker:
        await broker.set_users({principal: password})


def _concerns(principal: str, districts: frozenset[str] | None) -> bool:
    return concerns(Grant(principal, "read", "group", ""), districts)


def _file(folder: Path, principal: str) -> Path:
    return folder / f"{principal}.password"


def _show(
    wanted: Wanted, change: Change, *, as_json: bool, done: bool, made: Sequence[str] = (), gone: Sequence[str] = ()
) -> None:
    if as_json:
        print_json(
            {
                "grant": [asdict(one) for one in change.grant],
                "revoke": [asdict(one) for one in change.revoke],
                "planned": len(wanted.grants),
                "principals": wanted.everybody(),
                "passwords": {"made": list(made), "forgotten": list(gone)},
                "applied": done,
            }
        )
        return
    rows = [_row("grant", one) for one in change.grant] + [_row("revoke", one) for one in change.revoke]
    if rows:
        print_table(("what", "principal", "may", "on", "name"), rows)
    say(
        f"{len(wanted.grants)} grants for {len(wanted.everybody())} principals: {len(change.grant)} "
        f"{'granted' if done else 'missing'}, {len(change.revoke)} {'revoked' if done else 'too many'}."
    )
    if made or gone:
        say(f"{len(made)} passwords were set, {len(gone)} users forgotten.")


def _row(what: str, grant: Grant) -> tuple[str, ...]:
    name = f"{grant.name}*" if grant.pattern == "prefixed" else grant.name
    return what, grant.principal, grant.operation, grant.resource, name
