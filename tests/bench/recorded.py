"""`python -m tests.bench.recorded SERVICE FILE`: a service as ever, whose writes and records are noted for the floor.

What is noted: every insert and update as the driver sends it, and every batch of records as it is published, in order.
"""

from __future__ import annotations

import importlib
import pickle
import sys
import threading
from collections.abc import Sequence
from io import FileIO
from pathlib import Path
from typing import Any

import bson
from bson.raw_bson import RawBSONDocument
from pymongo import monitoring

from shared.infra import kafka
from shared.infra.engine.outbox import Outgoing

PARTS = {"insert": "documents", "update": "updates"}


class Recorder(monitoring.CommandListener):
    """Notes writes; the driver calls it from several threads."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self._lock = threading.Lock()

    def note(self, step: tuple[Any, ...]) -> None:
        """Write one step down."""
        with self._lock:
            self._file.write(pickle.dumps(step))

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Note a write to a database of ours."""
        part = PARTS.get(event.command_name)
        if part is not None and event.database_name.startswith("gw_"):
            documents = [_raw(one) for one in event.command[part]]
            self.note((event.command_name, event.database_name, event.command[event.command_name], documents))

    def succeeded(self, event: Any) -> None:
        """Nothing."""

    def failed(self, event: Any) -> None:
        """Nothing."""


def _raw(document: Any) -> bytes:
    return bytes(document.raw) if isinstance(document, RawBSONDocument) else bson.encode(document)


def record_to(recorder: Recorder) -> None:
    """Have every publisher of this process noted."""
    publish = kafka.KafkaPublisher.publish

    async def noting(self: kafka.KafkaPublisher, records: Sequence[Outgoing]) -> None:
        recorder.note(("publish", [(one.topic, one.key, one.value, list(one.headers)) for one in records]))
        await publish(self, records)

    kafka.KafkaPublisher.publish = noting  # type: ignore[method-assign]


def main(service: str, path: Path) -> None:
    """Run the service."""
    # Unbuffered: a service that was told to end ends by the signal itself, and what is in a buffer is lost.
    with path.open("wb", buffering=0) as file:
        recorder = Recorder(file)
        monitoring.register(recorder)
        record_to(recorder)
        importlib.import_module(f"services.{service}.main").main()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
