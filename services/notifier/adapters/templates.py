"""Reads the templates from the folder beside the service: `templates/<language>/<step>.txt`."""

from __future__ import annotations

from pathlib import Path

from services.notifier.domain.rendering import Templates

FOLDER = Path(__file__).resolve().parents[1] / "templates"


class TemplatesError(ValueError):
    """A template is more than a template may be; the message says where and why."""


def allowed_templates(folder: Path = FOLDER) -> Templates:
    """Return the templates of a folder.

    Raises:
        TemplatesError: one is refused; better said at start than with the first notice.
    """
    templates = Templates(load_templates(folder))
    wrong = [f"{name}: {line}" for name, lines in templates.refused.items() for line in lines]
    if wrong:
        raise TemplatesError("\n".join(wrong))
    return templates


def load_templates(folder: Path = FOLDER) -> dict[str, str]:
    """Return every template by `language/step`."""
    return {f"{path.parent.name}/{path.stem}": path.read_text(encoding="utf-8") for path in folder.glob("*/*.txt")}
