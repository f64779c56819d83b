"""Ids of events: stable, and each one's own; and records as an outbox keeps them."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from shared.contracts.cases import TaskProgressed
from shared.contracts.ids import uuid5_bytes
from shared.infra.engine import Input
from shared.infra.engine.inbox import as_mark
from shared.infra.engine.outbox import Outgoing, outgoing_events
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


def test_a_record_comes_out_of_an_outbox_as_it_went_in_also_of_one_that_an_older_version_left() -> None:
    """Otherwise what was saved before an upgrade would never be published, or with other bytes."""
    record = Outgoing("gw.620802.cases", b"k\x00", b"", [("ce_id", b"1"), ("ce_type", b""), ("名", b"\xff")])
    older = {"t": record.topic, "k": record.key, "d": record.value, "h": [list(one) for one in record.headers]}
    assert Outgoing.from_document(record.to_document()) == record
    assert Outgoing.from_document(older) == record


def test_names_are_those_of_the_standard_library() -> None:
    """Ids that were given before must come out again."""
    for name in ("", "a/0", "网格/1"):
        assert uuid5_bytes(NAMESPACE_URL.bytes, name) == uuid5(NAMESPACE_URL, name).bytes
    given = "11111111-1111-5111-8111-111111111111"
    assert as_mark(given).hex() == given.replace("-", "")
    assert as_mark("x" * 8 + "-" + "x" * 27) == uuid5(NAMESPACE_URL, "x" * 8 + "-" + "x" * 27).bytes
