"""Saves outcomes together: whatever has come in while one batch was being saved makes up the next.

A delivery counts only once its outcome is saved with its event. While the database is away it is tried again for as
long as the process lives: what is lost here would be sent again by whoever claims it after the lease. The broker is
not waited for: what it does not take at once is published by the relay.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.notifier.domain.notice import NoticeState
from shared.decision import Transient
from shared.infra.clock import pause
from shared.infra.engine import Engine, Input
from shared.infra.engine.store import Slot
from shared.infra.log import get_logger
from shared.infra.mongo import as_transient

MAX_BATCH = 500
RETRY_SECONDS = 0.5

Known = Mapping[str, Slot[NoticeState]]


@dataclass(frozen=True, slots=True)
class _Outcomes:
    inputs: Sequence[Input]
    known: Known
    saved: asyncio.Future[None]


@dataclass(slots=True)
class Saver:
    """Applies inputs to the notices engine in the order they came."""

    engine: Engine[NoticeState]
    _waiting: asyncio.Queue[_Outcomes] = field(default_factory=asyncio.Queue)

    def save(self, outcomes: Sequence[tuple[str, Any]], known: Known | None = None) -> asyncio.Future[None]:
        """Save what happened to notices (id, what); done when it is stored. `known`: the notices as they were read."""
        saved: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait(_Outcomes([Input(id_, "", event) for id_, event in outcomes], known or {}, saved))
        return saved

    async def run(self) -> None:
        """Save for ever."""
        while True:
            batch = [await self._waiting.get()]
            number = len(batch[0].inputs)
            while number < MAX_BATCH and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
                number += len(batch[-1].inputs)
            known = {id_: slot for one in batch for id_, slot in one.known.items()}
            await self._apply([source for one in batch for source in one.inputs], known)
            for one in batch:
                if not one.saved.done():
                    one.saved.set_result(None)

    async def _apply(self, inputs: list[Input], known: Known) -> None:
        while True:
            try:
                with as_transient():
                    await self.engine.apply(inputs, known=known, relayed=True)
            except Transient as error:
                known = {}  # they were worked on, and nobody knows how much of it is stored
                get_logger().warning("outcomes_wait", number=len(inputs), error=str(error))
                await pause(RETRY_SECONDS)
            except Exception:  # noqa: BLE001 - the outcomes behind must not wait for ever; the lease brings these back
                get_logger().exception("outcomes_lost", number=len(inputs))
                return
            else:
                return
