"""What the ledger keeps is written by position and for good: fields only ever go to the end, and none is a person's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.contracts.registry import event_types
from shared.ledger.kept import KEPT, LEFT_OUT
from shared.ledger.rows import entries_of, event_types_kept, page_of, row_of

WRITTEN = json.loads((Path(__file__).parent / "ledger.json").read_text(encoding="utf-8"))
"""The fields of each type in the order in which pages have been written; make it longer, never change it."""

NEVER = {
    "text", "address", "lon", "lat", "contact", "reporter_ref", "note", "name", "phone", "media", "parties", "party",
    "by", "place", "subject_name",
}  # fmt: skip
SUBSTITUTE = {("team.substituted", "by")}
"""There `by` is a department."""


@pytest.mark.parametrize("kind", sorted(WRITTEN))
def test_what_was_written_can_be_read_for_ever(kind: str) -> None:
    """The old order is the beginning of the new one."""
    assert list(KEPT[kind][: len(WRITTEN[kind])]) == WRITTEN[kind]


@pytest.mark.parametrize("kind", sorted(KEPT))
def test_every_kept_field_is_one_of_its_event(kind: str) -> None:
    """A misspelt one would be none for ever; and what a person wrote or is called by is not among them."""
    fields = event_types_kept()[kind].model_fields
    assert set(KEPT[kind]) <= set(fields)
    assert not {name for name in KEPT[kind] if name in NEVER and (kind, name) not in SUBSTITUTE}


def test_what_is_left_out_is_an_event() -> None:
    """And not kept as well."""
    assert {f"gridwhistle.{kind}.v1" for kind in LEFT_OUT} <= set(event_types())
    assert not LEFT_OUT & set(KEPT)


def test_a_page_written_by_an_older_version_has_fewer_fields_and_by_a_newer_one_more() -> None:
    """Neither is an error: the first fields are what they were."""
    said = {"district": "620802", "case_id": "620802-260701-aaaaaaaa", "occurred_at": "2026-07-01T00:30:00.123Z"}
    value = json.dumps({**said, "episode": 1, "outcome": "solved", "handling_seconds": 2.5}).encode()
    row = row_of("gridwhistle.case.closed.v1", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", value)
    old, new = page_of([row[:5]]), page_of([[*row, "more"]])
    assert [dict(entry.values) for entry in entries_of("620802", old)] == [{"episode": 1}]
    (entry,) = entries_of("620802", new)
    assert (entry.case, entry.mark, entry.occurred_at.microsecond) == (said["case_id"], 0x0F1E2D3C4B5A6978, 123_000)
    assert dict(entry.values) == {"episode": 1, "outcome": "solved", "handling_seconds": 2.5}


def test_what_is_of_no_case_keeps_its_whole_number() -> None:
    """A township's work book is called otherwise."""
    value = json.dumps({"district": "620802", "case_id": "work-1", "occurred_at": "2026-07-01T00:30:00.000Z"}).encode()
    row = row_of("gridwhistle.worker.trained.v1", "0" * 36, value)
    assert [one.case for one in entries_of("620802", page_of([row]))] == ["work-1"]
