"""A grid is re-cut: open cases follow their ground, and time goes on as if nothing had happened."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.escalation.adapters.moves import Moves
from services.escalation.domain.model import Case
from services.escalation.domain.moves import decide_move
from shared.contracts.escalations import TeamSummoned
from shared.contracts.moves import CaseMoved
from shared.decision import Decision, Tick
from shared.district.areas import Grid
from shared.district.lookup import DirectoryIndex
from shared.infra.engine import Input
from tests.unit.escalation.district import CASE, GRID, profile
from tests.unit.escalation.world import World

WEST, EAST, ELSEWHERE = "620802001001007", "620802001001008", "620802002001001"
HALF = ((106.66, 35.54), (106.665, 35.54), (106.665, 35.55), (106.66, 35.55))
OTHER_HALF = ((106.665, 35.54), (106.67, 35.54), (106.67, 35.55), (106.665, 35.55))


def cut(*successors: str) -> DirectoryIndex:
    """Return a newer profile, in which the case's grid is in these."""
    drawn = {WEST: HALF, EAST: OTHER_HALF}
    heirs = (Grid(code=code, name=code, polygon=drawn.get(code), worker=f"w-{code[-3:]}") for code in successors)
    return DirectoryIndex(profile(version=4, grids=(Grid(code=GRID, name="旧", successors=successors), *heirs)))


def move(world: World, directory: DirectoryIndex) -> Decision[Case]:
    """Look whether the case has to be moved."""
    return decide_move(world.case, Tick(CASE), world.now, lambda _: directory)


def opened(**fields: Any) -> World:
    """Return a case at work, its lead's task running."""
    world = World()
    world.opened(grid=GRID, township="620802001", **fields)
    world.assigned()
    return world


def test_an_open_case_lies_in_the_heir_its_position_is_in_and_no_clock_moves() -> None:
    """A split: of two heirs the one that holds the point (106.6651, 35.5428), though it is named second."""
    world = opened()
    found = move(world, cut(WEST, EAST))
    (event,) = found.events
    assert isinstance(event, CaseMoved)
    assert (event.from_grid, event.grid, event.township, event.profile_version) == (GRID, EAST, "620802001", 4)
    assert found.state.clocks == world.state.clocks
    assert found.state.next_at == world.state.next_at
    assert found.state.profile_version == world.state.profile_version
    assert (found.state.grid, found.state.community) == (EAST, EAST[:12])


def test_a_merge_may_bring_a_case_into_another_township() -> None:
    """Its township goes with its grid, so that who is called as @township is the new one."""
    found = move(opened(), cut(ELSEWHERE))
    assert (found.state.grid, found.state.township) == (ELSEWHERE, "620802002")


def test_a_case_is_moved_once_and_one_that_has_ended_stays_where_it_was() -> None:
    """Figures of what is closed by grid are those of the grid as it was."""
    world = opened()
    world.case = move(world, cut(WEST)).state
    assert move(world, cut(WEST)).events == ()
    closed = opened()
    closed.withdrawn()
    assert (move(closed, cut(WEST)).events, closed.state.grid) == ((), GRID)


def test_a_case_whose_grid_was_not_cut_or_is_not_known_stays() -> None:
    """Nothing is guessed."""
    uncut = DirectoryIndex(profile(version=4))
    assert move(opened(), uncut).reason == "stays"
    nowhere = World()
    nowhere.opened(grid=None)
    assert move(nowhere, cut(WEST)).reason == "stays"


def test_a_moved_case_musters_where_its_ground_is_called_today() -> None:
    """Its own profile knows neither the grid it lies in nor that grid's name; without them there would be no fence."""
    world = World(whistle={"place": "grid"})
    world.opened(grid=GRID, township="620802001")
    world.newer[4] = cut(WEST, EAST)
    world.case = move(world, world.newer[4]).state
    (told,) = [one for one in world.whistle("housing") if isinstance(one, TeamSummoned)]
    assert (told.place.address, told.place.lon, told.place.lat) == (EAST, 106.6675, 35.545)
    world.stand_down()
    (named,) = [one for one in world.whistle("housing", place=WEST) if isinstance(one, TeamSummoned)]
    assert (named.place.lon, named.place.lat) == (106.6625, 35.545)


class Shelf:
    """Holds one open case in the grid that was cut, and counts who asks for it."""

    def __init__(self) -> None:
        self.store = SimpleNamespace(collection=self)
        self.moved = 0

    async def find(self, query: dict[str, Any], *_: Any, **__: Any) -> Any:
        """Yield the case if its grid is asked for."""
        if GRID in query["s.grid"]["$in"]:
            yield {"_id": CASE}

    async def apply(self, inputs: list[Input], **_: Any) -> None:
        """Take what is to be decided."""
        self.moved += len(inputs)


@pytest.mark.asyncio
async def test_what_is_opened_again_or_taken_apart_long_after_a_cut_is_still_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Closely for a quarter of an hour, and once in every other: a closed case may be opened again at any time."""
    times = {0.0: 1, 5.0: 2, 895.0: 3, 900.0: 3, 1_700.0: 3, 1_795.0: 4, 1_800.0: 4, 2_695.0: 5}
    shelf, cache = Shelf(), SimpleNamespace(districts=("620802",), get=lambda _: cut(WEST))
    moves = Moves(cast("Any", shelf), cast("Any", SimpleNamespace(cache=cache)))
    for instant, looked in times.items():
        monkeypatch.setattr("services.escalation.adapters.moves.monotonic", lambda now=instant: now)
        await moves.run()
        assert shelf.moved == looked, instant


def test_a_team_for_a_sub_grid_that_is_not_drawn_musters_in_the_whole() -> None:
    """The airport has an outline, its newest part none yet."""
    whole, part = Grid(code=WEST, name="机场", polygon=HALF), Grid(code=EAST, name="机场一区", parent=WEST)
    world = World(whistle={"place": "grid"}, grids=(whole, part))
    world.opened(grid=EAST)
    (told,) = [one for one in world.whistle("housing") if isinstance(one, TeamSummoned)]
    assert (told.place.address, told.place.lon, told.place.lat) == ("机场", 106.6625, 35.545)
