"""A header name that is no UTF-8 must not take the consumer down; pins what we rely on inside aiokafka 0.14.0."""

from __future__ import annotations

from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.codec import zstd_encode
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from shared.infra.records import tolerate_any_header_name

NAME = b"name-of-a-header"
ZSTD = 4
HOSTILE = b"\xff\xfe" + NAME[2:]


def batch(offset: int, count: int, codec: int = 0) -> bytes:
    """Return a batch of records with a header each, as a broker would hand it over."""
    builder = DefaultRecordBatchBuilder(2, codec, 0, -1, -1, -1, 1_000_000)
    for number in range(count):
        builder.append(number, 0, b"k", b"v%d" % (offset + number), [(NAME.decode(), b"1"), ("x", None)])
    raw = bytearray(builder.build())
    raw[:8] = offset.to_bytes(8)
    return bytes(raw)


def compressed(raw: bytes) -> bytes:
    """Return a batch with its records compressed."""
    records: bytes = zstd_encode(raw[61:])
    head = bytearray(raw[:61])
    head[8:12] = (61 - 12 + len(records)).to_bytes(4)
    head[21:23] = ZSTD.to_bytes(2)
    return bytes(head) + records


def unpack(raw: bytes, start: int = 0, module: ModuleType = fetcher) -> list[Any]:
    """Return the records of a fetch from an offset on."""
    records = module.MemoryRecords(raw)
    found = module.PartitionRecords(
        TopicPartition("t", 0), records, None, start, None, None, check_crcs=False, isolation_level=0
    )
    return list(found)


@pytest.fixture(autouse=True)
def tolerant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the tolerance for one test."""
    monkeypatch.setattr(fetcher, "MemoryRecords", fetcher.MemoryRecords)
    monkeypatch.setattr(fetcher, "PartitionRecords", fetcher.PartitionRecords)
    tolerate_any_header_name()


def untouched() -> ModuleType:
    """Return the module as aiokafka ships it, whatever this process has done to its own."""
    spec = find_spec(fetcher.__name__)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_without_it_one_record_stops_the_consumer() -> None:
    """The reason for all this; when aiokafka learns it, this test says so."""
    with pytest.raises(UnicodeDecodeError):
        unpack(batch(0, 2).replace(NAME, HOSTILE), module=untouched())


def test_all_records_come_and_the_hostile_name_is_legible() -> None:
    """In order, each once, those of batches before and behind too."""
    raw = batch(0, 3) + batch(3, 2).replace(NAME, HOSTILE, 1) + batch(5, 2)
    found = unpack(raw)
    assert [record.offset for record in found] == list(range(7))
    assert [record.value for record in found] == [b"v%d" % number for number in range(7)]
    assert found[3].headers == (("\\xff\\xfe" + NAME[2:].decode(), b"1"), ("x", None))
    assert {record.headers for record in found if record.offset != 3} == {((NAME.decode(), b"1"), ("x", None))}


def test_a_fetch_that_begins_inside_a_batch_begins_there() -> None:
    """Offsets before it are not handed out again."""
    assert [record.offset for record in unpack(batch(0, 5).replace(NAME, HOSTILE), 3)] == [3, 4]


def test_ordinary_records_take_the_fast_way() -> None:
    """And compressed ones too."""
    assert [record.offset for record in unpack(batch(0, 3, codec=4))] == [0, 1, 2]


def test_a_compressed_batch_is_no_hiding_place() -> None:
    """The name is found only after unpacking."""
    found = unpack(compressed(batch(0, 3).replace(NAME, HOSTILE)))
    assert [record.headers[0][0][:8] for record in found] == ["\\xff\\xfe"] * 3
