from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deploy.cli.main import build

DISTRICTS = Path(__file__).parents[3] / "deploy" / "districts"


def call(*arguments: str) -> Result:
    """Run the command line."""
    return CliRunner().invoke(build(), list(arguments))


def test_check_counts_what_a_valid_profile_has() -> None:
    """For people and for programs."""
    assert "is valid: 4 townships" in call("district", "check", str(DISTRICTS / "620171")).stdout
    told = json.loads(call("district", "check", str(DISTRICTS / "620171"), "--json").stdout)
    assert (told["valid"], told["counts"]["townships"]) == (True, 4)


def test_check_names_every_mistake_and_ends_with_one(tmp_path: Path) -> None:
    """File, line and sentence."""
    (tmp_path / "district.yaml").write_text('code: "1"\nname: x\n', encoding="utf-8")
    result = call("district", "check", str(tmp_path))
    assert result.exit_code == 1
    assert "district.yaml:1: code: '1' is not six digits" in result.output
    told = json.loads(call("district", "check", str(tmp_path), "--json").stdout)
    assert {"file": "district.yaml", "line": 1, "message": "'departments' is missing"} in told["problems"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("district", "check", "/nowhere"),
        ("rules", "test", "--district", "nowhere", "--category", "E06010"),
        ("rules", "test", "--district", str(DISTRICTS / "620171")),
    ],
)
def test_wrong_usage_ends_with_two(arguments: tuple[str, ...]) -> None:
    """A path that is not there, a district that is neither path nor code, an option left out."""
    assert call(*arguments).exit_code == 2


def test_rules_are_tried_out_for_people() -> None:
    """Who, by when in local time, and why."""
    result = call(
        "rules", "test", "--district", str(DISTRICTS / "620802"), "--category", "0102", "--address", "解放中路",
        "--at", "2026-09-30T16:00:00",
    )  # fmt: skip
    assert "E06010 暴露垃圾" in result.stdout
    assert "4 working_hours (by 2026-10-08 10:30:00)" in result.stdout
    assert "rule fire: no, category is not L01001" in result.stdout


@pytest.mark.parametrize(("option", "value"), [("--category", "nonsense"), ("--partner", "nobody")])
def test_what_the_profile_does_not_know_is_said(option: str, value: str) -> None:
    """A category or partner that does not exist ends with one and a sentence."""
    arguments = {"--district": str(DISTRICTS / "620171"), "--category": "E06010", option: value}
    result = call("rules", "test", *(part for pair in arguments.items() for part in pair))
    assert (result.exit_code, value in result.output) == (1, True)
