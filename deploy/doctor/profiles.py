"""Profiles: readable, as the services have them, and there for every case that was opened under one."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deploy.doctor.finding import Finding, failure, or_ok
from deploy.doctor.services import Answer
from shared.district.model import Profile
from shared.infra.directory import DATABASE, ProfileStore

CHECK = "profiles"
OPEN = {"gw_router": {"open": {"$gte": ""}}, "gw_escalation": {"open": True}}
"""How each marks its open cases, so that an index finds them."""


async def newest(client: Any) -> tuple[list[Profile], list[Finding]]:
    """Return the newest profile of each district, and what is wrong with those that cannot be read.

    Raises:
        shared.decision.Transient: the database does not answer.
    """
    store = ProfileStore(client[DATABASE])
    profiles, wrong = [], []
    for district, version in sorted((await store.newest()).items()):
        try:
            profiles.append(await store.load(district, version))
        except (ValueError, zlib.error) as error:
            said = f"Version {version} of {district} cannot be read ({type(error).__name__})."
            advice = f"Apply it anew with this version's own command: gridwhistle district apply PATH/{district}"
            wrong.append(failure(CHECK, said, advice))
    if not profiles and not wrong:
        wrong.append(failure(CHECK, "No district has a profile.", "gridwhistle district apply PATH"))
    return profiles, wrong


async def cases_have_theirs(client: Any) -> list[Finding]:
    """Look whether each version is there that a running case needs.

    Raises:
        pymongo.errors.PyMongoError: the database does not answer.
    """
    there = {one["_id"] async for one in client[DATABASE]["profiles"].find({}, {"_id": 1})}
    gone = []
    for database, marked in OPEN.items():
        stages: list[Mapping[str, Any]] = [
            {"$match": marked},
            {"$group": {"_id": {"d": "$s.district", "v": "$s.profile_version"}, "n": {"$sum": 1}}},
        ]
        async for one in client[database]["cases"].aggregate(stages):
            key = f"{one['_id'].get('d')}@{one['_id'].get('v')}"
            if key not in there and one["_id"].get("v"):
                gone.append(_gone(database, key, one["n"]))
    return or_ok("profiles of cases", "Each open case has the version it was opened under.", gone)


def _gone(database: str, key: str, number: int) -> Finding:
    said = f"{number:,} open cases of {database} were opened under {key}, which is not in the directory."
    return failure(
        "profiles of cases", said, "Bring gw_directory.profiles back from a backup: versions are never removed."
    )


def compared(profiles: Sequence[Profile], answers: Sequence[Answer]) -> list[Finding]:
    """Compare what each process says it has with the directory; a worker for one district has that one alone."""
    told = [one for one in answers if one.versions]
    wanted = {profile.code: profile.version for profile in profiles}
    found = [*_others(wanted, told), *_nobodys(wanted, told)]
    if not told:
        return []
    return or_ok(CHECK, f"{len(wanted)} districts, in the same version at {len(told)} processes.", found)


def _others(wanted: Mapping[str, int], told: Sequence[Answer]) -> Iterator[Finding]:
    for answer in told:
        for district, version in answer.versions.items():
            if wanted.get(district, version) != version:
                said = f"{district} is at version {wanted[district]}; {answer.name} at {answer.url} has {version:.0f}."
                yield failure(CHECK, said, _SEE_WHY.format(answer.name))


def _nobodys(wanted: Mapping[str, int], told: Sequence[Answer]) -> Iterator[Finding]:
    for name in sorted({answer.name for answer in told}):
        has = {district for answer in told if answer.name == name for district in answer.versions}
        for district in sorted(wanted.keys() - has):
            yield failure(CHECK, f"No process of {name} has the profile of {district}.", _SEE_WHY.format(name))


_SEE_WHY = "See why in the log of {0} (periodic profiles), then start it anew."
