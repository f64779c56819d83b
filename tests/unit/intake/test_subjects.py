"""What a report is about leaves intake as an organisation's name or as a person's reference, and never as more."""

from __future__ import annotations

from pydantic_core import from_json

from services.intake.domain.decide import decide
from services.intake.domain.model import Submission
from services.intake.sealing import Sealer
from shared.contracts.incidents import Precision, ReportAccepted, Subject
from shared.district.lookup import Place
from shared.infra.vault import Key, Vault
from tests.unit.intake.world import DESK, NOW, envelope, report

VAULT = Vault("k", {"k": Key.of(bytes(32))})
OTHER = Vault("k", {"k": Key.of(bytes([1]) * 32)})


def told(kind: str, name: str, vault: Vault = VAULT, text: str = "漏水") -> ReportAccepted:
    """Return what the bus carries of a report about a subject."""
    draft = DESK.draft(DESK.parse(envelope(report(subject={"kind": kind, "name": name}, text=text))))
    sealed = Sealer(vault).seal(Submission(draft, Place(Precision.DISTRICT)))
    (event,) = decide(None, sealed, NOW).events
    assert isinstance(event, ReportAccepted)
    return event


def subject(kind: str, name: str, vault: Vault = VAULT) -> Subject:
    """Return the subject as the bus carries it."""
    found = told(kind, name, vault).subject
    assert found is not None
    return found


def test_an_organisation_keeps_its_name_and_a_reference_that_blanks_do_not_change() -> None:
    """`Estate Ten` and `estate  ten` are one."""
    one, other = subject("estate", "Estate Ten"), subject("Estate", " estate  ten ")
    assert (one.kind, one.name) == ("estate", "Estate Ten")
    assert one.ref == other.ref
    assert one.ref != subject("company", "Estate Ten").ref


def test_a_person_is_a_reference_that_nobody_can_try_names_against() -> None:
    """The same for the same name, another under another key; of a kind nobody knows, nobody is named either."""
    for kind in ("landlord", "房东", "whatever"):
        one, other = subject(kind, "张三丰"), subject(kind, "张 三丰")
        assert (one.name, one.ref) == ("", other.ref)
        assert one.ref != subject(kind, "李四").ref
        assert one.ref != subject(kind, "张三丰", OTHER).ref


def test_the_name_of_a_person_stands_in_no_text_and_is_kept_in_the_vault() -> None:
    """Whoever may open the vault finds who it is about."""
    draft = DESK.draft(
        DESK.parse(envelope(report(subject={"kind": "landlord", "name": "张三丰"}, text="张三丰不修水管")))
    )
    sealed = Sealer(VAULT).seal(Submission(draft, Place(Precision.DISTRICT))).sealed
    assert draft.text == "张**不修水管"
    assert sealed.vault is not None
    document = sealed.vault.document
    kept = from_json(VAULT.open(document["sealed"], document["_id"]))
    assert kept["subject"]["name"] == "张三丰"
    assert "张三丰" not in told("landlord", "张三丰", text="张三丰不修水管").model_dump_json()


def test_a_subject_without_a_name_is_none() -> None:
    """Blanks name nobody."""
    assert told("company", "  ").subject is None
