"""Reading CSV tables: rows into entries of a section, or rows of a path and a value into a mapping.

A column `a.b` is field b of field a; a cell of a list column holds its entries with `;` between; an empty cell is
a field left out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from shared.district.problems import Lines, Position, Problem

_LIST_COLUMNS = frozenset(
    {
        "aliases",
        "areas",
        "assists",
        "categories",
        "commands",
        "evidence.mime",
        "interests",
        "keywords",
        "specialities",
        "stages",
        "successors",
        "townships",
    }
)


class CsvFile:
    """One CSV file with a header, and what is wrong with it."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._reader = csv.reader(io.StringIO(text, newline=""))
        self._header = [cell.strip() for cell in next(self._reader, [])]
        self.problems: list[Problem] = []

    def entries(self, fields: frozenset[str]) -> Iterator[tuple[dict[str, Any], Lines]]:
        """Yield each row as a nested value with its line; a column that is no field is noted and left out."""
        known = [name for name in self._header if name.partition(".")[0] in fields]
        for name in self._header:
            if name not in known:
                self._complain(1, f"column '{name}' is not a field; the fields are {', '.join(sorted(fields))}")
        for line, cells in self._rows():
            row = dict(zip(self._header, cells, strict=True))
            yield _nested({name: row[name] for name in known if row[name]}), {(): Position(self._name, line)}

    def pairs(self) -> Iterator[tuple[tuple[str, ...], str, Position]]:
        """Yield each row as a path, all columns but the last, a value, and its line."""
        if len(self._header) < 2:  # noqa: PLR2004 - a key and a value
            self._complain(1, "needs at least two columns: what is looked up, and what it means")
            return
        for line, cells in self._rows():
            yield tuple(cells[:-1]), cells[-1], Position(self._name, line)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        for row in self._reader:
            line = self._reader.line_num
            if not any(row):
                continue
            if len(row) != len(self._header):
                self._complain(line, f"has {len(row)} cells where the header has {len(self._header)}")
                continue
            yield line, [cell.strip() for cell in row]

    def _complain(self, line: int, message: str) -> None:
        self.problems.append(Problem(Position(self._name, line), message))


def _nested(cells: dict[str, str]) -> dict[str, Any]:
    item: dict[str, Any] = {}
    for name, cell in cells.items():
        outer, _, inner = name.partition(".")
        value = [part.strip() for part in cell.split(";")] if name in _LIST_COLUMNS else cell
        if inner:
            item.setdefault(outer, {})[inner] = value
        else:
            item[outer] = value
    return item
