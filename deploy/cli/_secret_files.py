"""Files of secrets, changed while services read them: in one step, and with the owner and mode they had."""

import os
from pathlib import Path

import typer

from deploy.cli._console import fail

_MODE = 0o600


def named(path: Path | None, setting: str) -> Path:
    """Return the file that a command is about.

    Raises:
        typer.BadParameter: none was named.
    """
    if path is None:
        raise typer.BadParameter(f"say --file FILE, or set {setting}", param_hint="--file")
    return path


def read(path: Path) -> str:
    """Return a file's text, "" when there is none yet; one that cannot be read ends the command."""
    try:
        return path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{path} cannot be read: {type(error).__name__}.")


def write(path: Path, text: str) -> None:
    """Put a text in a file's place; a service that reads meanwhile meets the old one or the new one, never half."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            if path.exists():
                before = path.stat()
                os.fchmod(descriptor, before.st_mode & 0o777)
                os.fchown(descriptor, before.st_uid, before.st_gid)
        fresh.replace(path)
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}.")
