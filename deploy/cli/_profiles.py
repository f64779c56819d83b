"""Profiles for commands: from files, checked, or from the database."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli._console import AsJson, fail, print_json, run
from shared.decision import Transient
from shared.district.loader import Problem, ProfileError, load
from shared.district.model import Profile
from shared.infra.directory import DATABASE, ProfileMissing, ProfileStore
from shared.infra.mongo import connected

__all__ = ["MONGO_URL", "AsJson", "MongoUrl", "ProfilePath", "away", "from_database", "from_files", "store"]

MONGO_URL = "mongodb://127.0.0.1:27017/?replicaSet=gw"


def _from_file(url: str) -> str:
    """Return the URL of the file that the environment names, unless the command line names another itself."""
    file = os.environ.get(MONGO_URL_FILE)
    if not file or url not in {MONGO_URL, os.environ.get("GW_MONGO_URL")}:
        return url
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise typer.BadParameter(f"{MONGO_URL_FILE}: {file}: {error.strerror}") from None


MONGO_URL_FILE = "GW_MONGO_URL_FILE"
MongoUrl = Annotated[
    str,
    typer.Option(
        "--mongo-url",
        envvar="GW_MONGO_URL",
        callback=_from_file,
        help=f"The database of the services; or {MONGO_URL_FILE}.",
    ),
]
ProfilePath = Annotated[
    Path, typer.Argument(exists=True, help="A profile: a folder of YAML and CSV files, or one YAML file.")
]


def from_files(path: Path, *, as_json: bool = False) -> Profile:
    """Return the profile at a path; one that is not valid ends the command, with all that is wrong with it."""
    try:
        return load(path)
    except ProfileError as error:
        if as_json:
            print_json({"valid": False, "problems": [_as_json(one) for one in error.problems]})
            raise typer.Exit(1) from None
        fail(f"{error}\n{path}: {len(error.problems)} to put right")


def from_database(district: str, mongo_url: str) -> Profile:
    """Return the newest applied profile of a district; where there is none the command ends."""

    async def read() -> Profile:
        async with store(mongo_url) as profiles:
            return await profiles.load(district)

    try:
        return run(read())
    except ProfileMissing as error:
        fail(f"{error}: gridwhistle district apply PATH")
    except Transient as error:
        fail(away(error, mongo_url))


@asynccontextmanager
async def store(mongo_url: str) -> AsyncIterator[ProfileStore]:
    """Give the store of profiles and let go of the database afterwards."""
    with connected(mongo_url) as client:
        yield ProfileStore(client[DATABASE])


def away(error: Transient, mongo_url: str) -> str:
    """Say that the database does not answer, without the password that a URL may hold."""
    return f"{error}; is it running at {mongo_url.rpartition('@')[2].removeprefix('mongodb://')}?"


def _as_json(problem: Problem) -> dict[str, object]:
    return {"file": problem.position.file, "line": problem.position.line, "message": problem.message}
