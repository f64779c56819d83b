"""What a fault may touch: processes, partners, the receiver of webhooks; and the book of what was done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from deploy.local import LocalStack
from deploy.local.component import Component
from deploy.local.errors import StackError
from shared.infra.clock import monotonic
from tests.fault.harness.cast import Cast
from tests.fault.harness.inbox import Inbox
from tests.fault.harness.plays import Play, Spot

SERVICES = ("intake", "router", "escalation", "notifier")
REPLICAS = 2
NEVER = ""
"""An empty setting in a service's environment: as if it were not there."""


@dataclass(slots=True)
class Injection:
    """One strike. Times are monotonic seconds; `ended` when what was broken had been put right by us."""

    kind: str
    detail: str
    struck: float
    ended: float = 0.0
    recovered: float | None = None


@dataclass(slots=True)
class World:
    """The stack and everybody around it."""

    stack: LocalStack
    cast: Cast
    inbox: Inbox
    dice: Random
    spots: Mapping[str, Spot]
    run: str
    freeze: float
    say: Callable[[str], None]
    injections: list[Injection] = field(default_factory=list)
    poison: set[tuple[str, int, int]] = field(default_factory=set)
    refused_by_broker: int = 0
    deaths: list[str] = field(default_factory=list)
    in_hand: set[str] = field(default_factory=set)
    numbers: int = 0

    def new_play(self, name: str) -> Play:
        """Return the next playing of a story; the districts take turns."""
        number = self.numbers
        self.numbers += 1
        codes = list(self.spots)
        return Play(number, name, self.spots[codes[number % len(codes)]], self.run)

    def replica(self, service: str) -> Component:
        """Return a running replica of a service that no fault has in hand, and take it in hand."""
        free = [
            one for name, one in self.stack.replicas() if name == service and one.alive and one.name not in self.in_hand
        ]
        chosen = self.dice.choice(free)
        self.in_hand.add(chosen.name)
        return chosen

    async def back(self, component: Component, env: Mapping[str, str] | None = None) -> None:
        """Start a component again and wait until it is well; then it is nobody's any more."""
        try:
            await component.start({"GW_FAULT_POINT": NEVER, **(env or {})} if component.name not in INFRA else None)
        except StackError as error:
            self.deaths.append(f"{component.name} did not come back: {error}")
        finally:
            self.in_hand.discard(component.name)

    async def supervise(self) -> None:
        """Start again what ended although no fault had it in hand, and write that down: nothing may."""
        while True:
            for component in self.stack.components():
                if component.died and component.name not in self.in_hand:
                    self.deaths.append(f"{component.name} ended by itself: {component.obituary()}")
                    with suppress(StackError):
                        component.launch()
            await asyncio.sleep(0.5)

    def strike(self, kind: str, detail: str) -> Injection:
        """Write down that a fault strikes now."""
        injection = Injection(kind, detail, monotonic())
        self.injections.append(injection)
        self.say(f"{kind}: {detail}")
        return injection


INFRA = frozenset({"kafka", "mongod"})


def intakes(stack: LocalStack) -> list[str]:
    """Return where the replicas of intake that run answer HTTP."""
    return [one.url for name, one in stack.replicas() if name == "intake" and one.alive]
