"""Whatever a partner sends: a report, a command or a rejection, and never anything else."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.batch import Sorted
from services.intake.domain.desk import Envelope
from services.intake.domain.model import Refused
from services.intake.domain.reading import Message, bare_message
from services.intake.domain.wording import Invalid
from services.intake.sources import formats, parse_report
from shared.contracts.registry import command_types
from shared.decision import Poison
from shared.infra.clock import ManualClock
from tests.unit.intake.test_reading import HEADERS, JSON_VALUES
from tests.unit.intake.test_sources import ALARM, ALERT, ORDER
from tests.unit.intake.world import DESK, DISTRICT, NOW, OTHER, SENT, VAULT, command, record, report, to_json

KEYS = sorted({*ALARM, *ORDER, *ALERT, *report(), "camera_lon", "severity", "media", "attributes", "parties"})


@settings(max_examples=50)
@given(st.sampled_from(sorted(formats())), st.dictionaries(st.sampled_from(KEYS), JSON_VALUES, max_size=6))
def test_any_object_is_a_report_or_poison(name: str, payload: dict[str, Any]) -> None:
    """No other error in any format, whatever stands in its fields."""
    with suppress(Invalid):
        assert parse_report(name, payload).report_id


@settings(max_examples=50)
@given(
    st.sampled_from(sorted(command_types())),
    st.dictionaries(
        st.sampled_from(["case_id", "task_id", "occurred_at", "note", "limit", "eta", "evidence", "actor"]), JSON_VALUES
    ),
)
def test_any_object_is_a_command_or_poison(type_: str, payload: dict[str, Any]) -> None:
    """No other error, whatever stands in its fields."""
    message = Message(bare_message(command()).kind, type_, payload)
    try:
        assert DESK.command(Envelope(DISTRICT, "centre", SENT, message)).case_id
    except Poison as poison:
        error = poison.error
    else:
        error = ""
    assert error in ("", "invalid-command", "forbidden")


@settings(max_examples=60)
@given(
    st.sampled_from(["grid-app", "camera", "hotline", "police", "centre", "stranger"]),
    st.sampled_from([DISTRICT, OTHER, "000000", "999999"]),
    HEADERS,
    st.none()
    | st.binary(max_size=60)
    | JSON_VALUES.map(to_json)
    | st.dictionaries(
        st.sampled_from(
            ["report_id", "text", "category", "location", "reporter", "case_id", "type", "media", "people"]
        ),
        JSON_VALUES,
    ).map(to_json),
)
def test_every_record_ends_somewhere(id_: str, district: str, headers: Any, value: bytes | None) -> None:
    """Submitted = accepted + rejected, whatever comes; nothing is dropped and nothing breaks."""
    batch = Sorted(DESK, ManualClock(SENT), NOW, VAULT)
    batch.take([record(value, headers, id_, district)])
    assert len(batch.rejections) + len(batch.commands) + len(batch.items({})) == 1
    assert "internal-error" not in {one.poison.error for one in batch.rejections}
    contents = [item.content for item in batch.items({})]
    assert "internal-error" not in {one.poison.error for one in contents if isinstance(one, Refused)}
