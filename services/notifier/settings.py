"""What the notifier reads from the environment, once, in main.py; each channel has its own settings in its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from shared.infra.connections import SECRET
from shared.infra.settings import HTTP_PORT, ServiceSettings


class NotifierSettings(ServiceSettings):
    """The settings of every service, and the notifier's own; all times are real time."""

    http_port: int = Field(default=8084, ge=1, le=65535, description=HTTP_PORT)
    vault_keys_file: Path | None = Field(
        default=None, description="intake's keys; without them no reporter can be reached", json_schema_extra=SECRET
    )
    alerts_token_file: Path | None = Field(
        default=None,
        description="holds the token of Alertmanager, which may then POST /v1/alerts",
        json_schema_extra=SECRET,
    )
    alerts_district: str | None = Field(
        default=None, pattern=r"^[0-9]{6}$", description="whose people hear alerts that are about no district"
    )
    delivery_concurrency: int = Field(default=16, ge=1, le=500, description="recipients served at once, a channel")
    delivery_send_seconds: float = Field(default=15, gt=0, description="a channel that takes longer: unknown")
    delivery_lease_seconds: float = Field(default=60, gt=0, description="after a crash a notice is sent again then")

    @model_validator(mode="after")
    def _lease_outlasts_a_message(self) -> Self:
        if self.delivery_lease_seconds < 3 * self.delivery_send_seconds:
            raise ValueError("GW_DELIVERY_LEASE_SECONDS must be at least three times GW_DELIVERY_SEND_SECONDS")
        return self

    @model_validator(mode="after")
    def _alerts_have_a_home(self) -> Self:
        if (self.alerts_token_file is None) != (self.alerts_district is None):
            raise ValueError("GW_ALERTS_TOKEN_FILE and GW_ALERTS_DISTRICT belong together")
        return self
