"""How the simulated governance centre (综治中心) works: it sorts, assigns, approves, and withdraws now and then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from deploy.demo.catalogue import catalogue
from deploy.demo.chance import dice
from deploy.demo.say import Say
from deploy.demo.world import World
from deploy.partner.messages import Data
from shared.contracts import cases as said
from shared.contracts.base import Event, format_instant
from shared.contracts.commands import AssignCase, ClassifyCase, Command, ExtendTask, HoldTask, WithdrawCase

WITHDRAWN = 0.012
REST = "E06010"
"""What a text that says nothing the desk knows is taken for: the commonest matter."""


@dataclass(frozen=True, slots=True)
class Centre:
    """The centres of all districts of the play."""

    world: World

    def hear(self, event: Event) -> Iterator[Say]:
        """Yield what the centre will do about it."""
        match event:
            case said.CaseTriaged():
                category = catalogue().recognise(event.text) or REST
                yield self._say(event, (4, 25), ClassifyCase, {"category": category})
            case said.TaskReturned():
                yield self._arbitrate(event)
            case said.TaskHoldRequested():
                until = {"until": format_instant(event.until)} if event.until else {}
                yield self._say(event, (3, 9), HoldTask, {"reason": event.reason, **until}, event.task_id)
            case said.TaskExtensionRequested():
                limit = event.limit.model_dump(mode="json")
                yield self._say(event, (3, 9), ExtendTask, {"reason": event.reason, "limit": limit}, event.task_id)
            case said.CaseOpened():
                yield from self._look_twice(event)
            case _:
                return

    def _arbitrate(self, event: said.TaskReturned) -> Say:
        """Give a returned task to whom the department named, others keeping theirs."""
        file = self.world.desk.file(event.case_id)
        named = event.suggest if event.suggest and event.suggest not in file.returned_by else None
        chosen = named or self._default(event.case_id, file.returned_by)
        if event.role is said.TaskRole.LEAD:
            assists = [one for one in file.assists if one != chosen]
            data: Data = {"lead": chosen, "assists": assists, "reason": event.reason}
        else:
            others = {one for one in file.assists if one != event.department} | {chosen}
            data = {"lead": file.lead, "assists": sorted(others - {file.lead}), "reason": event.reason}
        return self._say(event, (5, 22), AssignCase, data)

    def _default(self, case_id: str, refused: list[str]) -> str:
        profile = self.world.of(case_id).index.profile
        return next(
            (one.code for one in profile.departments if one.kind == "township" and one.code not in refused), "centre"
        )

    def _look_twice(self, event: said.CaseOpened) -> Iterator[Say]:
        """Withdraw the few that should not have become cases; what is serious is never among them."""
        chance = dice(self.world.of(event.case_id).seed, event.case_id, "withdraw")
        if event.severity > 2 and chance.random() < WITHDRAWN:  # noqa: PLR2004 - 1 and 2 are the serious ones
            yield self._say(event, (6, 30), WithdrawCase, {"reason": chance.choice(("经核实不属实", "与在办案件重复"))})

    def _say(
        self,
        event: said.CaseEvent,
        minutes: tuple[int, int],
        command: type[Command],
        data: Data,
        task: str | None = None,
    ) -> Say:
        district = self.world.of(event.case_id)
        wait = dice(district.seed, event.case_id, event.type, event.episode, task).uniform(*minutes)
        at = event.occurred_at + timedelta(minutes=wait)
        return Say(at, district.centre, command, event.case_id, task, data)
