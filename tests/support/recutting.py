"""A district whose grids are cut anew, twice, with other policies each time; and histories on its ground."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from shared.district.model import Profile
from tests.support.history import History, Sent
from tests.support.model.place import CODE, DISTRICT, KINDS

EAST, WEST = f"{CODE}001001", f"{CODE}002001"
FIRST, SECOND, HALF, OVER, LATER, LAST = (
    f"{EAST}001", f"{EAST}002", f"{EAST}003", f"{WEST}001", f"{WEST}002", f"{EAST}004",
)  # fmt: skip
"""The first grid is split in two, of which one half lies in the other township; the second ends in a half that does not
hold its ground, on which a grid of its own is drawn. Then the half is cut again."""


def _grid(code: str, west: float, east: float, worker: str | None, *successors: str) -> dict[str, Any]:
    ground = f"{west} 35.54, {east} 35.54, {east} 35.55, {west} 35.55"
    heirs = list(successors)
    return {"code": code, "name": f"网格{code[6:]}", "polygon": ground, "worker": worker, "successors": heirs}


BEFORE = [_grid(FIRST, 106.66, 106.67, "w-1"), _grid(SECOND, 106.68, 106.69, "w-2")]
ONCE = [
    _grid(FIRST, 106.66, 106.67, None, HALF, OVER), _grid(SECOND, 106.68, 106.69, None, HALF),
    _grid(HALF, 106.66, 106.66525, "w-1"), _grid(OVER, 106.66525, 106.67, "w-3"), _grid(LATER, 106.68, 106.69, None),
]  # fmt: skip
TWICE = [
    *ONCE[:2], _grid(HALF, 106.66, 106.66525, None, LAST, LATER), *ONCE[3:],
    _grid(LAST, 106.66, 106.66525, "w-2"),
]  # fmt: skip

STRICTER: dict[str, Any] = {
    "refusals": {"max": 1, "then": "centre", "arbitrate": "90 clock_minutes"},
    "holds": {"approval_required": False, "max_holds": 1, "max_hold": "3 working_hours"},
    "extensions": {"approval_required": False, "max_extensions": 2, "max_extension": "1 working_days"},
    "verification": {"by": "reporter", "auto_close": False},
    "whistle": {"max_rounds": 1, "muster_within": "25 clock_minutes", "quorum": "all", "place": "township"},
    "escalation": {"warn_fractions": [0.3], "ladder": [{"level": 1, "audience": ["head", "grid_worker"]}]},
    "triage": {"limit": "50 clock_minutes", "owner": "police"},
    "rules": [{"id": "new", "when": {"categories": ["E06*", "E03*"]},
               "then": {"lead": "@township", "assists": ["police"], "stages": ["handle=2 working_hours"]}}],
}  # fmt: skip
"""What none of the cases that are there may feel."""


def cut(kind: str, version: int) -> Profile:
    """Return a kind of district before its grids are cut (1), cut once (2), and cut again (3)."""
    raw = {**DISTRICT, **{name: {**DISTRICT.get(name, {}), **change} for name, change in KINDS[kind].items()}}
    raw |= {
        "version": version,
        "townships": [*DISTRICT["townships"], {"code": WEST[:9], "name": "西郊街道"}],
        "communities": [*DISTRICT["communities"], {"code": WEST, "name": "西郊社区"}],
        "departments": [*DISTRICT["departments"], _township(version)],
        "grids": (BEFORE, ONCE, TWICE)[version - 1],
        **({"whistle": {**DISTRICT["whistle"], "place": "grid"}} if kind == "usual" else {}),
        **(STRICTER if version == 2 else {}),
    }
    return Profile.model_validate(json.loads(json.dumps(raw)))


def _township(version: int) -> dict[str, Any]:
    """Return the other township's office; whoever is on duty there is always today's."""
    hours = "07:00-19:00" if version == 1 else "12:00-23:00"
    there = [{"channel": "file", "address": "west"}]
    duty = [{"role": "duty_officer", "person": "west", "channels": there, "hours": hours}]
    return {"code": "west", "name": "west", "kind": "township", "areas": [WEST[:9]], "duty": duty}


@dataclass
class OnTheGround(History):
    """A history in which reports name grids too, also such as there are no more."""

    def report(self) -> Sent:
        """Give the code of a grid now and then, with a position or without."""
        sent, pick = super().report(), self.chance.pick
        if "location" not in sent.content or pick([True, False]):
            return sent
        self.sent.pop()
        place = {**sent.content["location"], "grid": pick([FIRST, FIRST, SECOND, HALF, f"{EAST}009"])}
        if pick([True, False]):
            place = {"grid": place["grid"]}
        return self.send(sent.partner, None, {**sent.content, "location": place})

    def whistle(self) -> Sent:
        """Name a grid, a township, or whoever the ground belongs to."""
        sent, pick = super().whistle(), self.chance.pick
        self.sent.pop()
        content = {**sent.content, "place": pick([None, f"网格{FIRST[6:]}东侧", f"网格{HALF[6:]}东侧", "社区广场"])}
        if pick([True, False]):
            content["departments"] = ["@township"]
        return self.send(sent.partner, sent.name, content)
