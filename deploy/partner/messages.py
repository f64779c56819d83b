"""Inbound records in the three forms intake takes: binary CloudEvents, structured CloudEvents, a bare JSON object."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.contracts.base import format_instant
from shared.contracts.envelope import STRUCTURED, Envelope, to_headers
from shared.contracts.topics import inbound_name

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Inbound:
    """A record as a partner sends it."""

    topic: str
    key: str
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Sender:
    """A partner of a district; who it is shows in the topic, and nowhere else."""

    district: str
    partner: str

    @property
    def topic(self) -> str:
        """The partner's own inbound topic."""
        return inbound_name(self.district, self.partner)

    @property
    def _source(self) -> str:
        return f"/{self.district}/{self.partner}"

    def binary(self, type_: str, id_: str, key: str, data: Data, at: datetime) -> Inbound:
        """Return the data as a CloudEvent whose attributes are headers."""
        envelope = Envelope(id_, self._source, type_, format_instant(at))
        return Inbound(self.topic, key, to_json(data), tuple(to_headers(envelope)))

    def structured(self, type_: str, id_: str, key: str, data: Data, at: datetime) -> Inbound:
        """Return the data inside a CloudEvent that is one JSON object."""
        event = {"specversion": "1.0", "id": id_, "source": self._source, "type": type_, "time": format_instant(at)}
        value = to_json({**event, "datacontenttype": "application/json", "data": data})
        return Inbound(self.topic, key, value, (("content-type", f"{STRUCTURED}+json; charset=utf-8".encode()),))

    def bare(self, key: str, data: Data) -> Inbound:
        """Return the data alone; intake tells from its fields what it is."""
        return Inbound(self.topic, key, to_json(data))


def to_json(data: Data) -> bytes:
    """Return compact JSON in UTF-8."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
