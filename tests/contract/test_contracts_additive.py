"""Contracts only ever grow. `schemas.json` beside this file is what partners have been promised.

After adding a field or a type: `GW_RENEW_SCHEMAS=1 make test PYTEST_OPTIONS=tests/contract`. It will not write down a
promise taken back; for that the file has to be edited by hand, with a new version of the type beside the old one.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from deploy.contracts.schemas import inbound_types, message_types, schema_of
from tests.support.schemas import Contract, Schema, breaks

SNAPSHOT = Path(__file__).parent / "schemas.json"
RENEW = "after adding to a contract run: GW_RENEW_SCHEMAS=1 make test PYTEST_OPTIONS=tests/contract"
SENT = " (sent)"


@cache
def current() -> dict[str, Schema]:
    """Return every schema there is now, without what is only said to people."""
    on_the_bus = {name: schema_of(name) for name in message_types()}
    as_sent = {f"{name}{SENT}": schema_of(name, inbound=True) for name in inbound_types()}
    return {name: _bare(schema) for name, schema in {**on_the_bus, **as_sent}.items()}


def _bare(node: Any, *, names_are_ours: bool = False) -> Any:
    if isinstance(node, list):
        return [_bare(value) for value in node]
    if not isinstance(node, dict):
        return node
    spoken = set() if names_are_ours else {"description", "$schema", "$id"}
    kept = {name: value for name, value in node.items() if name not in spoken}
    return {name: _bare(value, names_are_ours=name in {"properties", "$defs"}) for name, value in kept.items()}


def promised() -> dict[str, Schema]:
    """Return the snapshot, renewed first where that is asked for and takes nothing back."""
    before: dict[str, Schema] = json.loads(SNAPSHOT.read_text()) if SNAPSHOT.exists() else {}
    if os.environ.get("GW_RENEW_SCHEMAS") and not broken(before, current()):
        SNAPSHOT.write_text(json.dumps(current(), ensure_ascii=False, indent=1, sort_keys=True) + "\n")
        return current()
    return before


def broken(before: dict[str, Schema], now: dict[str, Schema]) -> list[str]:
    """Return a sentence for every promise taken back."""
    found = [f"{name} was taken away" for name in before if name not in now]
    for name in before.keys() & now.keys():
        ours = name.endswith(SENT) or name == "gridwhistle.report.submit.v1"
        found += [f"{name}{line}" for line in breaks(Contract(before[name], ours), Contract(now[name], ours))]
    return sorted(found)


def test_no_contract_took_anything_back() -> None:
    """A partner that was built against an earlier version goes on working."""
    assert broken(promised(), current()) == []


def test_the_promises_are_written_down_up_to_the_newest_field() -> None:
    """What is new is protected from the day it is there."""
    assert json.loads(json.dumps(current())) == promised(), RENEW


TASK = "gridwhistle.task.assigned.v1"
COMMAND = f"gridwhistle.task.return.v1{SENT}"


def _remove(schema: Schema) -> None:
    del schema["properties"]["department"]


def _rename(schema: Schema) -> None:
    schema["properties"]["dept"] = schema["properties"].pop("department")


def _demand(schema: Schema) -> None:
    schema["required"].append("reason")


def _shorten(schema: Schema) -> None:
    schema["properties"]["department"]["maxLength"] = 8


def _retype(schema: Schema) -> None:
    schema["properties"]["episode"]["type"] = "string"


def _narrow_enum(schema: Schema) -> None:
    schema["$defs"]["LimitUnit"]["enum"].remove("working_days")


def _forbid_null(schema: Schema) -> None:
    schema["properties"]["due_at"] = schema["properties"]["due_at"]["anyOf"][0]


def _no_longer_always_there(schema: Schema) -> None:
    schema["required"].remove("department")


def _narrow_list(schema: Schema) -> None:
    schema["$defs"]["Stage"]["properties"]["name"]["pattern"] = "^stage-[0-9]$"


@pytest.mark.parametrize(
    "change",
    [
        _remove,
        _rename,
        _demand,
        _shorten,
        _retype,
        _narrow_enum,
        _forbid_null,
        _no_longer_always_there,
        _narrow_list,
    ],
)
def test_a_promise_taken_back_is_found(change: Callable[[Schema], None]) -> None:
    """Each way of breaking a reader is noticed, also deep inside a message."""
    before = current()
    now = copy.deepcopy(before)
    change(now[TASK])
    assert broken(before, now)


def test_growth_is_no_break() -> None:
    """A new optional field, a new type, a longer limit and a new word of an enumeration are what growth means."""
    before = current()
    now = copy.deepcopy(before)
    now["gridwhistle.task.praised.v1"] = {}
    now[TASK]["properties"]["remark"] = {"type": "string"}
    now[TASK]["$defs"]["LimitUnit"]["enum"].append("working_weeks")
    now[COMMAND]["properties"]["reason"]["maxLength"] = 5_000
    now[COMMAND]["required"].remove("occurred_at")
    assert broken(before, now) == []
