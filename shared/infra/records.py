r"""Reading records whose header names are no text.

A header's name is bytes on the wire, and brokers take any. aiokafka 0.14.0 decodes it as UTF-8 while it unpacks a
fetch; one record with another name raises there, before any of our code, again after every rewind, and takes the
consumer of every topic down with it. Any partner could do that. So the unpacking is repeated, for the fetch at hand
only, by aiokafka's own parser in Python with names that are read leniently: b"\xff" becomes the text `\xff`.
"""

from __future__ import annotations

from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.legacy_records import LegacyRecordBatch
from aiokafka.record.memory_records import MemoryRecords, _MemoryRecordsPy

_MAGIC_WITH_HEADERS = 2
_MAGIC_AT = 16


class _Lenient(bytearray):
    """Bytes that decode whatever is in them; so do their parts."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _Lenient(found) if isinstance(at, slice) else found

    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:
        """Return text in which bytes that are none are written out."""
        del errors
        return super().decode(encoding, "backslashreplace")


class _LenientBatch(_DefaultRecordBatchPy):  # type: ignore[misc]
    _buffer: Any

    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        self._buffer = _Lenient(self._buffer)


class _LenientRecords(_MemoryRecordsPy):  # type: ignore[misc]
    def next_batch(self, *_: Any) -> Any:
        batch = self._next_slice
        if batch is None:
            return None
        self._cache_next()
        magic = batch[_MAGIC_AT]
        return _LenientBatch(batch) if magic >= _MAGIC_WITH_HEADERS else LegacyRecordBatch(batch, magic)


class _KeptRecords:
    """The records of a fetch, as fast as ever, with the bytes they are read from."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._records = MemoryRecords(raw)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)


class _TolerantPartitionRecords(fetcher.PartitionRecords):  # type: ignore[misc]
    _records: Any

    def __next__(self) -> Any:
        try:
            return super().__next__()
        except UnicodeDecodeError:
            # What was handed out is behind `next_fetch_offset` and is passed over.
            self._records = _LenientRecords(self._records.raw)
            self._records_iterator = self._unpack_records()
            return super().__next__()


def tolerate_any_header_name() -> None:
    """Make every consumer of this process survive a header name that is no UTF-8; calling it again does nothing."""
    fetcher.MemoryRecords = _KeptRecords
    fetcher.PartitionRecords = _TolerantPartitionRecords
