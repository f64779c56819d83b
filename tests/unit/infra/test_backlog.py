"""When a sweep may run: after what waits on the bus has been read, and not later than patience lasts."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from services.escalation import main as escalation
from services.escalation.settings import EscalationSettings
from services.router import main as router
from services.router.settings import RouterSettings
from shared.infra import backlog
from shared.infra.app import ResilientApp
from shared.infra.backlog import MAX_WAITING, PATIENCE_SECONDS, Held, waiting_records
from shared.infra.engine.sweep import Sweeper


class Sweeps:
    """Counts what it is asked to do, with a bus that has so many records waiting."""

    def __init__(self, waiting: int | None = 0) -> None:
        self.done = 0
        self.waiting = waiting
        self.held = Held(self.sweep, lambda: self.waiting)

    async def sweep(self) -> None:
        """Count."""
        self.done += 1


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the time that passes only when told, in a list of one."""
    now = [100.0]
    monkeypatch.setattr(backlog, "monotonic", lambda: now[0])
    return now


async def test_sweeps_wait_until_everything_has_been_read_once(seconds: list[float]) -> None:
    """After a restart even one record may be the completion that a sweep would call late."""
    sweeps = Sweeps(waiting=None)
    await sweeps.held()
    sweeps.waiting = 1
    await sweeps.held()
    assert sweeps.done == 0
    sweeps.waiting = 0
    await sweeps.held()
    assert (sweeps.done, seconds[0]) == (1, 100.0)


async def test_a_batch_that_waits_is_no_backlog() -> None:
    """Under load something always waits."""
    sweeps = Sweeps()
    await sweeps.held()
    sweeps.waiting = MAX_WAITING
    await sweeps.held()
    sweeps.waiting = MAX_WAITING + 1
    await sweeps.held()
    assert sweeps.done == 2


async def test_patience_ends(seconds: list[float]) -> None:
    """A process that cannot keep up, or has no partitions, sweeps all the same."""
    sweeps = Sweeps(waiting=None)
    await sweeps.held()
    seconds[0] += PATIENCE_SECONDS
    await sweeps.held()
    assert sweeps.done == 0
    seconds[0] += 0.2
    await sweeps.held()
    assert sweeps.done == 1


@pytest.mark.parametrize(
    "app",
    [
        pytest.param(lambda: router.create_app(RouterSettings()), id="router"),
        pytest.param(lambda: escalation.create_app(EscalationSettings()), id="escalation"),
    ],
)
async def test_no_parked_command_expires_before_the_process_has_read_what_waits(
    app: Callable[[], ResilientApp], seconds: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its case may stand on the bus already, and the command would be refused for our own lag."""
    expired: list[float] = []

    async def parked(_: Any) -> None:
        expired.append(seconds[0])

    monkeypatch.setattr(Sweeper, "parked", parked)
    service = app()._service
    (sweep,) = [item.work for item in service.periodics if item.name == "parked"]
    await sweep()
    seconds[0] += 10 * PATIENCE_SECONDS
    await sweep()
    assert expired == []
    service.subscribers = [SimpleNamespace(consumer=consumer((10, 10)))]
    await sweep()
    assert expired == [seconds[0]]


def consumer(*partitions: tuple[int | None, int | None]) -> Any:
    """Return a consumer with partitions of (high-water mark, position)."""
    states = dict(enumerate(partitions))

    def state_value(partition: int) -> Any:
        position = states[partition][1]
        return SimpleNamespace(has_valid_position=position is not None, position=position)

    assignment = SimpleNamespace(state_value=state_value)
    subscription = SimpleNamespace(subscription=SimpleNamespace(assignment=assignment))
    return SimpleNamespace(
        assignment=lambda: set(states), highwater=lambda partition: states[partition][0], _subscription=subscription
    )


@pytest.mark.parametrize(
    ("partitions", "waiting"),
    [
        ([(10, 4), (3, 3)], 6),
        ([(10, 4), (None, 0)], None),
        ([(10, None)], None),
        ([], None),
    ],
)
def test_waiting_records_are_known_when_every_partition_has_been_fetched(
    partitions: list[tuple[int | None, int | None]], waiting: int | None
) -> None:
    """Before that, nothing says that nothing waits."""
    assert waiting_records([consumer(*partitions)]) == waiting
    assert waiting_records([None]) is None
