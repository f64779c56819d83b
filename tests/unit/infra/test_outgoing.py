"""Ids of events: stable, and each one's own."""

from __future__ import annotations

from shared.contracts.cases import TaskProgressed
from shared.infra.engine import Input
from shared.infra.engine.outbox import outgoing_events
from tests.unit.escalation.district import CASE
from tests.unit.escalation.world import World


def test_two_services_give_what_one_record_causes_ids_of_their_own() -> None:
    """Router and notifier hear the same event; a reader that drops ids it has seen must not drop one of the answers."""
    event = World().event(TaskProgressed, task_id=f"{CASE}/housing#1", department="housing", note="n")
    source = Input(CASE, "11111111-1111-5111-8111-111111111111", event)

    def ids(service: str) -> list[str]:
        return [dict(one.headers)["ce_id"].decode() for one in outgoing_events(service, source, [event, event])]

    assert len({*ids("router"), *ids("notifier")}) == 4
    assert ids("router") == ids("router")
