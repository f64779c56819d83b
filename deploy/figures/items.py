"""What a figure is made of: items, each one thing in one case that is counted or measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deploy.figures.book import Book


class Kind(StrEnum):
    """`ratio`: so many of so many. `span`: mean, median, 90th percentile of times. `count`: how many of which part."""

    RATIO = "ratio"
    SPAN = "span"
    COUNT = "count"


class By(StrEnum):
    """What figures may be divided by."""

    DEPARTMENT = "department"
    TOWNSHIP = "township"
    GRID = "grid"
    CATEGORY = "category"
    SOURCE = "source"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing behind a figure.

    `part` says what became of it, `counts` whether it is in the numerator; `milliseconds` is what a span measures. `at`
    is the instant by whose local day it is sorted.
    """

    case: str
    part: str
    at: datetime
    counts: bool = True
    milliseconds: int | None = None
    department: str = ""
    township: str = ""
    grid: str = ""
    category: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its name, its name in the field, what it says exactly, and where its items come from."""

    name: str
    chinese: str
    kind: Kind
    definition: str
    items: Callable[[Book], Iterator[Item]]
