"""A batch: every record on its own, each ending as a report, a command or a dead letter with a sentence."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from services.intake.batch import Sorted, places
from services.intake.domain.desk import Desk
from services.intake.domain.model import Draft, Refused
from services.intake.letters import KEPT_BYTES, fitting, letter_bytes
from shared.contracts.commands import VerifyCase
from shared.contracts.dead_letters import RecordRejected
from shared.contracts.incidents import Precision
from shared.decision import Poison
from shared.infra.clock import SystemClock
from shared.infra.engine.outbox import dead_letter
from shared.infra.kafka import DEAD_LETTER_BYTES
from shared.infra.sealed_records import SEALED, opened
from tests.unit.intake.world import (
    CASE,
    DESK,
    DISTRICT,
    INDEX,
    NOW,
    OTHER,
    SENT,
    VAULT,
    binary,
    command,
    record,
    report,
    to_json,
)


def sort(*records: Any, desk: Desk = DESK) -> Sorted:
    """Return the records sorted, by a clock that believes their timestamps."""
    batch = Sorted(desk, SystemClock(), NOW, VAULT)
    batch.take(records)
    return batch


def letters(batch: Sorted) -> list[RecordRejected]:
    """Return the dead letters of a batch."""
    found = [one.letter for one in batch.rejections]
    return [RecordRejected.model_validate_json(letter.value) for letter in found if letter is not None]


def test_good_and_bad_records_do_not_touch_each_other() -> None:
    """A report, rubbish, a command, a forbidden one, a tombstone, a stranger: in one batch."""
    batch = sort(
        record(to_json(report())),
        record(b"rubbish", offset=1),
        record(to_json(command("case.verify", ok=True)), offset=2),
        record(to_json(command("case.withdraw", reason="r")), offset=3),
        record(None, offset=4),
        record(to_json(report()), id_="stranger", offset=5),
        record(to_json(report()), district="110101", offset=6),
        record(to_json(report()), id_="gateway", offset=7),
    )
    assert [item.aggregate for item in batch.items({})] == [f"{DISTRICT}/grid-app/A-1"]
    assert [type(one) for one in batch.commands] == [VerifyCase]
    assert [(one.error, one.offset) for one in letters(batch)] == [
        ("bad-json", 1),
        ("forbidden", 3),
        ("empty-record", 4),
        ("unknown-partner", 5),
        ("unknown-district", 6),
        ("forbidden", 7),
    ]
    assert all(one.message.endswith(".") for one in letters(batch))


def test_a_dead_letter_holds_the_record_byte_for_byte_under_seal() -> None:
    """Value, key and headers, so that it can be replayed after a repair; what a person wrote is for the keys' owner."""
    headers = [("ce_type", b"\xff\xfe"), ("x", None)]
    (letter,) = letters(sort(record(b"\x00\xff 13800000000", headers, key=b"\x80")))
    assert b"13800000000" not in (letter.original_value or b"")
    found = opened(VAULT, letter.origin_topic, letter.original_value, letter.original_headers)
    assert (found.value, found.headers) == (b"\x00\xff 13800000000", headers)
    assert (letter.origin_topic, letter.error) == (f"gw.{DISTRICT}.in.grid-app", "bad-envelope")


def test_a_letter_written_twice_is_the_same_twice() -> None:
    """Refused again after a crash it has the same id, and so it must have the same bytes, seal and all."""
    one, again = (sort(record(b"rubbish")).rejections[0].letter for _ in range(2))
    assert one == again


@pytest.mark.parametrize("nothing", [None, b""])
def test_a_tombstone_stays_one_in_its_letter(nothing: bytes | None) -> None:
    """There is nothing to seal."""
    (letter,) = letters(sort(record(nothing)))
    assert (letter.original_value, letter.original_headers) == (nothing, [])


def test_a_replayed_letter_is_opened_on_its_own_topic_only() -> None:
    """What was refused comes back under its seal and is read; on another partner's topic it is nobody's record."""
    (letter,) = letters(sort(record(to_json(report()), district="110101")))
    back = letter.original_value, letter.original_headers
    at_home = sort(record(*back, district="110101"), desk=Desk({"110101": INDEX}))
    assert [parsed.report_id for _, parsed in at_home.parsed] == ["A-1"]
    (foreign,) = letters(sort(record(*back)))
    assert foreign.error == "unreadable-seal"


def test_who_only_claims_a_seal_is_sealed_around_the_claim() -> None:
    """A header of that name does not keep a record's content legible."""
    (letter,) = letters(sort(record(b"13800000000", [(SEALED, b"test-1")])))
    assert letter.error == "unreadable-seal"
    assert b"13800000000" not in (letter.original_value or b"")
    found = opened(VAULT, letter.origin_topic, letter.original_value, letter.original_headers)
    assert (found.value, found.headers) == (b"13800000000", [(SEALED, b"test-1")])


def test_a_permitted_command_leaves_under_an_id_of_its_sender() -> None:
    """Sent again with the same id, in whichever record, it is the same command to those who hear it."""
    type_, value = VerifyCase.type, to_json(command(type=None, ok=True))
    batch = sort(
        record(value, binary(type_, "c-1")),
        record(value, binary(type_, "c-1"), offset=9),
        record(value, binary(type_, "c-2")),
    )
    ids = [dict(one.headers)["ce_id"] for one in batch.passing]
    assert ids[0] == ids[1] != ids[2]
    assert {(one.topic, one.key) for one in batch.passing} == {(f"gw.{DISTRICT}.commands", CASE.encode())}


@pytest.mark.parametrize("value", [to_json(command("case.verify", ok=True)), b"rubbish"])
def test_a_record_delivered_again_later_has_the_same_outcome_byte_for_byte(value: bytes) -> None:
    """The outcome has the same id, and an id with two contents would leave it to chance which of them is heard."""
    outcomes = []
    for now in (NOW, NOW + timedelta(minutes=5)):
        batch = Sorted(DESK, SystemClock(), now, VAULT)
        batch.take([record(value)])
        outcomes.append([*batch.passing, *(one.letter for one in batch.rejections)])
    assert outcomes[0] == outcomes[1] != []


def test_the_brokers_own_clock_is_believed_also_when_ours_is_behind() -> None:
    """A machine whose clock was set back must not give a command two contents before and after it was set right."""
    came = record(to_json(command("case.verify", ok=True)))
    by_broker = SimpleNamespace(**asdict(came), timestamp_type=1)
    batch = Sorted(DESK, SystemClock(), SENT - timedelta(hours=1), VAULT)
    batch.take([by_broker, came])
    assert [one.recorded_at for one in batch.commands] == [SENT, SENT - timedelta(hours=1)]


def test_a_bare_command_is_named_by_its_record() -> None:
    """Which has no other name; delivered again it is the same."""
    value = to_json(command("case.verify", ok=True))
    batch = sort(record(value), record(value), record(value, offset=1))
    ids = [dict(one.headers)["ce_id"] for one in batch.passing]
    assert ids[0] == ids[1] != ids[2]


def test_a_bare_command_replayed_twice_is_one_command() -> None:
    """Two operators at once, or one that was killed before it noted what it had sent."""
    value = to_json(command("case.verify", ok=True))
    again = [("gw_replay", b"0b8e1b0e-1111-5111-8111-111111111111")]
    batch = sort(record(value, again, offset=7), record(value, again, offset=8), record(value, offset=9))
    ids = [dict(one.headers)["ce_id"] for one in batch.passing]
    assert ids[0] == ids[1] != ids[2]


def test_a_report_refused_by_the_profile_keeps_its_place_in_the_batch() -> None:
    """It goes through the engine under its id: had it been taken in before, that would be recognised."""
    bad = to_json(report(category="Z99", text=None))
    items = sort(record(to_json(report())), record(bad, offset=1)).items({})
    assert [type(item.content) for item in items] == [Draft, Refused]
    assert items[0].aggregate == items[1].aggregate


def test_places_are_looked_up_for_each_district_together() -> None:
    """A batch may hold reports of several."""
    elsewhere = report(report_id="A-2", location={"lon": 103.605, "lat": 35.545, "datum": "wgs84"})
    items = sort(record(to_json(report())), record(to_json(elsewhere), district=OTHER, offset=1)).items({})
    found = places(items)
    assert [found[item.cause].precision for item in items] == [Precision.POLYGON] * 2
    assert [(found[item.cause].grid or "")[:6] for item in items] == [DISTRICT, OTHER]


def test_a_report_without_a_district_is_found_and_pinned() -> None:
    """Where it was found first it stays, even if the profiles would now say otherwise."""
    batch = sort(record(to_json(report()), district="000000"))
    assert batch.unlocated() == {"grid-app/A-1": DISTRICT}
    assert [item.aggregate for item in batch.items({"grid-app/A-1": DISTRICT})] == [f"{DISTRICT}/grid-app/A-1"]
    assert [item.aggregate for item in batch.items({"grid-app/A-1": OTHER})] == [f"{OTHER}/grid-app/A-1"]


def test_a_report_that_is_nowhere_is_a_dead_letter() -> None:
    """In the dead letters of nobody's district."""
    lost = report(location={"lon": 120.0, "lat": 30.0}, text="某处有垃圾")
    batch = sort(record(to_json(lost), district="000000"))
    assert [(one.error, one.district) for one in letters(batch)] == [("unknown-district", "000000")]


@pytest.mark.parametrize("timestamp", [-1, 0, 2**62, 2**70])
def test_a_timestamp_that_cannot_be_is_not_believed(timestamp: int) -> None:
    """Some brokers let partners set it: nothing is received before it was sent or after now."""
    one = record(to_json(report(occurred_at=None)))
    one.timestamp = timestamp
    (item,) = sort(one).items({})
    assert isinstance(item.content, Draft)
    assert item.content.occurred_at <= NOW


def test_the_time_received_is_the_records() -> None:
    """Delivered again, a report has the same instant."""
    (item,) = sort(record(to_json(report(occurred_at=None)))).items({})
    assert isinstance(item.content, Draft)
    assert item.content.occurred_at == SENT


def test_a_bug_in_a_normaliser_is_one_dead_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the end of the batch, and nothing of the record's content in the sentence."""
    monkeypatch.setattr("services.intake.domain.desk.parse_report", lambda *_: 1 / 0)
    batch = sort(record(to_json(report())), record(to_json(command("case.verify", ok=True))))
    assert [(one.error, one.message) for one in letters(batch)] == [
        ("internal-error", "Reading the record failed: ZeroDivisionError.")
    ]
    assert len(batch.commands) == 1


@pytest.mark.parametrize(
    "huge",
    [
        record(b"x" * 3_000_000),
        record(b"{}", key=b"k" * 2_000_000),
        record(b"{}", [("h", b"v" * 3_000_000)]),
        record(b"{}", [("\x01" * 400_000, b"v")]),
        record(b"{}", [("h", b"v" * 40_000)] * 60),
    ],
)
def test_a_record_of_any_size_has_a_letter_that_fits(huge: Any) -> None:
    """Compression lets a small batch hold a huge record; a letter the broker refuses would block its partition."""
    assert letter_bytes(huge) > DEAD_LETTER_BYTES
    batch = sort(huge)
    (rejection,) = batch.rejections
    assert rejection.letter is not None
    assert len(rejection.letter.value) + len(rejection.letter.key) < DEAD_LETTER_BYTES
    (letter,) = letters(batch)
    assert letter.error == "too-large"
    assert "Too large to be kept whole" in letter.message
    assert len(letter.original_value or b"") <= KEPT_BYTES + 28, "the nonce and the tag of the seal"


def test_a_sentence_that_names_what_a_partner_wrote_keeps_its_letter_small() -> None:
    """A header's name may be as long as a record: the letter holds it once, and not in its sentence too."""
    batch = sort(record(b"\xff", [("ce_" + "\x01" * 300_000, b"\xff")]))
    (rejection,) = batch.rejections
    assert rejection.letter is not None
    assert len(rejection.letter.value) < DEAD_LETTER_BYTES
    assert [one.error for one in letters(batch)] == ["bad-envelope"]


def test_a_record_at_the_limit_is_kept_whole() -> None:
    """What a topic takes fits into a letter."""
    full = record(b"x" * 1024 * 1024)
    kept, poison = fitting(full, Poison("bad-json", "No."))
    assert kept is full
    letter = dead_letter("intake", full, poison, NOW)
    assert len(letter.value) <= letter_bytes(full)
