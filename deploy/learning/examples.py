"""Texts with their categories, from CSV files as people have them."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.intake.domain.masking import mask
from services.intake.domain.text import clean_text
from shared.classifier.features import clean

COLUMNS = ("text", "label")
ALIKE = 40
"""Characters. Who sends a complaint again changes a word or adds a line; beginning or end stay what they were."""

_GZIP = b"\x1f\x8b"
_FIELD = 1024 * 1024
_FIRST_BYTES = 2


class UnreadableFileError(ValueError):
    """The file holds no examples; the message says why."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text and what it is about."""

    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Examples:
    """What a file holds; `skipped` counts the rows that lack a text or a label."""

    rows: tuple[Example, ...]
    skipped: int = 0


def read_examples(path: Path) -> Examples:
    """Read a CSV file with the columns `text` and `label`, plain or gzipped, UTF-8 (with mark or without) or GB 18030.

    The texts become what intake makes of them, for that is what a service will be asked about.

    Raises:
        UnreadableFileError: it is no such file.
    """
    csv.field_size_limit(_FIELD)
    reader = csv.DictReader(io.StringIO(_text(path), newline=""))
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise UnreadableFileError(f"{path} has no column {' and no column '.join(missing)}; its first line names them")
    try:
        rows = [Example(as_intake_makes_it(row["text"] or ""), (row["label"] or "").strip()) for row in reader]
    except csv.Error as error:
        raise UnreadableFileError(f"{path}, line {reader.line_num}: {error}") from error
    whole = tuple(row for row in rows if row.text and row.label)
    return Examples(whole, len(rows) - len(whole))


def as_intake_makes_it(text: str) -> str:
    """Return a text in one form of each character and with numbers of persons masked."""
    return mask(clean_text(text))


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        if content[:_FIRST_BYTES] == _GZIP:
            content = gzip.decompress(content)
    except (OSError, EOFError) as error:
        raise UnreadableFileError(f"{path} cannot be read: {error}") from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableFileError(f"{path} is neither UTF-8 nor GB 18030")


def write_examples(rows: Iterable[Example]) -> str:
    """Return examples as CSV."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((row.text, row.label) for row in rows)
    return written.getvalue()


def groups(texts: Sequence[str]) -> list[int]:
    """Return a number for each text, the same for those that are one complaint sent again.

    Two belong together when, numbers and marks aside, they begin or end with the same 40 characters. What was learnt
    from one of them must not be measured on another.
    """
    leader = list(range(len(texts)))

    def find(at: int) -> int:
        while leader[at] != at:
            leader[at] = at = leader[leader[at]]
        return at

    first: dict[tuple[str, str], int] = {}
    for at, text in enumerate(texts):
        bare = clean(text).replace(" ", "")
        for side in (("begins", bare[:ALIKE]), ("ends", bare[-ALIKE:])):
            leader[find(at)] = find(first.setdefault(side, at))
    return [find(at) for at in range(len(texts))]
