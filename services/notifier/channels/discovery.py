"""Finds the channels: every folder beside this file."""

from __future__ import annotations

import importlib
import pkgutil
from typing import cast

from services.notifier import channels
from services.notifier.channels.base import Channel, ChannelModule


def modules() -> dict[str, ChannelModule]:
    """Return every channel's module by the name of its folder."""
    found = sorted(one.name for one in pkgutil.iter_modules(channels.__path__) if one.ispkg)
    return {name: cast("ChannelModule", importlib.import_module(f"{channels.__name__}.{name}")) for name in found}


def build_all() -> dict[str, Channel]:
    """Return the channels that are in use; their settings are read here, on behalf of main.py."""
    built = {name: module.build(module.Settings()) for name, module in modules().items()}
    return {name: channel for name, channel in built.items() if channel is not None}
