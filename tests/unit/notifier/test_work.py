"""What a township missed is told to it as one notice a round, with names of grids and no names of people."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.notifier.adapters.templates import load_templates
from services.notifier.domain.rendering import Templates
from shared.contracts.base import Event
from shared.contracts.work import MissedPlace
from tests.unit.notifier.events import NOON, escalated, moved, opened, resolved, triaged
from tests.unit.notifier.events_of_files import work_missed
from tests.unit.notifier.world import World, around, index_of, raw_profile


def test_fifty_grids_are_one_notice_to_their_township() -> None:
    """A round is told once; the next one is another notice."""
    world = World()
    fifty = tuple(MissedPlace(grid=f"620802001001{n:03}", worker=f"w-{n:03}") for n in range(1, 51))
    for _ in range(2):
        world.tell(work_missed(places=fifty))
    world.tell(work_missed(starts_at=NOON + timedelta(hours=2), ends_at=NOON + timedelta(hours=6)))
    assert [one.recipient for one in world.notices.values()] == ["street/duty_officer"] * 2
    text = Templates(load_templates()).notice(next(iter(world.notices.values())), index_of(raw_profile()))
    assert text.subject == "【漏巡】patrol：50个网格未完成"
    assert "一网格、620802001001002" in text.body
    assert "w-0" not in text.body


def test_a_round_missed_by_people_on_leave_alone_is_told_to_nobody() -> None:
    """They were excused."""
    world = World()
    world.tell(work_missed(places=(), excused=2))
    assert world.notices == {}


@pytest.mark.parametrize(("worker", "told"), [("w-part", ["part", "whole"]), (None, ["whole", "whole"])])
def test_a_case_in_a_sub_grid_rises_to_the_whole(worker: str | None, told: list[str]) -> None:
    """Who works in the part verifies; once it has escalated the whole's worker hears too, or where nobody does."""
    raw = raw_profile(audiences={"case.escalated": ["grid_worker"]})
    part, whole = "620802001001A01", "620802001001501"
    grids = [{"code": whole, "name": "机场", "worker": "w-whole"}, {"code": part, "name": "一区", "parent": whole}]
    world = World(around({**raw, "grids": [grids[0], {**grids[1], "worker": worker}]}))
    world.tell(opened(grid=part), resolved(), escalated())
    names = {f"grid/{part}": "part", f"grid/{whole}": "whole"}
    heard = [(one.template, names[one.recipient]) for one in world.notices.values() if one.recipient in names]
    assert [name for template, name in heard if template == "verify"] == told[:1]
    assert [name for template, name in heard if template == "escalated"][-1] == told[1]
    assert len(heard) == 1 + len({*told})


@pytest.mark.parametrize("place", range(4))
def test_whoever_works_in_the_new_grid_hears_of_the_case_whenever_the_move_is_read(place: int) -> None:
    """Cases and escalations are topics of their own: the move may be read before the case, or after all of it."""
    old, west, east = "620802001001009", "620802001001001", "620802001001002"
    heirs = [{"code": code, "name": code, "worker": code[-3:]} for code in (west, east)]
    world = World(around({**raw_profile(), "grids": [*heirs, {"code": old, "name": "旧", "successors": [west, east]}]}))
    told: list[Event] = [triaged(grid=old), opened(grid=old), resolved()]
    told.insert(place, moved(from_grid=old, grid=east))
    world.tell(*told)
    assert f"grid/{east}" in {one.recipient for one in world.notices.values()}
