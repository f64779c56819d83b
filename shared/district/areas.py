"""The areas of a district: township -> community or village -> grid, by their official codes."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from shared.district.base import CommunityCode, GridCode, Section, TownshipCode

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def _parse_ring(value: Any) -> Any:
    """Read a ring from WKT `POLYGON ((lon lat, …))` or from `lon lat, lon lat, …`."""
    if not isinstance(value, str):
        return value
    pairs = [_NUMBER.findall(pair) for pair in value.split(",")]
    if any(len(pair) != 2 for pair in pairs):  # noqa: PLR2004 - a position is two numbers
        raise ValueError("a polygon is 'lon lat, lon lat, …' or WKT 'POLYGON ((lon lat, …))' without holes")
    return tuple((float(lon), float(lat)) for lon, lat in pairs)


Position = tuple[Annotated[float, Field(ge=-180, le=180)], Annotated[float, Field(ge=-90, le=90)]]
"""(longitude, latitude), WGS-84 degrees."""

Ring = Annotated[tuple[Position, ...], Field(min_length=3), BeforeValidator(_parse_ring)]
"""The outline of a polygon; closing it by repeating the first position is optional."""


class Township(Section):
    """A township, town or street (乡、镇、街道), nine digits."""

    code: TownshipCode
    name: str = Field(min_length=1)
    name_en: str | None = None
    aliases: tuple[str, ...] = ()


class Community(Section):
    """A community or village (社区、村), twelve digits; its township is the first nine."""

    code: CommunityCode
    name: str = Field(min_length=1)
    name_en: str | None = None
    aliases: tuple[str, ...] = ()

    @property
    def township(self) -> str:
        """The nine-digit code of the township it belongs to."""
        return self.code[:9]


class GridKind(StrEnum):
    """Basic grids (基础网格) tile a community; exclusive ones (专属网格) are a school, a market, an airport."""

    BASIC = "basic"
    EXCLUSIVE = "exclusive"


class Grid(Section):
    """A grid (网格), fifteen characters: the community and three of its own.

    `parent` makes it a sub-grid. `successors` retires it: the code stays resolvable, to the first successor where only
    the code is known and to the one whose polygon holds the point where there is a point.
    """

    code: GridCode
    kind: GridKind = GridKind.BASIC
    name: str = Field(min_length=1)
    polygon: Ring | None = None
    parent: GridCode | None = None
    successors: tuple[GridCode, ...] = ()
    worker: str | None = Field(default=None, description="the grid worker's reference, filled into contact addresses")

    @property
    def community(self) -> str:
        """The twelve-digit code of its community."""
        return self.code[:12]

    @property
    def township(self) -> str:
        """The nine-digit code of its township."""
        return self.code[:9]

    @property
    def retired(self) -> bool:
        """Whether the grid was re-cut into others."""
        return bool(self.successors)
