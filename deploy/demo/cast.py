"""Everybody who answers: hears what the system says and decides what to say, each by its own rules."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.demo.advisories import Advisers
from deploy.demo.centre import Centre
from deploy.demo.departments import Departments
from deploy.demo.grid_workers import GridWorkers
from deploy.demo.mediators import Mediators
from deploy.demo.pledges import Pledges
from deploy.demo.say import Say
from deploy.demo.stories import Stories
from deploy.demo.teams import Teams
from deploy.demo.world import World
from shared.contracts.base import Event


class Cast:
    """Departments, centres, grid workers, mediators and teams of the play, and the scripted stories among them."""

    def __init__(self, world: World, stories: Stories) -> None:
        self._world = world
        self._stories = stories
        self._actors = (
            Departments(world),
            Centre(world),
            GridWorkers(world),
            Mediators(world),
            Pledges(world),
            Teams(world),
            Advisers(world),
        )

    def hear(self, event: Event) -> Iterator[Say]:
        """Yield what anybody will do about an event; a scripted case follows its script instead."""
        self._world.desk.note(event)
        script = self._stories.script(event.case_id)
        if script is not None:
            yield from script.hear(event)
            return
        for actor in self._actors:
            yield from actor.hear(event)
