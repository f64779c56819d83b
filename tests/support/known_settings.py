"""Which environment variables a service knows: those of its own settings, of all services', and of its parts'."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache

from pydantic_settings import BaseSettings

from deploy.local.config import FLOW
from shared.infra.settings import ServiceSettings


@cache
def settings_of(service: str) -> frozenset[str]:
    """Return the variables that a service or a part of it knows; a job knows what all services do."""
    classes: list[type[BaseSettings]] = [ServiceSettings]
    if service in FLOW:
        package = importlib.import_module(f"services.{service}")
        for found in pkgutil.walk_packages(package.__path__, f"services.{service}."):
            module = importlib.import_module(found.name)
            own = [cls for _, cls in inspect.getmembers(module, inspect.isclass) if cls.__module__ == module.__name__]
            classes += [cls for cls in own if issubclass(cls, BaseSettings)]
    return frozenset(f"{cls.model_config['env_prefix']}{name.upper()}" for cls in classes for name in cls.model_fields)
