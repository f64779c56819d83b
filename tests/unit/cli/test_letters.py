from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from deploy.kafka.letters import collect, find, replay_headers, replayed
from shared.contracts.envelope import Headers
from shared.decision import Poison
from shared.infra.engine.inbox import REPLAY_HEADER
from shared.infra.engine.outbox import Outgoing, dead_letter
from shared.infra.sealed_records import Guarded, opened
from shared.infra.vault import Key, Vault

NOW = datetime(2026, 7, 1, 3, 28, tzinfo=UTC)
BAD = Poison("invalid-report", "report_id: Field required")
HEADERS: Headers = [("ce_type", b"\xff\xfe not text"), ("empty", None), ("x", b""), ("x", b"twice")]


@dataclass(slots=True)
class Record:
    """A record as it is read."""

    topic: str = "gw.620802.in.grid-app"
    partition: int = 3
    offset: int = 7
    timestamp: int = 0
    key: bytes | None = b"\x00key"
    value: bytes | None = b"\xffnot json"
    headers: Headers = ()


def letter(record: Record, now: datetime = NOW) -> Record:
    """Return the record of a dead letter as it lies on its topic."""
    return as_read(dead_letter("intake", record, BAD, now))


def as_read(out: Outgoing) -> Record:
    """Return what was sent as it is read."""
    return Record(topic=out.topic, key=out.key, value=out.value, headers=out.headers)


def test_a_replayed_record_is_the_original_byte_for_byte_and_one_header_more() -> None:
    """Neither text nor order nor emptiness of anything is lost on the way through a letter."""
    original = Record(headers=HEADERS)
    (found,) = collect([letter(original)])
    assert found.rejected.original_value == original.value
    assert found.original_key == original.key
    assert replay_headers(found) == [*HEADERS, (REPLAY_HEADER, found.id.encode())]


def test_a_tombstone_without_key_stays_one() -> None:
    """Null is not the same as empty."""
    (found,) = collect([letter(Record(key=None, value=None))])
    assert found.rejected.original_value is None
    assert found.original_key is None


def test_a_letter_written_twice_is_listed_once() -> None:
    """A redelivered batch writes its letters again, under the same id."""
    assert len(collect([letter(Record()), letter(Record(), NOW + timedelta(seconds=4))])) == 1


def test_letters_come_in_the_order_of_their_rejection() -> None:
    """Partitions are read in any order."""
    late, early = letter(Record(offset=2), NOW + timedelta(hours=1)), letter(Record(offset=1))
    assert [one.rejected.offset for one in collect([late, early])] == [1, 2]


def test_a_replay_is_noted_on_its_letter_and_replayed_again_keeps_the_header_single() -> None:
    """What was replayed and rejected again can be replayed again."""
    (first,) = collect([letter(Record())])
    value, headers = replayed(first, 3, 99, NOW)
    marker = Record(topic=first.topic, key=first.key, value=value, headers=headers)
    (noted,) = collect([marker, letter(Record())])
    assert [(one.partition, one.offset) for one in noted.replays] == [(3, 99)]

    again = Record(offset=99, headers=replay_headers(first))
    (second,) = collect([letter(again)])
    assert [name for name, _ in replay_headers(second)].count(REPLAY_HEADER) == 1


def test_a_sealed_original_is_read_with_the_keys_and_replayed_without() -> None:
    """Intake seals what it refused; who only sends it back needs to see nothing of it."""
    vault = Vault("k", {"k": Key.of(bytes(32))})
    original = Record(headers=HEADERS)
    sealed = as_read(dead_letter("intake", Guarded(original, vault), BAD, NOW))
    (blind,), (seeing,) = collect([sealed]), collect([sealed], vault)
    assert (blind.sealed_under, blind.content, blind.as_json()["text"]) == ("k", None, None)
    assert (seeing.content, seeing.rejected) == (original.value, blind.rejected)
    assert opened(vault, original.topic, blind.rejected.original_value, replay_headers(blind)).value == original.value


def test_what_is_no_letter_is_passed_over() -> None:
    """Some other hand's record on the topic does not hide the letters."""
    strange = [Record(value=b"hello"), Record(value=None), Record(headers=HEADERS)]
    assert len(collect([*strange, letter(Record())])) == 1


def test_a_letter_is_found_by_how_its_id_begins() -> None:
    """Eight characters are enough for people."""
    letters = collect([letter(Record(offset=1)), letter(Record(offset=2))])
    assert find(letters, letters[0].id[:8]) == [letters[0]]
    assert find(letters, "") == letters
