"""`gridwhistle backup` and `restore`: everything that cannot be made again, as of one instant, and back."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.backup.bring_back import Restored, Target
from deploy.backup.bring_back import restore as bring_back
from deploy.backup.manifest import BackupError, Manifest
from deploy.backup.save import Source
from deploy.backup.save import save as put_aside
from deploy.backup.sealed import missing_keys
from deploy.cli._console import BOOTSTRAP, PROBLEM, AsJson, Bootstrap, fail, print_json, print_table, run, say
from deploy.cli._districts import check_code
from deploy.cli._profiles import MONGO_URL, MongoUrl, away
from deploy.cli.vault import VaultFile
from shared.decision import Transient
from shared.infra.vault import Vault, VaultKeysError

app = typer.Typer()

Folder = Annotated[Path, typer.Argument(metavar="DIR", file_okay=False, help="A folder of its own.")]


@app.command()
def backup(
    folder: Folder,
    district: Annotated[str | None, typer.Option(help="Only this one, to move it or to keep it for good.")] = None,
    while_running: Annotated[
        bool, typer.Option("--while-running", help="A copy of a district that goes on being served here.")
    ] = False,
    keys: VaultFile = None,
    patience: Annotated[
        float, typer.Option(min=0, help="Seconds to look for an instant at which no service says anything.")
    ] = 60.0,
    bootstrap: Bootstrap = BOOTSTRAP,
    mongo_url: MongoUrl = MONGO_URL,
    as_json: AsJson = False,
) -> None:
    """Put databases and what is on its way between services aside, as of one instant, while the system runs.

    The keys of personal data are not in it: keep them elsewhere, for a backup without them tells nobody's name. A
    district alone is taken while no service runs, for what is done to it afterwards would not move with it.
    """
    code = None if district is None else check_code(district)
    source = Source(bootstrap, mongo_url, folder, _vault(keys), patience, say, code, while_running)
    try:
        manifest = run(put_aside(source))
    except BackupError as error:
        fail(f"{error}")
    except Transient as error:
        fail(away(error, mongo_url))
    if as_json:
        print_json(_summary(folder, manifest))
    else:
        _table(manifest)
        say(
            f"{folder}: {manifest.documents:,} documents and {manifest.records.count:,} records as of "
            f"{manifest.as_of:%Y-%m-%d %H:%M:%S} UTC, {manifest.size:,} bytes, {manifest.seconds:.1f} s. "
            f"Keys that open it: {', '.join(manifest.keys) or 'none are needed'}."
        )


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", exists=True, file_okay=False, help="A backup.")],
    force: Annotated[bool, typer.Option("--force", help="Throw away what the databases hold now.")] = False,
    kept_broker: Annotated[
        bool,
        typer.Option("--kept-broker", help="The broker was not lost: read again what came since, and lose nothing."),
    ] = False,
    replication: Annotated[int, typer.Option(min=1, max=9, help="Copies of every topic that is made.")] = 1,
    keys: VaultFile = None,
    bootstrap: Bootstrap = BOOTSTRAP,
    mongo_url: MongoUrl = MONGO_URL,
    as_json: AsJson = False,
) -> None:
    """Put a backup back into empty databases, and onto an empty broker or the one it was made on; services stopped.

    One of a district goes beside the others that are there. Every file is checked before anything is changed.
    """
    vault = _vault(keys)
    target = Target(bootstrap, mongo_url, folder, replication, kept_broker, force, say, vault)
    try:
        done = run(bring_back(target))
    except BackupError as error:
        fail(f"{error}")
    except Transient as error:
        fail(away(error, mongo_url))
    missing = missing_keys(done.manifest, [*vault.keys] if vault else []) if keys else []
    if as_json:
        print_json({**_summary(folder, done.manifest), **_done(done), "missing_keys": missing})
    else:
        _say(done)
    if missing:
        say(f"Sealed under keys that are not in {keys}: {', '.join(missing)}. Nobody can open that without them.")
        raise typer.Exit(PROBLEM)


def _vault(file: Path | None) -> Vault | None:
    try:
        return Vault.load(file) if file else None
    except VaultKeysError as error:
        fail(f"{error}.")


def _summary(folder: Path, manifest: Manifest) -> dict[str, Any]:
    told = manifest.model_dump(mode="json", exclude={"positions", "topics", "ends"})
    return {"folder": str(folder), "documents": manifest.documents, "bytes": manifest.size, **told}


def _done(done: Restored) -> dict[str, Any]:
    return {"said_again": done.records, "restore_seconds": done.seconds, "read_again": done.again, "lost": done.lost}


def _table(manifest: Manifest) -> None:
    rows = [(f"{one.database}.{one.name}", f"{one.count:,}", f"{one.bytes:,}") for one in manifest.collections]
    print_table(("collection", "documents", "bytes"), [*rows, ("topics", *_sizes(manifest))])


def _sizes(manifest: Manifest) -> tuple[str, str]:
    return f"{manifest.records.count:,}", f"{manifest.records.bytes:,}"


def _say(done: Restored) -> None:
    manifest = done.manifest
    say(
        f"{manifest.documents:,} documents as of {manifest.as_of:%Y-%m-%d %H:%M:%S} UTC are back, {done.records:,} "
        f"records were said again, in {done.seconds:.1f} s."
    )
    if done.again:
        say(f"Intake will read {done.again:,} records that came since then.")
    if done.lost:
        say(f"{done.lost:,} records that came since then are older than the broker keeps them, and are lost.")
    if manifest.district is not None and not manifest.at_rest:
        say(f"It was copied while {manifest.district} was being served: nobody may serve it there any more.")
    if manifest.district is not None:
        say(
            f"Next: gridwhistle topics apply --district {manifest.district}, for what partners send without a district."
        )
    say("Next: gridwhistle acl apply (a secured broker), start the services, gridwhistle check, gridwhistle doctor.")
