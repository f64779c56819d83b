"""Saves outcomes together: whatever has come in while one batch was being saved makes up the next.

A delivery counts only once its outcome is saved with its event. While database or broker are away it is tried again
for as long as the process lives: what is lost here would be sent again by whoever claims it after the lease.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from services.notifier.domain.notice import NoticeState
from shared.decision import Transient
from shared.infra.clock import pause
from shared.infra.engine import Engine, Input
from shared.infra.log import get_logger
from shared.infra.mongo import as_transient

MAX_BATCH = 500
RETRY_SECONDS = 0.5


@dataclass(slots=True)
class Saver:
    """Applies inputs to the notices engine in the order they came."""

    engine: Engine[NoticeState]
    _waiting: asyncio.Queue[tuple[Sequence[Input], asyncio.Future[None]]] = field(default_factory=asyncio.Queue)

    async def save(self, outcomes: Sequence[tuple[str, Any]]) -> None:
        """Save what happened to notices (id, what); return when it is stored."""
        if outcomes:
            saved: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.put_nowait(([Input(id_, "", event) for id_, event in outcomes], saved))
            await saved

    async def run(self) -> None:
        """Save for ever."""
        while True:
            batch = [await self._waiting.get()]
            number = len(batch[0][0])
            while number < MAX_BATCH and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
                number += len(batch[-1][0])
            await self._apply([source for inputs, _ in batch for source in inputs])
            for _, saved in batch:
                if not saved.done():
                    saved.set_result(None)

    async def _apply(self, inputs: list[Input]) -> None:
        while True:
            try:
                with as_transient():
                    await self.engine.apply(inputs)
            except Transient as error:
                get_logger().warning("outcomes_wait", number=len(inputs), error=str(error))
                await pause(RETRY_SECONDS)
            except Exception:  # noqa: BLE001 - the outcomes behind must not wait for ever; the lease brings these back
                get_logger().exception("outcomes_lost", number=len(inputs))
                return
            else:
                return
