"""New notices that stay with the process that made them: claimed as they are inserted, sent once all is saved.

It saves three round trips and a write a notice. What a crash leaves behind comes free when its claim ends, as ever.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from services.notifier.adapters.queue import Claim
from services.notifier.delivery.bell import Bell
from services.notifier.domain.model import CaseView
from services.notifier.domain.notice import NoticeState
from shared.decision import Companion
from shared.infra.clock import Clock, monotonic, wall_clock
from shared.infra.engine import AggregateStore
from shared.infra.engine.store import Slot


@dataclass(slots=True)
class Births:
    """Claims new notices for the lanes that have room, and hands them over when their decision is saved."""

    worker: str
    lease: timedelta
    clock: Clock
    bell: Bell
    _claims: dict[str, Claim] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def insert(self, companions: Sequence[Companion], insert: Callable[[Sequence[dict[str, Any]]], Any]) -> None:
        """Insert notices, claimed where a lane has room; one that is there already is not ours to send."""
        self._forget_ended()
        claim, ends = self._claim(), monotonic() + self.lease.total_seconds()
        mine: dict[str, Claim] = {}
        documents = []
        for companion in companions:
            document, state = dict(companion.document), companion.state
            if isinstance(state, NoticeState) and self._has_room(state):
                document |= claim
                slot = Slot[NoticeState](document["_id"], version=1, state=state, trace=document.get("trace"))
                mine[slot.id] = Claim(claim["claim"], (state,), ends, {slot.id: slot})
            documents.append(document)
        there = await insert(documents)
        self._claims |= {id_: one for id_, one in mine.items() if id_ not in there}

    def _claim(self) -> dict[str, Any]:
        return {"lease": wall_clock() + self.lease, "claim": f"{self.worker}/new/{next(self._numbers)}"}

    def _has_room(self, notice: NoticeState) -> bool:
        """Take a place in the lane's inbox, if there is one for a notice that may leave now."""
        inbox = self.bell.of(notice.channel)
        if inbox.room <= 0 or notice.due is None or notice.due > self.clock.now():
            return False
        inbox.room -= 1
        return True

    def hand_over(self, companions: Iterable[Companion]) -> None:
        """Give the notices of a saved decision to their lanes; a lane that did not claim one is told to look."""
        for companion in companions:
            if isinstance(companion.state, NoticeState):
                claim = self._claims.pop(companion.document["_id"], None)
                if claim is None:
                    self.bell.ring([companion.state.channel])
                else:
                    self.bell.of(companion.state.channel).put(claim)

    def _forget_ended(self) -> None:
        """Drop the claims of batches that were never saved; others may hold their notices by now."""
        now = monotonic()
        for id_, claim in list(self._claims.items()):
            if claim.ends > now:
                break
            del self._claims[id_]


@dataclass(frozen=True)
class ViewStore(AggregateStore[CaseView]):
    """The views of cases, whose new notices are claimed as they are inserted."""

    births: Births = field(kw_only=True)
    notices: str = field(kw_only=True)

    async def save_companions(self, companions: Iterable[Companion]) -> None:
        """Insert the companions that are new."""
        every = list(companions)
        new = [one for one in every if one.collection == self.notices]
        await super().save_companions(one for one in every if one.collection != self.notices)
        if new:
            await self.births.insert(new, lambda documents: self.insert_new(self.notices, documents))
