"""A play starts from nothing, and never at the cost of data that is not its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local import StackError
from deploy.partner.stage import _forget


def test_data_of_another_stack_is_refused(tmp_path: Path) -> None:
    """Whoever names the directory of `make up` loses nothing."""
    data = tmp_path / "mongo" / "WiredTiger"
    data.mkdir(parents=True)
    with pytest.raises(StackError, match="take another --state"):
        _forget(tmp_path, tmp_path / "cache")
    assert data.exists()


def test_directory_of_the_jars_is_refused(tmp_path: Path) -> None:
    """It is that of `make up`, even where nothing was kept yet."""
    (tmp_path / "kafka" / "libs").mkdir(parents=True)
    with pytest.raises(StackError, match="take another --state"):
        _forget(tmp_path, tmp_path)
    assert (tmp_path / "kafka" / "libs").exists()


def test_data_of_the_last_play_is_removed(tmp_path: Path) -> None:
    """Also after a play that was cut short."""
    _forget(tmp_path / "state", tmp_path)
    left = tmp_path / "state" / "mongo"
    left.mkdir()
    _forget(tmp_path / "state", tmp_path)
    assert not left.exists()
