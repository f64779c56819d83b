"""Nothing lost, nothing twice: each report followed to its case, each notice to its line in the channel's file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from deploy.conservation.ledger import COLUMNS
from shared.infra.clock import SystemClock, monotonic, pause
from shared.infra.mongo import connect
from tests.fault.harness.stored import stuck
from tests.scaling.run import Result, Scene

CLAIMED_MS = 60_000.0
"""So long before a kill the dead may have claimed a notice, and sent it without having written that down."""

PATIENCE_SECONDS = 90.0
"""So long what is left over may be finished; what the dead had claimed comes free in a minute."""

SEEN_MS = 1_000.0
"""What was written before a kill is read from the file within so much."""

FINISHED = frozenset({"delivered", "suppressed", "failed"})


async def prove(scene: Scene, result: Result) -> None:
    """Put into the result what was counted, and a sentence for everything that is not as it should be."""
    audit = await scene.command("check", "--patience", "60")
    totals = {name: sum(one[name] for one in audit["districts"].values()) for name in COLUMNS}
    sent = len(scene.calm.appended) + len(scene.flooded.appended)
    left = await _left(scene)
    kept = await _kept(scene.env["GW_MONGO_URL"])
    arrived = {notice.decode(): times for notice, times in scene.notices.seen.items()}
    again = {notice: times for notice, times in arrived.items() if len(times) > 1}
    excused = {notice for notice, times in again.items() if _by_the_kill(times, result["killed_at"])}
    result["proof"] = {
        "reports appended": sent,
        "reports accepted": totals["accepted"],
        "of which in an older case": totals["merged"],
        "cases": totals["cases"],
        "notices made": len(kept),
        "notices that arrived": len(arrived),
        "arrived again right after the kill": len(excused),
    }
    result["wrong"] = [
        *audit["wrong"],
        *left,
        *([f"{sent} reports were appended, {totals['accepted']} accepted"] if sent != totals["accepted"] else []),
        *_notices(kept, arrived),
        *(f"notice {notice} arrived {len(again[notice])} times" for notice in again.keys() - excused),
    ]


async def _left(scene: Scene) -> list[str]:
    """Return what is left over, looking until there is nothing: clocks go on, and warn of what nobody has accepted."""
    begun = monotonic()
    while left := await stuck(scene.env["GW_KAFKA_BOOTSTRAP"], scene.env["GW_MONGO_URL"], SystemClock()):
        if monotonic() - begun > PATIENCE_SECONDS:
            break
        await pause(1.0)
    return left


def _by_the_kill(times: Sequence[float], killed: float) -> bool:
    """Say whether a notice came twice because its sender was killed between sending it and writing that down."""
    return len(times) == 2 and killed - CLAIMED_MS <= times[0] <= killed + SEEN_MS and times[1] >= killed


def _notices(kept: Mapping[str, str], arrived: Mapping[str, Sequence[float]]) -> Iterator[str]:
    for notice, status in kept.items():
        if status not in FINISHED:
            yield f"notice {notice} is still {status}"
        elif status == "delivered" and notice not in arrived:
            yield f"notice {notice} has a receipt and never came"
    yield from (f"notice {notice} came and is not in the database" for notice in arrived.keys() - kept.keys())


async def _kept(mongo_url: str) -> dict[str, str]:
    """Return how each notice ended, as the notifier keeps it."""
    client = connect(mongo_url)
    try:
        found = client["gw_notifier"]["notices"].find({"s": {"$exists": True}}, {"s.status": 1})
        return {one["_id"]: one["s"]["status"] async for one in found}
    finally:
        client.close()
