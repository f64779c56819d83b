"""On B: it is taken in beside another district, goes on, and is retired."""

from __future__ import annotations

from shared.contracts.topics import Topic
from tests.life.ground import DISTRICT
from tests.life.proofs import Before, open_cases, prove
from tests.life.world import KEYS, PATIENCE, World, finish
from tests.support.bus import until


async def live_on_b(b: World, before: Before) -> None:
    """Live there to the end."""
    await _arrive(b, str(b.plan.backup))
    await _go_on(b, before)
    await _retire(b)


async def _arrive(b: World, backup: str) -> None:
    b.say("# B, which serves another district, takes it in")
    await b.shell("restore", backup, status=1)
    with (b.plan.state / "B" / KEYS).open("a", encoding="utf-8") as file:
        file.write((b.plan.state / "A" / KEYS).read_text(encoding="utf-8"))
    b.say("   (the line of A's key is appended to B's file)")
    await b.shell("restore", backup, status=1)
    await b.stop()
    b.say("   (services have ended)")
    await b.shell("restore", backup)
    await b.shell("restore", backup, status=1)
    await b.shell("topics", "apply", "--district", DISTRICT, "--partitions", "4")
    await b.start()


async def _go_on(b: World, before: Before) -> None:
    b.say("# it goes on there")
    await prove(before, b.shell, b.town, b.must)
    tasks = before.tasks
    case = tasks[-1]["case_id"]
    await finish(b.town, case, tasks)
    closed = await b.town.heard(Topic.CASES, "case.closed", case_id=case)
    b.must(f"{case}, assigned on A, is completed, verified and closed on B, once", hold=len(closed) == 1)
    await b.shell("check")


async def _retire(b: World) -> None:
    b.say("# it is retired: what is open is withdrawn, the whole is kept, nothing stays")
    for case in await open_cases(b.stack):
        await b.town.command("centre", "case.withdraw", case, reason="并入邻区")

    async def at_rest() -> bool:
        return not await open_cases(b.stack) and await b.shell.can("topics", "drop", "--district", DISTRICT)

    await until(at_rest, PATIENCE, "every case to be withdrawn, and everything to be read")
    kept = str(b.plan.state / "kept")
    await b.stop()
    await b.shell("backup", kept, "--district", DISTRICT)
    await b.shell("district", "remove", DISTRICT, "--backup", kept, "--yes")
    await b.start()
    await b.shell("topics", "drop", "--district", DISTRICT, "--yes")
    await b.must_be_gone()
    await b.shell("check")
