"""What the previous version wrote is read by this one, and what the next one adds is kept: messages and documents.

`previous/messages.jsonl` holds a record of every message type, `previous/documents.jsonl` a document of every
collection, both as the version before this one wrote them. docs/upgrades.md says when they are renewed.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import bson
import pytest
from bson import json_util
from bson.codec_options import CodecOptions

from deploy.contracts.schemas import message_types
from services.escalation.domain import decide as escalation
from services.escalation.domain.model import Case as TimedCase
from services.intake.domain.decide import decide as decide_report
from services.intake.domain.model import ReportState, Submission
from services.notifier.adapters.contacts import Contacts
from services.notifier.domain.model import CaseView
from services.notifier.domain.notice import NoticeState, Status, index_fields
from services.notifier.domain.outcome import Delivered
from services.router.domain.model import Case as RoutedCase
from services.router.domain.model import CaseState, index_of, next_due
from shared.contracts import commands as say
from shared.contracts.envelope import from_headers
from shared.decision import Stored, Tick
from shared.infra.directory import decode
from shared.infra.engine import AggregateStore
from shared.infra.engine.store import Slot
from shared.infra.vault import Vault
from tests.support.routing import GRID, PHOTOS, Story, dept
from tests.unit.escalation.world import World as Time
from tests.unit.escalation.world import names
from tests.unit.intake.test_decide import PLACE
from tests.unit.intake.test_normalise import draft
from tests.unit.intake.test_sealing import WHO
from tests.unit.intake.world import NOW, report
from tests.unit.notifier.events import CASE, closed
from tests.unit.notifier.world import World as Telling

PREVIOUS = Path(__file__).parent / "previous"
NEWER = "of_a_newer_version"

STORES: dict[str, AggregateStore[Any]] = {
    "gw_router.cases": AggregateStore(cast("Any", None), "cases", RoutedCase, next_due, index_of),
    "gw_escalation.cases": AggregateStore(cast("Any", None), "cases", TimedCase, escalation.due, escalation.index),
    "gw_notifier.cases": AggregateStore(
        cast("Any", None), "cases", CaseView, index=lambda view: {"expires": view.expires}
    ),
    "gw_notifier.notices": AggregateStore(
        cast("Any", None), "notices", NoticeState, lambda notice: notice.due, index_fields
    ),
    "gw_intake.reports": AggregateStore(cast("Any", None), "reports", ReportState),
}


def lines(name: str) -> list[dict[str, Any]]:
    """Return the lines of a golden file."""
    return [json.loads(line) for line in (PREVIOUS / name).read_text(encoding="utf-8").splitlines()]


MESSAGES = {one["headers"]["ce_type"]: one for one in lines("messages.jsonl")}
DOCUMENTS = {one["collection"]: one["document"] for one in lines("documents.jsonl")}


def as_read(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document as the driver hands it over."""
    raw = bson.encode(json_util.loads(json.dumps(document)))
    read: dict[str, Any] = bson.decode(raw, CodecOptions(tz_aware=True))
    return read


def slot(name: str) -> Slot[Any]:
    """Return the slot of a golden document."""
    return STORES[name].slot(as_read(DOCUMENTS[name]))


def state_of(name: str) -> Any:
    """Return the state in a golden document."""
    return slot(name).state


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """Return the key that the golden documents were sealed with."""
    path = tmp_path / "vault.keys"
    path.write_text(f"test-1 {b64encode(bytes(32)).decode()}\n")
    return Vault.load(path)


@pytest.mark.parametrize("type_", sorted(MESSAGES))
def test_a_message_of_the_previous_version_is_read(type_: str) -> None:
    """Every field means what it meant; what has been added since has a default."""
    said = MESSAGES[type_]
    headers = [(name, value.encode()) for name, value in said["headers"].items()]
    assert from_headers(headers).type == type_
    event = message_types()[type_].model_validate_json(json.dumps(said["value"]))
    now = json.loads(event.model_dump_json(exclude_none=True, by_alias=True))
    assert {name: now.get(name) for name in said["value"]} == said["value"]


@pytest.mark.parametrize("name", sorted(STORES))
def test_a_document_of_the_previous_version_is_read_and_written_again_unchanged(name: str) -> None:
    """State, remembered causes, and what was still to be published."""
    document, read = as_read(DOCUMENTS[name]), slot(name)
    written = STORES[name]._state_fields(read.state)
    assert as_read({"s": json.loads(json_util.dumps(written["s"]))})["s"] == document["s"]
    assert {field: value for field, value in written.items() if value is not None} == {
        field: value
        for field, value in document.items()
        if field not in ("_id", "v", "ids", "refused", "stamp", "saved_at", "outbox")
    } | {"s": written["s"]}
    assert read.marks == {bytes(mark) for mark in document["ids"]}
    assert [(one.topic, one.key, one.value, [list(header) for header in one.headers]) for one in read.outbox] == [
        (one["t"], one["k"], one["d"], one["h"]) for one in document.get("outbox", [])
    ]


def test_the_router_goes_on_with_a_case_of_the_previous_version() -> None:
    """Urban's task is on hold; completing it resolves the case."""
    story = Story(case=state_of("gw_router.cases"))
    assert story.case is not None
    story.now = story.case.opened_at
    assert story.say(say.CompleteTask, dept("urban"), department="urban", evidence=PHOTOS) == "resolved"
    assert story.say(say.VerifyCase, GRID, ok=True) == "verified"
    assert story.known().state is CaseState.CLOSED


def test_escalation_goes_on_with_clocks_and_a_team_of_the_previous_version() -> None:
    """In the second round, one clock held; who comes is on scene, and time passes for the others."""
    world = Time(now="2026-07-01T09:41")
    world.case = state_of("gw_escalation.cases")
    assert "team.checked-in" in names(world.check_in("civil"))
    said = names(world.tick("2026-07-01T10:05"))
    assert "team.absent" in said
    assert names(world.completed())[-1] == "team.stood-down"


def test_the_notifier_goes_on_with_a_case_and_a_notice_of_the_previous_version() -> None:
    """The reporter of a case from before hears of its end; a notice from before is delivered."""
    world = Telling(cases={CASE: state_of("gw_notifier.cases")})
    world.tell(closed())
    assert world.queued() == [("solved", "reporter/ref-1", "email")]
    notice: NoticeState = state_of("gw_notifier.notices")
    world.notices[notice.id] = notice
    world.attempt(notice, Delivered())
    assert world.notices[notice.id].status is Status.DELIVERED


def test_intake_knows_a_report_of_the_previous_version_again() -> None:
    """The same content is a duplicate and opens nothing."""
    known = state_of("gw_intake.reports")
    decision = decide_report(known, Submission(draft(report(reporter=WHO)), PLACE), NOW)
    assert decision.events == ()


def test_what_the_previous_version_sealed_opens(vault: Vault) -> None:
    """The vault's content for its reference, a contact for its case."""
    kept = DOCUMENTS["gw_intake.vault"]
    assert json.loads(vault.open(kept["sealed"], kept["_id"]))["reporter"]["name"] == "王某某"
    contact = DOCUMENTS["gw_notifier.reporters"]
    assert Contacts(vault, cast("Any", None)).open(contact["sealed"], contact["owner"]).phone == "+8613800000000"


def test_a_profile_of_the_previous_version_is_read() -> None:
    """Settings that are new have their defaults; the cases under it go on."""
    document = as_read(DOCUMENTS["gw_directory.profiles"])
    profile = decode(document["body"], document["version"])
    assert (profile.code, profile.version, profile.holds.max_holds) == ("620802", 3, 2)


def stamped(value: Any) -> Any:
    """Return a state in which every part has a field that only a newer version knows."""
    if isinstance(value, Stored):
        fields = {name: stamped(getattr(value, name)) for name in type(value).model_fields}
        return value.model_copy(update={NEWER: "kept", **fields})
    return tuple(map(stamped, value)) if isinstance(value, tuple) else value


def _after(story: Story) -> Any:
    story.say(say.CompleteTask, dept("urban"), department="urban", evidence=PHOTOS)
    return story.case


def _later(case: TimedCase) -> Any:
    world = Time(now="2026-07-01T10:00")
    world.case = case
    world.apply(Tick(case.case_id))
    return world.case


def _delivered(notice: NoticeState) -> Any:
    world = Telling(notices={notice.id: notice})
    world.attempt(notice, Delivered())
    return world.notices[notice.id]


def _told(view: CaseView) -> Any:
    world = Telling(cases={CASE: view})
    world.tell(closed())
    return world.cases[CASE]


CHANGES: dict[str, Callable[[Any], Any]] = {
    "gw_router.cases": lambda case: _after(Story(case=case, now=case.opened_at)),
    "gw_escalation.cases": _later,
    "gw_notifier.cases": _told,
    "gw_notifier.notices": _delivered,
    "gw_intake.reports": lambda state: decide_report(state, Submission(draft(report(reporter=WHO)), PLACE), NOW).state,
}


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_what_a_newer_version_has_stored_outlives_a_change_by_this_one(name: str) -> None:
    """Both run side by side during an upgrade; also a part that is changed keeps what is not known here."""
    store = STORES[name]
    newer = store._state_fields(stamped(state_of(name)))["s"]
    state = store.state_type.model_validate(newer)
    changed = CHANGES[name](state)
    assert changed != state
    kept = json.dumps(store._state_fields(changed)["s"], default=str)
    assert kept.count(NEWER) == json.dumps(newer, default=str).count(NEWER) > 0
