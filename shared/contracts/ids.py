"""Identifiers, all derived: a redelivered record meets its own case, its own events, its own notices."""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from uuid import UUID, uuid5

_NAMESPACE = UUID("6f6b0a0e-6d5f-5f0b-9a39-3b0d3a1f62a8")


def case_id(district: str, opened: date, partner: str, report_id: str) -> str:
    """Return `<district>-<yymmdd>-<8 base32>`, e.g. `620802-260701-k3jq2x7a`."""
    digest = hashlib.sha256(f"{partner}\n{report_id}".encode()).digest()
    return f"{district}-{opened:%y%m%d}-{base64.b32encode(digest[:5]).decode().lower()}"


def event_id(cause: str, ordinal: int) -> str:
    """Return the id of the `ordinal`-th event that the record `cause` brings about."""
    return str(uuid5(_NAMESPACE, f"{cause}/{ordinal}"))


def task_id(case: str, department: str, number: int) -> str:
    """Return case id `/` department `#` n; n counts the case's tasks for that department."""
    return f"{case}/{department}#{number}"
