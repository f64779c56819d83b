from __future__ import annotations

import json
from typing import Any

import pytest

from deploy.cli._submissions import UnreadableError, by_kind, read_submissions
from deploy.contracts.schemas import REPORT

REPORT_DATA: dict[str, Any] = {
    "report_id": "A-1",
    "text": "小区门口路灯不亮",
    "occurred_at": "2026-07-01T08:30:00+08:00",
}
COMMAND_DATA: dict[str, Any] = {
    "case_id": "620802-260701-k3jq2x7a",
    "task_id": "t",
    "occurred_at": "2026-07-01T09:00:00Z",
}


def test_a_report_is_told_by_its_report_id() -> None:
    """Nobody has to say that a report is a report; its id is the record's."""
    (one,) = read_submissions(json.dumps(REPORT_DATA))
    assert (one.type, one.id, one.key, one.data) == (REPORT, "A-1", "A-1", REPORT_DATA)
    assert one.district() == "000000"


def test_a_command_is_told_by_its_type_which_is_no_part_of_the_data() -> None:
    """The short name is enough, and the case says the district."""
    (one,) = read_submissions(json.dumps({"type": "task.accept", **COMMAND_DATA}))
    assert (one.type, one.key, one.data) == ("gridwhistle.task.accept.v1", COMMAND_DATA["case_id"], COMMAND_DATA)
    assert one.district() == "620802"


@pytest.mark.parametrize("form", ["object", "array", "lines", "event"])
def test_every_form_of_input_says_the_same(form: str) -> None:
    """One object, an array, one object a line, a whole CloudEvent."""
    event = {"specversion": "1.0", "id": "A-1", "type": REPORT, "source": "/x", "data": REPORT_DATA}
    text = {
        "object": json.dumps(REPORT_DATA, indent=2),
        "array": json.dumps([REPORT_DATA]),
        "lines": "\n".join([json.dumps(REPORT_DATA), "", json.dumps(REPORT_DATA)]),
        "event": json.dumps(event),
    }[form]
    assert {(one.type, one.id, json.dumps(one.data)) for one in read_submissions(text)} == {
        (REPORT, "A-1", json.dumps(REPORT_DATA))
    }


def test_the_same_command_has_the_same_id_and_another_has_another() -> None:
    """A file sent twice by mistake is received once."""
    text = json.dumps({"type": "task.accept", **COMMAND_DATA})
    other = json.dumps({"type": "task.accept", **COMMAND_DATA, "note": "已出发"})
    assert read_submissions(text)[0].id == read_submissions(text)[0].id != read_submissions(other)[0].id


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("[]", "nothing to send"),
        ("{", "not JSON"),
        ('{"report_id": "A-1"}\n{"report_id": ', "line 2 is not JSON"),
        ("[1]", "item 1 is not an object"),
        ('[{"report_id": "A"}, {"text": "x"}]', "item 2 is neither a report"),
        ('{"type": "task.praise", "case_id": "x"}', "'task.praise' is not a type"),
        ('{"type": "task.accepted", "case_id": "x"}', "is not a type that partners send"),
        ('{"type": "task.accept"}', "item 1 has no case_id"),
    ],
)
def test_what_cannot_be_sent_is_named(text: str, why: str) -> None:
    """The message says which item and why."""
    with pytest.raises(UnreadableError, match=why):
        read_submissions(text)


def test_a_time_that_only_intake_can_read_does_not_stop_a_report() -> None:
    """Partners write times in many ways; the data goes on as it is."""
    (one,) = read_submissions(json.dumps({**REPORT_DATA, "occurred_at": "2026年7月1日8时30分"}))
    assert one.data["occurred_at"] == "2026年7月1日8时30分"
    assert one.at.tzinfo is not None


def test_reports_and_commands_go_to_their_own_address() -> None:
    """HTTP has one path for each; their order is kept."""
    items = [REPORT_DATA, {"type": "task.accept", **COMMAND_DATA}, {**REPORT_DATA, "report_id": "A-2"}]
    split = by_kind(read_submissions(json.dumps(items)))
    assert [(path, [one.key for one in found]) for path, found in split] == [
        ("/v1/reports", ["A-1", "A-2"]),
        ("/v1/commands", [COMMAND_DATA["case_id"]]),
    ]


def test_a_report_in_a_partners_own_format_needs_to_be_called_one() -> None:
    """The 110 platform says 警情编号 where we say report_id; intake knows its format, this command does not."""
    text = json.dumps({"警情编号": "J-1", "报警内容": "楼上漏水"}, ensure_ascii=False)
    with pytest.raises(UnreadableError, match="neither a report"):
        read_submissions(text)
    (one,) = read_submissions(text, REPORT)
    assert (one.type, one.key, len(one.id)) == (REPORT, "", 36)
