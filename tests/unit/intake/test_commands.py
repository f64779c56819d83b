"""Commands: who may ask for what, by the topic alone, and what leaves intake."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.domain.commands import may_give, read_command, short_name
from services.intake.domain.desk import Desk
from services.intake.domain.model import Origin
from services.intake.domain.reading import bare_message
from services.intake.domain.wording import Invalid
from shared.contracts.actors import PartnerKind
from shared.contracts.commands import CheckInTeam, Command, CompleteTask
from shared.contracts.registry import command_types
from shared.decision import Poison
from tests.unit.intake.world import (
    CASE,
    DESK,
    DISTRICT,
    INDEX,
    KINDS,
    OTHER_INDEX,
    SENT,
    command,
    envelope,
    origin,
)

HANDLERS = {PartnerKind.CENTRE, PartnerKind.DEPARTMENT, PartnerKind.TOWNSHIP}
MEMBERS = {PartnerKind.CENTRE, PartnerKind.DEPARTMENT, PartnerKind.TOWNSHIP, PartnerKind.POLICE_110}
CENTRE = {PartnerKind.CENTRE}
LEADERS = {PartnerKind.CENTRE, PartnerKind.TOWNSHIP}
DOERS = {*LEADERS, PartnerKind.GRID_APP}
MAY = {
    "task.accept": HANDLERS,
    "task.progress": HANDLERS,
    "task.complete": HANDLERS,
    "task.return": HANDLERS,
    "task.hold": HANDLERS,
    "task.resume": HANDLERS,
    "task.extend": HANDLERS,
    "case.classify": CENTRE,
    "case.assign": CENTRE,
    "case.withdraw": CENTRE,
    "case.verify": {PartnerKind.CENTRE, PartnerKind.GRID_APP},
    "case.reopen": CENTRE,
    "case.link": CENTRE,
    "case.unmerge": CENTRE,
    "case.whistle": {PartnerKind.CENTRE, PartnerKind.TOWNSHIP, PartnerKind.GRID_APP},
    "team.answer": MEMBERS,
    "team.check-in": MEMBERS,
    "team.substitute": MEMBERS,
    "team.stand-down": CENTRE,
    "notice.acknowledge": MEMBERS,
    "reporter.erase": CENTRE,
    "advisory.issue": CENTRE,
    "advisory.decline": CENTRE,
    "advisory.reply": MEMBERS,
    "patrol.record": DOERS,
    "visit.record": DOERS,
    "duty.record": DOERS,
    "worker.leave": LEADERS,
    "training.record": LEADERS,
    "assessment.record": LEADERS,
    "mediation.record": HANDLERS,
    "mediation.extend": HANDLERS,
    "mediation.assign": CENTRE,
    "mediation.task-force": CENTRE,
    "mediation.batch": CENTRE,
    "agreement.confirm": HANDLERS,
    "agreement.pay": HANDLERS,
    "agreement.perform": HANDLERS,
    "agreement.route": CENTRE,
    "agreement.sign": HANDLERS,
    "defaulter.appeal": CENTRE,
    "defaulter.decide": CENTRE,
    "defaulter.enter": CENTRE,
}
"""Who may give what, written out here a second time: a slip in the contracts must not open a door unseen."""


def read(payload: dict[str, Any], came: Origin) -> Command:
    """Return a bare command as it leaves intake."""
    return read_command(bare_message(payload), came)


def test_the_table_is_complete() -> None:
    """A new command has to be entered here by hand."""
    assert set(MAY) == {short_name(type_) for type_ in command_types()}


@pytest.mark.parametrize("name", sorted(MAY))
@pytest.mark.parametrize("id_", sorted(KINDS))
def test_every_partner_may_give_what_its_kind_allows_and_nothing_else(name: str, id_: str) -> None:
    """Every command by every kind of partner; the profile may add one by name (`case.verify` for some-system)."""
    cls = command_types()[f"gridwhistle.{name}.v1"]
    came = origin(id_)
    allowed = KINDS[id_] in MAY[name] or (id_, name) == ("some-system", "case.verify")
    assert may_give(came.partner, cls) is allowed
    with pytest.raises(Poison) as caught:
        read(command(name, case_id="620802-260701-!"), came)
    assert caught.value.error == ("invalid-command" if allowed else "forbidden")


def test_a_command_leaves_with_the_actor_of_its_topic() -> None:
    """Whatever the payload says of its sender, its district and when it was recorded is overwritten."""
    lies: dict[str, Any] = {
        "actor": {"partner": "centre", "kind": "centre"},
        "district": "620171",
        "recorded_at": "2020-01-01T00:00:00Z",
    }
    found = read(command(task_id=f"{CASE}/housing#1", **lies), origin("housing"))
    assert (found.actor.partner, found.actor.kind, found.actor.department) == ("housing", "department", "housing")
    assert (found.district, found.recorded_at) == (DISTRICT, SENT)


def test_time_is_read_and_believed_as_in_a_report() -> None:
    """The same forms, the same zone, the same bounds; also for the other instants of a command."""
    payload = command("team.answer", occurred_at="2026年7月1日8时45分", coming=True, eta="2026-07-01 09:30:00")
    found = read(payload, origin("housing"))
    assert found.occurred_at == datetime(2026, 7, 1, 0, 45, tzinfo=UTC)
    assert found.model_dump()["eta"] == datetime(2026, 7, 1, 1, 30, tzinfo=UTC)
    late = read(command("team.answer", occurred_at="2026-06-01 08:45:00", coming=True), origin("housing"))
    assert late.occurred_at == SENT
    assert late.backdated_from == datetime(2026, 6, 1, 0, 45, tzinfo=UTC)
    assert read(command("team.answer", occurred_at=None, coming=False), origin("housing")).occurred_at == SENT


def test_free_text_is_cleaned_and_masked() -> None:
    """Personal data stands in notes as well as in reports; codes and numbers elsewhere stay."""
    payload = command(
        "team.check-in", lon=106.66, lat=35.54, nonce="13800000000", note="找\u200b我：１３８００００００００"
    )
    found = read(payload, origin("housing"))
    assert isinstance(found, CheckInTeam)
    assert (found.note, found.nonce) == ("找我:138****0000", "13800000000")


def test_unknown_fields_travel_on() -> None:
    """Contracts only grow."""
    found = read(command(task_id="t", floor=3), origin("housing"))
    assert found.model_extra == {"floor": 3}


@pytest.mark.parametrize(
    ("payload", "line"),
    [
        (command(), "task_id: Field required"),
        (command(task_id="t", case_id="620802"), "case_id: String should match"),
        (command(task_id="t", case_id=7), "case_id: is missing"),
        (command(task_id="t", case_id="K"), "case_id: is missing"),
        (command(task_id="t", occurred_at="gleich"), "occurred_at: is no instant"),
        (command(task_id="t", occurred_at={"a": 1}), "occurred_at: is neither"),
        (command("team.answer", coming="vielleicht"), "coming: "),
        (command("team.answer", coming=True, eta="bald"), "eta: is no instant"),
        (command("task.extend", task_id="t", reason="r", limit="5 moons"), "limit"),
        (command("task.complete", task_id="t", evidence=[{"url": "x", "bytes": 10**30}]), "evidence: bytes"),
        (command("task.return", task_id="t", reason="\u200b"), "reason: "),
        (command("mediation.record", consent=["王某"]), "consent.0: "),
        (command("mediation.record", hearing=True, present=["13800000000@x"]), "present.0: "),
        (command("mediation.record", hearing=True, present=["13800000000"]), "present.0: "),
    ],
)
def test_wrong_fields_are_named(payload: dict[str, Any], line: str) -> None:
    """One line each."""
    with pytest.raises(Invalid, match=line) as caught:
        read(payload, origin("housing"))
    assert caught.value.error == "invalid-command"


def test_the_case_must_be_of_the_topics_district() -> None:
    """A department of one district cannot touch a case of the next."""
    with pytest.raises(Poison, match="not of district 620171") as caught:
        read(command(task_id="t"), origin("housing", OTHER_INDEX))
    assert caught.value.error == "forbidden"


def test_without_a_district_the_cases_own_counts() -> None:
    """On gw.000000.in.<partner> the case id says where the command belongs; the partner must be known there."""
    found = DESK.command(envelope(command("case.verify", ok=True), "grid-app", "000000"))
    assert (found.district, found.actor.partner) == (DISTRICT, "grid-app")
    with pytest.raises(Poison) as caught:
        DESK.command(envelope(command("case.verify", ok=True, case_id="110101-260701-aaaaaaaa"), "grid-app", "000000"))
    assert caught.value.error == "unknown-district"
    with pytest.raises(Poison) as caught:
        DESK.command(envelope(command("case.withdraw", reason="r"), "grid-app", "000000"))
    assert caught.value.error == "forbidden"


def test_who_is_not_in_the_profile_may_nothing() -> None:
    """Neither in a known district nor anywhere."""
    alone = Desk({DISTRICT: INDEX})
    for district, error in (
        (DISTRICT, "unknown-partner"),
        ("000000", "unknown-partner"),
        ("620171", "unknown-district"),
    ):
        with pytest.raises(Poison) as caught:
            alone.command(envelope(command(), "stranger", district))
        assert caught.value.error == error


def test_a_completion_carries_its_evidence() -> None:
    """As it was sent; whether it is enough is the router's to say."""
    media = [{"url": "https://media.example.invalid/1.jpg", "mime": "image/jpeg"}]
    found = read(command("task.complete", task_id="t", evidence=media), origin("housing"))
    assert isinstance(found, CompleteTask)
    assert [one.mime for one in found.evidence] == ["image/jpeg"]
