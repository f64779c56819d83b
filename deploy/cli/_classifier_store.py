"""A district's classifier for commands: what it judges by, its stored versions, and what humans answered."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import typer

from deploy.cli._console import fail, run
from deploy.cli._districts import check_code
from deploy.cli._profiles import away, from_database, from_files
from services.router.domain.answers import COLLECTION
from shared.classifier.format import BadModelError, decode
from shared.classifier.suggester import Suggester, Trained
from shared.decision import Transient
from shared.district.lookup import DirectoryIndex
from shared.infra.classifiers import ClassifierStore, Facts, StoredModel
from shared.infra.clock import wall_clock
from shared.infra.directory import DATABASE
from shared.infra.mongo import connected


def suggester(district: str, mongo_url: str) -> Suggester:
    """Return what judges a district's texts: a profile's words, of an applied one its newest model too."""
    if Path(district).exists():
        return Suggester(DirectoryIndex(from_files(Path(district))))
    index = DirectoryIndex(from_database(check_code(district), mongo_url))
    return Suggester(index, _guard(_newest(district, mongo_url), mongo_url))


def put(district: str, body: bytes, facts: Facts, mongo_url: str) -> StoredModel:
    """Store a model as the district's next version."""
    stored: StoredModel = _guard(_put(check_code(district), body, facts, mongo_url), mongo_url)
    return stored


def history(mongo_url: str) -> list[StoredModel]:
    """Return every stored version of every district."""
    found: list[StoredModel] = _guard(_history(mongo_url), mongo_url)
    return found


def bodies(district: str, version: int, mongo_url: str) -> tuple[bytes, Facts]:
    """Return the bytes of a stored version and what is told of it; one that is not there ends the command."""
    of_district = {one.version: one.facts for one in history(mongo_url) if one.district == check_code(district)}
    if version not in of_district:
        raise typer.BadParameter(f"district {district} has no version {version}", param_hint="--version")
    body: bytes = _guard(_body(district, version, mongo_url), mongo_url)
    return body, of_district[version]


def answers(district: str, mongo_url: str) -> list[dict[str, Any]]:
    """Return what humans answered in triage, oldest first: read only, from the router's database."""
    found: list[dict[str, Any]] = _guard(_answers(check_code(district), mongo_url), mongo_url)
    return found


def _guard(work: Any, mongo_url: str) -> Any:
    """Run the part that needs the database; when it is away say so and end."""
    try:
        return run(work)
    except Transient as error:
        fail(away(error, mongo_url))


async def _newest(district: str, mongo_url: str) -> Trained | None:
    async with _store(mongo_url) as store:
        version = (await store.newest()).get(district, 0)
        body = await store.body(district, version) if version else None
    try:
        return Trained(version, decode(body)) if body else None
    except BadModelError as error:
        fail(f"Version {version} of the classifier of district {district} is not usable: {error}.")


async def _put(district: str, body: bytes, facts: Facts, mongo_url: str) -> StoredModel:
    async with _store(mongo_url) as store:
        return await store.put(district, body, facts, wall_clock())


async def _history(mongo_url: str) -> list[StoredModel]:
    async with _store(mongo_url) as store:
        return await store.history()


async def _body(district: str, version: int, mongo_url: str) -> bytes:
    async with _store(mongo_url) as store:
        return await store.body(district, version) or b""


@asynccontextmanager
async def _store(mongo_url: str) -> AsyncIterator[ClassifierStore]:
    with connected(mongo_url) as client:
        yield ClassifierStore(client[DATABASE])


async def _answers(district: str, mongo_url: str) -> list[dict[str, Any]]:
    with connected(mongo_url) as client:
        found = client["gw_router"][COLLECTION].find({"district": district}).sort("answered_at", 1)
        return [one async for one in found]
