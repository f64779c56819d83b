"""The three forms of an inbound record, as the contracts describe them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from deploy.partner.messages import Sender
from shared.contracts.envelope import from_headers

AT = datetime(2026, 7, 1, tzinfo=UTC)
SENDER = Sender("620802", "grid-app")
DATA = {"report_id": "1", "text": "路灯不亮"}


def test_binary_form_has_its_attributes_in_headers() -> None:
    """The value is the data and nothing else."""
    record = SENDER.binary("gridwhistle.report.submit.v1", "e1", "1", DATA, AT)
    assert record.topic == "gw.620802.in.grid-app"
    assert json.loads(record.value) == DATA
    assert from_headers(record.headers).type == "gridwhistle.report.submit.v1"


def test_structured_form_has_everything_in_its_value() -> None:
    """And says so in its content type."""
    record = SENDER.structured("gridwhistle.report.submit.v1", "e1", "1", DATA, AT)
    value = json.loads(record.value)
    assert value["data"] == DATA
    assert value["specversion"] == "1.0"
    assert dict(record.headers)["content-type"].startswith(b"application/cloudevents+json")


def test_bare_form_is_the_data_alone() -> None:
    """In UTF-8, Chinese as it is."""
    record = SENDER.bare("1", DATA)
    assert record.headers == ()
    assert "路灯不亮".encode() in record.value
