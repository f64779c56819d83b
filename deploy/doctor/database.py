"""The database: a set that a majority of can write, with room, and the indexes that the services' queries need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pymongo.errors import OperationFailure

from deploy.backup.databases import DATABASES
from deploy.doctor.finding import Finding, failure, ok, or_ok, skipped, warning
from deploy.doctor.indexes import INDEXES

SET, ROOM, FOUND = "database", "room of the database", "indexes"
HEALTHY = frozenset({"PRIMARY", "SECONDARY", "ARBITER"})
LITTLE, TOO_LITTLE = 0.20, 0.05
"""Of the disk free: below the first somebody should look, below the second the database soon ends itself."""

GIB = 1024**3


async def look(client: Any) -> list[Finding]:
    """Look at set, room and indexes.

    Raises:
        pymongo.errors.PyMongoError: the database does not answer.
    """
    return [*await _set(client), await _room(client), *await _indexes(client)]


async def _set(client: Any) -> list[Finding]:
    hello: Mapping[str, Any] = await client.admin.command("hello")
    if "setName" not in hello:
        advice = "Start mongod with --replSet and initiate it: transactions, snapshots and majority writes need a set."
        return [failure(SET, "It is no replica set.", advice)]
    try:
        status: Mapping[str, Any] = await client.admin.command("replSetGetStatus")
    except OperationFailure:
        said = f"Set {hello['setName']} with {len(hello['hosts'])} members; their health may not be asked."
        return [skipped(SET, said, "Give this user the role clusterMonitor, or run the doctor as the operator.")]
    return list(_members(hello["setName"], status))


def _members(name: str, status: Mapping[str, Any]) -> Iterator[Finding]:
    members = status["members"]
    well = [one for one in members if one.get("health") and one["stateStr"] in HEALTHY]
    ill = [f"{one['name']} is {one['stateStr']}" for one in members if one not in well]
    needed = status.get("writeMajorityCount", len(members) // 2 + 1)
    if len(well) < needed:
        advice = "Start the members that are down: the services write with w=majority and wait meanwhile."
        yield failure(
            SET, f"{len(well)} of {len(members)} members of {name} are well, {needed} are needed: {ill}", advice
        )
    elif ill:
        yield warning(SET, f"{', '.join(ill)}.", "Start it again; a further loss stops the services.")
    else:
        alone = " One disk holds everything: back up (docs/backup.md)." if len(members) == 1 else ""
        yield ok(SET, f"{len(members)} members of {name} are well, a majority can be written.{alone}")


async def _room(client: Any) -> Finding:
    stats: Mapping[str, Any] = await client[DATABASES[0]].command("dbStats")
    total, used = stats.get("fsTotalSize", 0), stats.get("fsUsedSize", 0)
    if not total:
        return skipped(ROOM, "It does not tell the size of its disk.", "Watch it where it runs.")
    free = 1 - used / total
    said = f"{(total - used) / GIB:.1f} GiB of {total / GIB:.1f} are free ({free:.0%})."
    if free < TOO_LITTLE:
        return failure(ROOM, said, "Make room now: a database without any ends itself, and everything waits for it.")
    if free < LITTLE:
        return warning(ROOM, said, "Make room, or a larger disk.")
    return ok(ROOM, said)


async def _indexes(client: Any) -> list[Finding]:
    missing = []
    for (database, collection), names in INDEXES.items():
        there = {index["name"] async for index in client[database][collection].list_indexes()}
        missing += [(database, collection, name) for name in names if name not in there]
    service = {one[0].removeprefix("gw_") for one in missing}
    advice = f"Start {' and '.join(sorted(service))} anew: each makes its indexes when it starts."
    found = [
        failure(FOUND, f"{database}.{collection} has no index {name}: what looks by it reads everything.", advice)
        for database, collection, name in missing
    ]
    return or_ok(FOUND, f"All {sum(map(len, INDEXES.values()))} are there.", found)
