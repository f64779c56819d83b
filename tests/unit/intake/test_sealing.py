"""Sealing: what leaves with a report, what stays in the vault, and that neither shows anybody's name."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from services.intake.domain.decide import decide
from services.intake.domain.model import Submission
from services.intake.domain.nearness import Match
from services.intake.sealing import Sealer
from shared.contracts.incidents import Precision, Reporter
from shared.district.lookup import Place
from shared.infra.vault import Vault
from tests.unit.intake.test_normalise import draft
from tests.unit.intake.world import CASE, NOW, report

WHO = {"name": "王某某", "phone": "13800000000", "identity_number": "620802199001011234", "email": "W@Example.invalid"}


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    """Return a sealer with a key of its own."""
    path = tmp_path / "vault.keys"
    path.write_text(f"test-1 {b64encode(bytes(32)).decode()}\n")
    return Sealer(Vault.load(path))


def submission(match: Match | None = None, **more: Any) -> Submission:
    """Return a report of somebody."""
    return Submission(draft(report(reporter=WHO, **more)), Place(Precision.DISTRICT), match)


def test_the_contact_opens_for_the_case_it_travels_with(sealer: Sealer) -> None:
    """Also when the report was merged into another; without the identity number, which reaches nobody."""
    for match, case in ((None, draft(report()).case_id), (Match(CASE, 1.0, None), CASE)):
        sealed = sealer.seal(submission(match)).sealed
        assert sealed.contact is not None
        contact = Reporter.model_validate_json(sealer.vault.open(sealed.contact, case))
        assert contact == Reporter(name="王某某", phone="+8613800000000", email="w@example.invalid")
        assert sealed.vault is not None
        assert (sealed.vault.document["case_id"], sealed.vault.document["number"]) == (case, draft(report()).case_id)


def test_the_vault_keeps_all_of_it(sealer: Sealer) -> None:
    """Sealed for its own reference; case number and key id stay legible, for erasing and for changing the key."""
    sealed = sealer.seal(submission(parties=[{"name": "李某某"}], floor=3)).sealed
    assert sealed.vault is not None
    document = sealed.vault.document
    assert (document["_id"], document["key"]) == (sealed.reporter_ref, "test-1")
    assert document["case_id"] == document["number"] == draft(report()).case_id
    content = json.loads(sealer.vault.open(document["sealed"], document["_id"]))
    assert content["reporter"]["identity_number"] == "620802199001011234"
    assert content["parties"] == [{"name": "李某某"}]
    assert content["more"] == {"floor": 3}


def test_nothing_that_leaves_shows_a_person(sealer: Sealer) -> None:
    """Neither the event nor the state that is kept."""
    text = "我叫王某某，13800000000，身份证620802199001011234，w@example.invalid，和李某某、赵某某吵架"
    parties = [{"name": "李某某", "phone": "13900000000"}, {"姓名": "赵某某"}, {"name": 7}]
    given = sealer.seal(submission(text=text, parties=parties, category="王某某 13800000000"))
    decision = decide(None, given, NOW)
    shown = decision.events[0].model_dump_json() + str(decision.state) + str(decision.companions)
    for secret in (
        "王某某",
        "李某某",
        "赵某某",
        "13900000000",
        "13800000000",
        "620802199001011234",
        "w@example",
        "W@Example",
    ):
        assert secret not in shown


def test_the_reference_is_of_the_report_and_not_of_the_person(sealer: Sealer) -> None:
    """Two reports of one person cannot be brought together by it."""
    one, again = sealer.seal(submission()).sealed, sealer.seal(submission()).sealed
    other = sealer.seal(submission(report_id="A-2")).sealed
    assert one.reporter_ref == again.reporter_ref != other.reporter_ref
    assert one.contact != again.contact


def test_a_report_of_nobody_needs_no_vault(sealer: Sealer) -> None:
    """And one that only has attributes has a document, but no contact and no reference."""
    bare = Submission(draft(report(reporter=None)), Place(Precision.DISTRICT))
    assert sealer.seal(bare) is bare
    kept = sealer.seal(Submission(draft(report(reporter=None, attributes={"a": 1})), Place(Precision.DISTRICT))).sealed
    assert (kept.reporter_ref, kept.contact) == (None, None)
    assert kept.vault is not None


def test_who_left_only_a_name_cannot_be_reached(sealer: Sealer) -> None:
    """The reference says that there is somebody; there is no contact."""
    sealed = sealer.seal(Submission(draft(report(reporter={"name": "王某某"})), Place(Precision.DISTRICT))).sealed
    assert sealed.reporter_ref is not None
    assert sealed.contact is None
