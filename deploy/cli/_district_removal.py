"""`gridwhistle district remove`: a district that has moved, or has been kept for good, goes from the databases."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.backup.manifest import BackupError
from deploy.backup.removal import Leaving
from deploy.backup.removal import remove as take_away
from deploy.cli._console import BOOTSTRAP, AsJson, Bootstrap, fail, print_json, print_table, run, say
from deploy.cli._districts import check_code
from deploy.cli._profiles import MONGO_URL, MongoUrl
from shared.decision import Transient


def remove(
    district: Annotated[str, typer.Argument(help="Six digits, e.g. 620802.")],
    backup: Annotated[
        Path, typer.Option(exists=True, file_okay=False, help="Of this district, made after the services ended.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only show what would go.")] = False,
    bootstrap: Bootstrap = BOOTSTRAP,
    mongo_url: MongoUrl = MONGO_URL,
    as_json: AsJson = False,
) -> None:
    """Remove everything of a district from the databases, its profile too, if a backup of it holds every document.

    While no service runs. What the services had not read counts as read: it is in the backup. Topics stay, for
    `gridwhistle topics drop`.
    """
    try:
        gone = run(take_away(bootstrap, mongo_url, backup, check_code(district), do=yes))
    except (BackupError, Transient) as error:
        fail(f"{error}")
    if as_json:
        print_json({"district": district, "documents": gone.documents, "late": gone.late, "removed": yes})
    else:
        _print(district, gone, yes=yes)


def _print(district: str, gone: Leaving, *, yes: bool) -> None:
    number = sum(gone.documents.values())
    print_table(("collection", "documents"), [(name, f"{count:,}") for name, count in gone.documents.items() if count])
    said = f"{number:,} documents of {district}"
    say(f"{said} were removed." if yes else f"{said} would be removed: --yes does it.")
    if gone.late:
        say(
            f"{gone.late:,} records came from its partners after the backup. They are in none, and intake refuses them "
            f"here: gridwhistle dead-letters list --district {district}"
        )
