"""Profiles: readable, as the services have them, and there for every case that was opened under one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from deploy.doctor.finding import Finding, failure, ok, or_ok
from shared.district.model import Profile
from shared.infra.directory import DATABASE, ProfileStore

CHECK = "profiles"
CASES = (("gw_router", "cases"), ("gw_escalation", "cases"))


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
        except (ValueError, ValidationError, OSError) as error:
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
    for database, collection in CASES:
        open_ = {"open": {"$exists": True, "$nin": [None, False]}}
        stages: list[Mapping[str, Any]] = [
            {"$match": open_},
            {"$group": {"_id": {"d": "$s.district", "v": "$s.profile_version"}, "n": {"$sum": 1}}},
        ]
        async for one in client[database][collection].aggregate(stages):
            key = f"{one['_id'].get('d')}@{one['_id'].get('v')}"
            if key not in there and one["_id"].get("v"):
                gone.append(_gone(database, key, one["n"]))
    return or_ok("profiles of cases", "Each open case has the version it was opened under.", gone)


def _gone(database: str, key: str, number: int) -> Finding:
    said = f"{number:,} open cases of {database} were opened under {key}, which is not in the directory."
    return failure(
        "profiles of cases", said, "Bring gw_directory.profiles back from a backup: versions are never removed."
    )


def compared(profiles: Sequence[Profile], told: Mapping[str, Mapping[str, float]]) -> list[Finding]:
    """Compare what each process says it has with the directory; `told`: versions by district, by process."""
    wanted = {profile.code: profile.version for profile in profiles}
    found = []
    for process, versions in told.items():
        for district, version in wanted.items():
            has = versions.get(district)
            if versions and has != version:
                what = "does not have it" if has is None else f"has version {has:.0f}"
                said = f"{district} is at version {version}; {process} {what}."
                advice = f"See why in the log of {process} (periodic profiles), then start it anew."
                found.append(failure(CHECK, said, advice))
    if found or not told:
        return found
    return [ok(CHECK, f"{len(wanted)} districts, in the same version at {len(told)} processes.")]
