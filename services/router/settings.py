"""What the router reads from the environment."""

from __future__ import annotations

from pydantic import Field

from shared.infra.settings import HTTP_PORT, ServiceSettings


class RouterSettings(ServiceSettings):
    """The common settings, and the router's own port."""

    http_port: int = Field(default=8082, ge=1, le=65535, description=HTTP_PORT)
