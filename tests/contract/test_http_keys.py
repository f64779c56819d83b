"""API keys from the command line while intake runs: made, used, taken back, and never written down."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deploy.cli.main import app
from tests.support.edge import KEY, running
from tests.unit.intake.world import DISTRICT


def keys(*arguments: str) -> Result:
    """Run `gridwhistle keys …`."""
    return CliRunner().invoke(app, ["keys", *arguments], env={"COLUMNS": "250"})


async def test_a_key_is_replaced_without_a_moment_in_which_none_is_good(tmp_path: Path) -> None:
    """Made and taken back from the command line while intake runs: the old one, both, the new one."""
    async with running(tmp_path) as edge:
        file = ("--file", str(edge.keys))
        made = json.loads(keys("new", "grid-app", "--district", DISTRICT, "--json", *file).stdout)
        assert [await edge.enter(key) for key in (KEY, made["key"])] == [202, 202]
        listed = json.loads(keys("list", "--json", *file).stdout)
        assert [(one["partner"], one["districts"]) for one in listed] == [("grid-app", [DISTRICT])] * 2
        old = next(one["id"] for one in listed if one["id"] != made["id"])
        assert keys("revoke", old, *file).exit_code == 0
        assert [await edge.enter(key) for key in (KEY, made["key"])] == [401, 202]
        assert keys("revoke", old, *file).exit_code == 1


def test_the_file_of_keys_holds_no_key(tmp_path: Path) -> None:
    """But digests, for its owner's eyes, beside what somebody wrote there by hand."""
    path = tmp_path / "http.keys"
    made = keys("new", "hotline", "--every-district", "--file", str(path)).stdout.strip()
    assert sha256(made.encode()).hexdigest() in path.read_text()
    assert made not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text(f"# by hand\n{path.read_text()}")
    path.chmod(0o640)
    assert keys("revoke", sha256(made.encode()).hexdigest()[:6], "--file", str(path)).exit_code == 0
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("# by hand\n", 0o640)


@pytest.mark.parametrize(
    "wrong", [("new", "Grid App", "--every-district"), ("new", "grid-app"), ("new", "grid-app", "--district", "x")]
)
def test_a_key_for_nobody_is_not_made(tmp_path: Path, wrong: tuple[str, ...]) -> None:
    """What is typed wrong is exit status 2 and leaves no file."""
    assert keys(*wrong, "--file", str(tmp_path / "http.keys")).exit_code == 2
    assert not (tmp_path / "http.keys").exists()
