from __future__ import annotations

from datetime import UTC, datetime

import pytest
from structlog.typing import EventDict

from shared.contracts.commands import AcceptTask, ProgressTask
from shared.infra.clock import ManualClock
from shared.infra.engine.correlation import about
from shared.infra.engine.fold import Fold, ParkedRecord
from shared.infra.engine.inbox import Input, read_input
from shared.infra.engine.store import Slot
from shared.infra.log import name_exception
from shared.infra.trace_context import Contexts, parse
from shared.infra.tracing import Span, Tracing
from tests.support.engines import record
from tests.support.tally import Tally, decide

NOW = datetime(2026, 7, 1, 1, tzinfo=UTC)
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARTNERS = f"00-{TRACE}-{SPAN}-01"


class Nobody:
    """A recorder that forgets."""

    def record(self, span: Span) -> None:
        """Forget it."""

    async def stop(self) -> None:
        """Nothing is left."""


def told(tracing: Tracing | None, traceparent: str | None) -> list[tuple[bytes, dict[str, bytes]]]:
    """Return content and headers of what one decision tells."""
    opening, progress = record(AcceptTask, "620802", "x", 0), record(ProgressTask, "620802", "x", 1)
    if traceparent:
        progress.headers.append(("ce_traceparent", traceparent.encode()))
    slot = Slot[Tally]("620802-260701-aaaaaaaa")
    fold = Fold("tally", decide, ManualClock(NOW), NOW, NOW, tracing.enter if tracing else None)
    fold.run(slot, [read_input(one) for one in (opening, progress)])
    return [(one.value, dict(one.headers)) for one in slot.outbox]


def test_decided_again_after_a_crash_the_same_is_told_byte_for_byte() -> None:
    """Nothing of a trace is drawn: what was published once is published again, headers and all."""
    tracing = Tracing(Contexts("tally", 1.0), Nobody())
    assert told(tracing, None) == told(tracing, None)
    assert told(tracing, PARTNERS) == told(tracing, PARTNERS)


def test_a_trace_is_in_one_header_and_nowhere_else() -> None:
    """Ids and contents are those of a service that does not trace."""
    ((plain, without),) = told(None, PARTNERS)
    ((traced, headers),) = told(Tracing(Contexts("tally", 1.0), Nobody()), PARTNERS)
    assert traced == plain
    assert {name for name in headers if headers[name] != without[name]} == {"ce_traceparent"}
    own = parse(headers["ce_traceparent"].decode())
    assert own is not None
    assert (own.trace, own.sampled) == (TRACE, True)
    assert own.span != SPAN


@pytest.mark.parametrize(
    "wrong", [None, "", "x", f"ff-{TRACE}-{SPAN}-01", f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01"]
)
def test_what_names_no_trace_begins_one(wrong: str | None) -> None:
    """By W3C: an unknown version or ids of zeros are no context; every replica begins the same trace."""
    first, second = (Contexts("intake", 1.0).own("a cause", parse(wrong)) for _ in range(2))
    assert first == second
    assert first.trace != TRACE


def test_intake_alone_decides_what_is_recorded() -> None:
    """A partner may name the trace, and must not decide what we spend; those behind do as intake said."""
    parent = parse(PARTNERS)
    assert not Contexts("intake", 0.0, begins=True).own("a cause", parent).sampled
    assert Contexts("router", 0.0).own("a cause", parent).sampled
    kept = sum(Contexts("intake", 0.25).own(f"cause {n}", None).sampled for n in range(1_000))
    assert 200 < kept < 300


def test_logs_carry_ids_of_ours_and_nothing_that_a_partner_wrote_in_their_place() -> None:
    """A phone number as a case id or as a message id stays out of the log."""
    sent = ParkedRecord("gw.620802.in.grid-app", 2, 7, 0, None, b"", [])
    command = Input("13987654321", "620802/grid-app/王某 13987654321", None, sent, "13987654321")
    assert about(command) == {"district": "620802", "record": "gw.620802.in.grid-app/2/7"}
    event = read_input(record(AcceptTask, "620802", "x", 3))
    assert about(event).keys() == {"case_id", "event_id", "district", "record"}


def test_an_exception_is_named_without_its_text() -> None:
    """What a library says of a document that it could not read may quote a person's number."""
    said: EventDict = {}
    again: EventDict = {}
    try:
        int("13987654321 is no number")
    except ValueError as error:
        said = name_exception(None, "error", {"event": "periodic_failed", "exc_info": True})
        again = name_exception(None, "error", {"event": "periodic_failed", "exc_info": error})
    assert said == again
    assert said["error"] == "ValueError"
    assert said["at"][0].endswith("test_an_exception_is_named_without_its_text")
    assert "13987654321" not in str(said)
