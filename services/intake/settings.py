"""What intake reads from the environment, beside what every service does."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from shared.infra.connections import SECRET
from shared.infra.settings import HTTP_PORT, ServiceSettings


class IntakeSettings(ServiceSettings):
    """Settings of intake; without keys for HTTP nobody gets in that way, without a vault key it does not start."""

    http_port: int = Field(default=8081, ge=1, le=65535, description=HTTP_PORT)
    vault_keys_file: Path = Field(
        description="`key-id base64(32 bytes)` a line; the first seals, all open", json_schema_extra=SECRET
    )
    http_keys_file: Path | None = Field(
        default=None,
        description="`partner district-or-* sha256-hex` a line, read again when it changes; without it nobody gets in",
        json_schema_extra=SECRET,
    )
    http_rate_per_second: float = Field(default=200, gt=0, description="messages that one key may send, on average")
    http_burst: int = Field(default=1_000, ge=1, description="messages that one key may send at once")
    http_body_seconds: float = Field(default=30, gt=0, description="how long a client may take to send a body")
    http_ack_seconds: float = Field(default=10, gt=0, description="how long the broker may take before we answer 503")
