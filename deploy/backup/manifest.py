"""What a backup holds, and the proof that it still holds it: `manifest.json`, written last."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

NAME = "manifest.json"
CHUNK = 1024 * 1024


class BackupError(Exception):
    """It cannot be done; the message is a sentence for the operator."""


class Value(BaseModel):
    """Frozen; what a newer version wrote beside is passed over."""

    model_config = ConfigDict(frozen=True)


class Part(Value):
    """One file: a collection or the records of topics. `count` is of documents or records."""

    file: str
    count: int
    bytes: int
    sha256: str


class Collection(Part):
    """One collection of one database; its indexes are in the file beside it, as mongodump writes it."""

    database: str
    name: str


class Positions(Value):
    """How far a group had read a topic, partition by partition, shortly before the instant; -1: it had not begun."""

    group: str
    topic: str
    committed: tuple[int, ...]


class Manifest(Value):
    """One backup. `as_of` is the instant whose state it is: by the database's clock, and as the database counts.

    `district`: it holds that one alone. `at_rest`: no service ran. `ends`: where each partition of a topic ended.
    """

    format: Literal[1] = 1
    as_of: AwareDatetime
    cluster_time: tuple[int, int]
    seconds: float
    looks: int
    collections: tuple[Collection, ...]
    topics: dict[str, int]
    positions: tuple[Positions, ...]
    records: Part
    keys: tuple[str, ...]
    district: str | None = None
    at_rest: bool = False
    ends: dict[str, tuple[int, ...]] = {}

    @property
    def databases(self) -> tuple[str, ...]:
        """Return the databases in it."""
        return tuple(dict.fromkeys(one.database for one in self.collections))

    @property
    def documents(self) -> int:
        """Return how many documents are in it."""
        return sum(one.count for one in self.collections)

    @property
    def size(self) -> int:
        """Return how many bytes it takes."""
        return sum(one.bytes for one in self.parts())

    def parts(self) -> Iterator[Part]:
        """Yield every file that is checked."""
        yield from self.collections
        yield self.records

    def write(self, folder: Path) -> None:
        """Write it; a folder without it is no backup."""
        path = folder / NAME
        path.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")
        path.chmod(0o600)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read it and check every file against it.

        Raises:
            BackupError: it is no backup, of another format, or not whole.
        """
        try:
            found = cls.model_validate_json((folder / NAME).read_bytes())
        except OSError as error:
            raise BackupError(f"{folder} holds no backup: {NAME} cannot be read ({error.strerror}).") from error
        except ValidationError as error:
            raise BackupError(f"{folder / NAME} is not of a format that this version knows.") from error
        for part in found.parts():
            _check(folder, part)
        return found


def _check(folder: Path, part: Part) -> None:
    path = folder / part.file
    if not path.exists():
        raise BackupError(f"{part.file} is missing from the backup; nothing was restored.")
    if digest(path) != part.sha256:
        raise BackupError(f"{part.file} is not what was backed up (its checksum differs); nothing was restored.")


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    sum_ = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            sum_.update(chunk)
    return sum_.hexdigest()
