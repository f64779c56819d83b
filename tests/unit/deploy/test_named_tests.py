"""A page that says which test shows something names tests that are there."""

from __future__ import annotations

import re

import pytest

from deploy.local.config import ROOT

PAGES = sorted([*ROOT.glob("docs/**/*.md"), *ROOT.glob("services/*/README.md"), ROOT / "README.md"])
_TEST = re.compile(r"(tests/[\w/]+\.py)::(test_\w+)")
_FILE = re.compile(r"tests/[\w/]+\.py")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_test_that_a_page_names_exists(page: object) -> None:
    """Renamed or removed, the page has to follow."""
    text = (ROOT / str(page)).read_text(encoding="utf-8")
    assert [name for name in _FILE.findall(text) if not (ROOT / name).is_file()] == []
    missing = [f"{file}::{name}" for file, name in _TEST.findall(text) if not _has(file, name)]
    assert missing == []


def _has(file: str, name: str) -> bool:
    return re.search(rf"^(?:async )?def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE) is not None


def test_every_row_of_the_threat_model_is_shown() -> None:
    """A defence that nobody has tried is a hope."""
    lines = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith("| could")]
    assert len(rows) > 30
    assert [row for row in rows if not _TEST.search(row)] == []
