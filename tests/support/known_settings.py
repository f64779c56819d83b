"""Which environment variables a service knows: those of its own settings, of all services', and of its parts'."""

from __future__ import annotations

from functools import cache

from pydantic_settings import BaseSettings

from deploy.configuration import classes_of
from deploy.local.config import FLOW
from shared.infra.settings import ServiceSettings


@cache
def settings_of(service: str) -> frozenset[str]:
    """Return the variables that a service or a part of it knows; a job knows what all services do."""
    classes: list[type[BaseSettings]] = [ServiceSettings, *(classes_of(service) if service in FLOW else ())]
    return frozenset(f"{cls.model_config['env_prefix']}{name.upper()}" for cls in classes for name in cls.model_fields)
