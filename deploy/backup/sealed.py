"""Whether what is sealed in a backup can be opened where it is to go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from deploy.backup.databases import documents
from deploy.backup.manifest import BackupError, Manifest
from deploy.cli.vault import PLACES, SETTING
from shared.infra.vault import SealError, Vault

Sealed = tuple[str, str]
"""What is sealed, and for whom."""


def missing_keys(manifest: Manifest, known: Sequence[str]) -> list[str]:
    """Return the keys that something in the backup is sealed under and that are not among the known ones."""
    return sorted(set(manifest.keys) - set(known) - {""})


def must_open(folder: Path, manifest: Manifest, vault: Vault | None) -> None:
    """Refuse a backup of which anything is sealed under a key that is not here, or is another of the same name.

    Raises:
        BackupError: with what to do.
    """
    missing = missing_keys(manifest, [*vault.keys] if vault else [])
    if missing:
        raise BackupError(
            f"Persons in it are sealed under {', '.join(missing)}, which {SETTING} does not name here. Append the line "
            "of that key from the old cluster's file, restart intake and notifier with it, and come again. Nothing was "
            "restored."
        )
    if vault is not None:
        wrong = [key for key, sealed in _samples(folder, manifest).items() if not _opens(vault, sealed)]
        if wrong:
            raise BackupError(
                f"{', '.join(wrong)} is the name of another key here than where it was sealed: one of them has to be "
                "replaced first (gridwhistle vault add). Nothing was restored."
            )


def _samples(folder: Path, manifest: Manifest) -> dict[str, Sealed]:
    """Return something that each key has sealed."""
    found: dict[str, Sealed] = {}
    for one in manifest.collections:
        if (one.database, one.name) in PLACES:
            for key, sealed in _sealed(folder / one.file):
                found.setdefault(key, sealed)
    return found


def _sealed(file: Path) -> Iterator[tuple[str, Sealed]]:
    for one in documents(file):
        if "key" in one:
            yield one["key"], (one["sealed"], one.get("owner", one["_id"]))


def _opens(vault: Vault, sealed: Sealed) -> bool:
    try:
        vault.open(*sealed)
    except SealError:
        return False
    return True
