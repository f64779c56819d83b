"""Workers for one district beside the pool of a running stack: what is asked for, and what they are called.

The one who asks leaves a file, the process that owns the stack follows it (decision 172).
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from deploy.local.keys import write_private

FILE = "dedicated.json"
_LABEL = re.compile(r"[a-z]+-\d{6}(-\d+)?")
READY_SECONDS = 120.0


class Place(NamedTuple):
    """One dedicated worker: the `number`-th of a service for a district, from 0 on."""

    district: str
    service: str
    number: int

    @property
    def label(self) -> str:
        """Return what it is called in tables, logs and messages: `router-620802`, `router-620802-1`."""
        return f"{self.service}-{self.district}" + (f"-{self.number}" if self.number else "")


def is_label(name: str) -> bool:
    """Say whether a component is a worker for one district."""
    return _LABEL.fullmatch(name) is not None


Numbers = dict[str, dict[str, int]]
"""How many of each service, by district."""

_NUMBERS = TypeAdapter(Numbers)


def read(run: Path) -> Numbers:
    """Return what was asked for last."""
    try:
        return _NUMBERS.validate_json((run / FILE).read_bytes())
    except (OSError, ValidationError):
        return {}


def ask(run: Path, district: str, workers: Mapping[str, int]) -> frozenset[Place]:
    """Ask for so many of these services for a district, others as they are; return all that are wanted now."""
    wanted = read(run)
    numbers = {name: number for name, number in {**wanted.get(district, {}), **workers}.items() if number}
    wanted = {**wanted, district: numbers}
    write_private(run / FILE, json.dumps({code: one for code, one in wanted.items() if one}, indent=2) + "\n")
    return places(wanted)


def forget(run: Path) -> None:
    """Ask for none: a stack that starts has its pool alone."""
    (run / FILE).unlink(missing_ok=True)


def places(wanted: Numbers) -> frozenset[Place]:
    """Return the workers that the numbers come to."""
    return frozenset(_each(wanted))


def _each(wanted: Numbers) -> Iterable[Place]:
    for district, numbers in wanted.items():
        for service, number in numbers.items():
            yield from (Place(district, service, one) for one in range(number))
