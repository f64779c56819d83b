"""Identifiers, all derived: a redelivered record meets its own case, its own events, its own notices."""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from uuid import UUID

_NAMESPACE = UUID("6f6b0a0e-6d5f-5f0b-9a39-3b0d3a1f62a8").bytes


def case_id(district: str, opened: date, partner: str, report_id: str) -> str:
    """Return `<district>-<yymmdd>-<8 base32>`, e.g. `620802-260701-k3jq2x7a`."""
    digest = hashlib.sha256(f"{partner}\n{report_id}".encode()).digest()
    return f"{district}-{opened:%y%m%d}-{base64.b32encode(digest[:5]).decode().lower()}"


def event_id(cause: str, ordinal: int) -> str:
    """Return the id of the `ordinal`-th event that the record `cause` brings about."""
    name = uuid5_bytes(_NAMESPACE, f"{cause}/{ordinal}").hex()
    return f"{name[:8]}-{name[8:12]}-{name[12:16]}-{name[16:20]}-{name[20:]}"


def uuid5_bytes(namespace: bytes, name: str) -> bytes:
    """Return the 16 bytes of the name-based UUID (RFC 9562, version 5); the library's way takes five times as long."""
    digest = bytearray(hashlib.sha1(namespace + name.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return bytes(digest)


def task_id(case: str, department: str, number: int) -> str:
    """Return case id `/` department `#` n; n counts the case's tasks for that department."""
    return f"{case}/{department}#{number}"
