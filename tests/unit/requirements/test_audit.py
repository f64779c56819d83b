"""`make audit`: what is found is named, what could not be looked up is not called clean."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.local.config import ROOT


@pytest.fixture
def audit(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give the script as a module."""
    monkeypatch.syspath_prepend(str(ROOT / "requirements"))
    return importlib.import_module("audit")


@pytest.fixture
def scan(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give the other script as a module."""
    monkeypatch.syspath_prepend(str(ROOT / "requirements"))
    return importlib.import_module("secrets_scan")


def test_what_was_skipped_is_not_counted_as_looked_up(audit: Any) -> None:
    """pip-audit says `no known vulnerabilities` where its index knows of none and could not know of any."""
    bug = {"id": "PYSEC-1", "fix_versions": ["2"]}
    said = [
        {"name": "a", "version": "1", "vulns": [bug]},
        {"name": "b", "version": "1", "vulns": []},
        {"name": "c", "skip_reason": "not found"},
    ]
    assert audit.read(said) == (["a 1: PYSEC-1; repaired in 2"], 2)


def test_nothing_looked_up_is_said_and_fails_where_that_is_asked_for(
    audit: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Never `0 known` alone."""
    monkeypatch.setattr(audit, "advisories", lambda pins: ([], 0 * len(pins)))
    monkeypatch.delenv("STRICT", raising=False)
    assert audit.main() == 0
    assert "NOT LOOKED UP" in capsys.readouterr().out
    monkeypatch.setenv("STRICT", "1")
    assert audit.main() == 1


def test_a_finding_fails(audit: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Also where everything could be looked up."""
    monkeypatch.setattr(audit, "advisories", lambda pins: (["a 1: PYSEC-1"], len(pins)))
    assert audit.main() == 1
    assert "PYSEC-1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("-----BEGIN " + "PRIVATE KEY-----", "private key"),
        ("whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "webhook secret"),
        ("url = mongodb://" + "app:hunter22@db/", "password in an address"),
        ('API_KEY = "' + "q7Zp0Xw2LkV9sTb4RmYc6NdH" + '"', "random value"),
        ("AKIA" + "ABCDEFGHIJKLMNOP", "cloud access key"),
        ("password = PASSWORD", None),
        ("key = some_long_function_name_of_ours", None),
        ("url = mongodb://app:PASSWORD@db/", None),
        ("whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw  # not a secret: an example", None),
    ],
)
def test_a_secret_is_named_by_its_place_and_not_shown(
    tmp_path: Path,
    scan: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    line: str,
    kind: str | None,
) -> None:
    """By its form, or because nothing but chance writes like that."""
    (tmp_path / "f.py").write_text(f"\n{line}\n")
    monkeypatch.setattr(sys, "argv", ["secrets_scan.py", str(tmp_path)])
    assert scan.main() == (1 if kind else 0)
    said = capsys.readouterr().out
    if kind:
        assert f"f.py:2: {kind}" in said
        assert line not in said
