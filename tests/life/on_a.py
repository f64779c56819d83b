"""On A: it comes, works, has workers of its own, is cut anew, grows, and leaves."""

from __future__ import annotations

import httpx

from deploy.local.dedicated import Place
from shared.contracts.topics import Topic
from tests.drill.office import Office
from tests.life import ground
from tests.life.ground import DISTRICT, GRID, HEIRS
from tests.life.proofs import Before
from tests.life.world import PATIENCE, World, finish
from tests.scaling.machine import districts_read
from tests.support.bus import until

FIRST = 7
"""Reports at once: fewer than a surge takes."""

A_REPORT = '{"report_id": "A-1", "category": "E06010", "text": "小区门口路灯不亮"}'


async def live_on_a(a: World) -> Before:
    """Live there; return what is to be compared with on B."""
    await _be_born(a)
    await _work(a)
    await _have_workers(a)
    await _be_cut_anew(a)
    await _grow(a)
    return await _leave(a)


async def _be_born(a: World) -> None:
    a.say("# a district comes")
    await a.shell("district", "check", str(a.plan.profile))
    await a.shell("district", "apply", str(a.plan.profile))
    await a.shell("topics", "apply", "--district", DISTRICT, "--partitions", "2")
    await a.shell("send", "-", "--partner", "grid-app", "--district", DISTRICT, stdin=A_REPORT)
    await a.town.heard(Topic.CASES, "task.assigned")
    await a.shell("check", "--district", DISTRICT)


async def _work(a: World) -> None:
    a.say("# people report, departments work")
    for _ in range(FIRST):
        await a.town.report()
    tasks = await a.town.heard(Topic.CASES, "task.assigned", FIRST + 1)
    case = tasks[0]["case_id"]
    await finish(a.town, case, tasks)
    a.say(f"   of {FIRST + 1} cases {case} was completed, verified and closed")


async def _have_workers(a: World) -> None:
    a.say("# it gets a worker of its own, and gives it back (`gridwhistle scale`)")
    place = Place(DISTRICT, "router", 0)
    await a.stack.dedicate(frozenset({place}))
    worker = next(one for _, one in a.stack.replicas() if one.name == place.label)

    async def alone() -> bool:
        try:
            return await districts_read(worker.program.port) == {DISTRICT}
        except httpx.HTTPError:
            return False

    await until(alone, PATIENCE, "the worker to have the district and no other")
    await _is_routed(a)
    await a.stack.dedicate(frozenset())
    await _is_routed(a)


async def _is_routed(a: World) -> None:
    report = await a.town.report()
    (accepted,) = await a.town.heard(Topic.INCIDENTS, "report.accepted", report_id=report)
    await a.town.heard(Topic.CASES, "task.assigned", case_id=accepted["case_id"])
    a.say(f"   a new report has its case and its task: {accepted['case_id']}")


async def _be_cut_anew(a: World) -> None:
    a.say(f"# grid {GRID} is cut into {' and '.join(HEIRS)}")
    ground.cut_anew(a.plan.profile)
    await a.shell("district", "apply", str(a.plan.profile))
    moved = await a.town.heard(Topic.ESCALATIONS, "case.moved")
    a.must(f"open cases follow their ground ({len(moved)} by then)", hold=bool(moved))


async def _grow(a: World) -> None:
    a.say("# it grows: every service is ended for it")
    await a.stop_read_up()
    await a.shell("topics", "grow", "--district", DISTRICT, "--partitions", "4")
    await a.start()
    await _is_routed(a)


async def _leave(a: World) -> Before:
    a.say("# it moves to B: put aside while nobody serves it, taken away, and the others go on")
    backup, remove = str(a.plan.backup), ("district", "remove", DISTRICT, "--backup", str(a.plan.backup))
    await a.shell("backup", backup, "--district", DISTRICT, status=1)
    await a.stop()
    late = await a.town.report()
    a.say(f"   (services have ended; {late} is reported all the same)")
    await a.shell("backup", backup, "--district", DISTRICT)
    before = await Before.of(a.shell, a.plan.backup, a.town.clock.now(), late)
    await a.shell(*remove)
    await a.shell(*remove, "--yes")
    await a.start()
    await a.shell("topics", "drop", "--district", DISTRICT, "--yes")
    await a.must_be_gone()
    other = Office(
        a.town.bus, a.town.clock, "others", district=ground.OTHER_OF_A, around=a.town.around, patience=PATIENCE
    )
    await other.report()
    await other.heard(Topic.CASES, "task.assigned")
    await a.shell("check")
    return before
