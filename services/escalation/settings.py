"""What escalation reads from the environment, once, in main.py."""

from __future__ import annotations

from pydantic import Field, HttpUrl

from shared.infra.settings import HTTP_PORT, ServiceSettings


class EscalationSettings(ServiceSettings):
    """The settings of every service, and escalation's own."""

    http_port: int = Field(default=8083, ge=1, le=65535, description=HTTP_PORT)
    sweep_seconds: float = Field(default=0.2, gt=0, description="between two looks for what is due, in real time")
    audit_seconds: float = Field(default=60, gt=0, description="between two audits, in real time")
    audit_behind_seconds: float = Field(default=60, gt=0, description="a due moment older than this fails the audit")
    deadman_url: HttpUrl | None = Field(default=None, description="asked with GET after every clean audit")
    deadman_timeout_seconds: float = Field(default=5, gt=0, description="how long that one may take to answer")
