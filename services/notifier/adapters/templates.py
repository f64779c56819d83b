"""Reads the templates from the folder beside the service: `templates/<language>/<step>.txt`."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "templates"


def load_templates(folder: Path = FOLDER) -> dict[str, str]:
    """Return every template by `language/step`."""
    return {f"{path.parent.name}/{path.stem}": path.read_text(encoding="utf-8") for path in folder.glob("*/*.txt")}
