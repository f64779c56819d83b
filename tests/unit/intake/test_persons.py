"""No person leaves intake in a field that is not for persons, and no key of HTTP reaches a district it is not for."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from services.intake.adapters.keys import Grant
from services.intake.domain.commands import read_command
from services.intake.domain.reading import Kind, bare_message
from services.intake.submissions import Submitter
from shared.decision import Poison
from tests.unit.intake.world import DESK, DISTRICT, NOW, OTHER, VAULT, command, envelope, origin, report


def test_unknown_fields_of_a_command_take_no_person_along() -> None:
    """At any depth and in any form: what nobody told us of travels on in the clear."""
    more: dict[str, Any] = {
        "handler_phone": "13800000000",
        "called": 13800000000,
        "reporter": {"name": "王某某"},
        "seen": [{"name": "王某某", "at": "请打13800000000", "floor": 3, "open": True}, "a@example.com"],
        "13800000000": 0.5,
    }
    found = read_command(bare_message(command(task_id="t", **more)), origin("housing"))
    assert found.model_extra == {
        "handler_phone": "138****0000",
        "called": "138****0000",
        "reporter": None,
        "seen": [{"name": None, "at": "请打138****0000", "floor": 3, "open": True}, "a***@example.com"],
        "138****0000": 0.5,
    }


def test_subject_and_category_of_a_report_show_no_number() -> None:
    """A company is known by name; whom to call there is nobody's business on the bus."""
    said = report(subject={"kind": "company", "name": "某某物业 13800000000"}, category="问13800000000")
    draft = DESK.draft(DESK.parse(envelope(said)))
    assert draft.subject is not None
    assert (draft.subject.name, draft.category_claimed) == ("某某物业 138****0000", "问138****0000")


@pytest.mark.parametrize(
    ("codes", "refused"), [({DISTRICT, "110101"}, True), ({DISTRICT, OTHER}, False), ({"*"}, False)]
)
def test_a_key_holds_for_the_district_in_which_its_report_is_found(codes: set[str], *, refused: bool) -> None:
    """Naming no district is no way into one that the key is not for."""
    grant = Grant("grid-app", frozenset(codes), sha256(b"k").digest())
    submitter = Submitter(DESK, grant, Kind.REPORT, NOW, "", VAULT)
    there = report(location={"lon": 103.605, "lat": 35.545, "datum": "wgs84"})
    if not refused:
        assert submitter.record(there, 0)[1].topic == "gw.000000.in.grid-app"
        return
    with pytest.raises(Poison) as caught:
        submitter.record(there, 0)
    assert caught.value.error == "forbidden"
