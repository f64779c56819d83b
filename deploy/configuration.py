"""Every environment variable there is, read from the settings' own classes: what a page and its test are made of."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import AwareDatetime
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from deploy.local.config import FLOW
from shared.infra.connections import PREFIX, ConnectionSettings
from shared.infra.settings import ServiceSettings

_UNITS = {"_per_second": "a second", "_seconds": "seconds", "_url": "URL", "_ratio": "share", "_rate": "times"}
_KINDS = {bool: "yes or no", int: "number", float: "number", Path: "file", AwareDatetime: "instant with zone"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable as a reader needs it. `takes` is its form with unit and bounds."""

    name: str
    takes: str
    default: str
    secret: bool
    description: str


@dataclass(frozen=True, slots=True)
class Section:
    """The settings of one part; `readers` are who reads them."""

    title: str
    readers: str
    settings: tuple[Setting, ...]


@cache
def classes_of(service: str) -> tuple[type[BaseSettings], ...]:
    """Return the classes of settings that a service and its parts bring, without those that all share."""
    package = importlib.import_module(f"services.{service}")
    modules = [found.name for found in pkgutil.walk_packages(package.__path__, f"services.{service}.")]
    classes = [cls for name in modules for cls in _own_classes(importlib.import_module(name))]
    return tuple(sorted(classes, key=lambda cls: (not issubclass(cls, ServiceSettings), cls.__module__)))


def _own_classes(module: Any) -> list[type[BaseSettings]]:
    found = [cls for _, cls in inspect.getmembers(module, inspect.isclass) if cls.__module__ == module.__name__]
    return [cls for cls in found if issubclass(cls, BaseSettings) and cls.model_fields]


def sections() -> Iterator[Section]:
    """Yield all settings: what everybody reads first, then each service's own."""
    shared = ConnectionSettings.model_fields.keys()
    everybody = "the services and the command line"
    yield Section("Broker and database", everybody, _settings(ConnectionSettings, shared))
    common = [name for name in ServiceSettings.model_fields if name not in {*shared, "http_port"}]
    yield Section("Every service", "the four services", _settings(ServiceSettings, common))
    for service in FLOW:
        for cls in classes_of(service):
            own = [name for name in cls.model_fields if name in cls.__annotations__]
            part = cls.__module__.removeprefix(f"services.{service}.").removesuffix("settings").split(".")[-1]
            yield Section(f"{service}, channel {part}" if part else service, service, _settings(cls, own))


def _settings(cls: type[BaseSettings], names: Any) -> tuple[Setting, ...]:
    return tuple(_setting(name, cls.model_fields[name]) for name in names)


def _setting(name: str, info: FieldInfo) -> Setting:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    secret = bool(extra.get("secret"))
    return Setting(f"{PREFIX}{name.upper()}", _takes(name, info), _default(info), secret, info.description or "")


def _takes(name: str, info: FieldInfo) -> str:
    kinds = [kind for kind in get_args(info.annotation) or (info.annotation,) if kind is not NoneType]
    words = [str(one) for kind in kinds for one in _choices(kind, info.annotation)]
    if words:
        return ", ".join(f"`{word}`" for word in words)
    unit = next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), None)
    plain = "list" if get_origin(info.annotation) is tuple else _KINDS.get(kinds[0], "text")
    return ", ".join(filter(None, (unit or plain, _bounds(info))))


def _choices(kind: Any, whole: Any) -> tuple[Any, ...]:
    if get_origin(whole) is Literal:
        return (kind,)
    if get_origin(kind) is Literal:
        return get_args(kind)
    return tuple(kind) if isinstance(kind, type) and issubclass(kind, StrEnum) else ()


def _bounds(info: FieldInfo) -> str:
    words = {Gt: "above {0.gt:g}", Ge: "from {0.ge:g}", Le: "up to {0.le:g}"}
    return " ".join(words[type(one)].format(one) for one in info.metadata if type(one) in words)


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "must be set"
    value = info.default
    if info.default_factory is not None or value in (None, ()):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def of_the_command_line(command: Any) -> tuple[Setting, ...]:
    """Return the variables that only options of the command line read."""
    known = {one.name for section in sections() for one in section.settings}
    found: dict[str, Setting] = {}
    for option in _options(command):
        name = option.envvar if isinstance(option.envvar, str) else None
        if name and name not in known:
            found[name] = Setting(name, "text", "", name.endswith("_KEY"), str(getattr(option, "help", "")))
    return tuple(found[name] for name in sorted(found))


def _options(command: Any) -> Iterator[Any]:
    yield from command.params
    for one in getattr(command, "commands", {}).values():
        yield from _options(one)
