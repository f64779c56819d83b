"""What is typed wrong is said before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.cli.main import CommandLine, app


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("up", "--port-base", "70000"), "70000"),
        (("up", "--districts", "999999"), "no profile in deploy/districts"),
        (("up", "--clock-rate", "60"), "a rate needs --clock-start"),
        (("up", "--clock-start", "2026-07-01"), "needs --mode demo or replay"),
        (("up", "--mode", "demo", "--clock-start", "2026-07-01", "--clock-rate", "0"), "time runs forward"),
        (("up", "--state", __file__), "is a file"),
        (("demo", "--port-base", "80"), "80"),
        (("run", "router", "--district", "abc"), "'abc' is not a district"),
        (("run", "router", "--port", "99999999"), "99999999"),
        (("watch", "--case", "x"), "'x' is no case number"),
        (("topics", "apply", "--district", "620802", "--partner", "Grid App"), "'Grid App' is no partner"),
        (("topics", "apply", "--profile", "nowhere"), "'nowhere' does not exist"),
        (("rules", "test", "--district", "620802", "--category", "E06010", "--lon", "106.6"), "a position is both"),
    ],
)
def test_a_wrong_option_is_exit_status_2(arguments: tuple[str, ...], why: str) -> None:
    """The message names what does not fit."""
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "250"})
    assert result.exit_code == 2, result.output
    assert why in result.output


@pytest.mark.parametrize(
    ("content", "why"), [(b'{"text": "\xc0\xac"}', "not UTF-8 text (byte 10)"), (b"", "it is empty")]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes, why: str) -> None:
    """Without an error number and without a codec's own words."""
    file = tmp_path / "report.json"
    file.write_bytes(content)
    result = CliRunner().invoke(app, ["send", str(file), "--partner", "grid-app"], env={"COLUMNS": "250"})
    assert result.exit_code == 2
    assert why in result.output


def test_a_wrong_setting_is_named_where_only_the_clock_is_wanted() -> None:
    """As a service would name it, which the same environment starts."""
    result = CliRunner().invoke(app, ["kpi", "--district", "620802"], env={"GW_CLOCK_RATE": "fast"})
    assert result.exit_code == 2
    assert "GW_CLOCK_RATE" in result.output


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    """As one would say it."""
    result = CliRunner().invoke(app, ["send", str(tmp_path), "--partner", "grid-app"], env={"COLUMNS": "250"})
    assert result.exit_code == 2
    assert "Is a directory" in result.output
    assert "Errno" not in result.output


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("vault", "add", "2026-11", "--file", "{file}"), "{file}:1"),
        (("backup", "{file}/backup"), "{file}/backup cannot be made or read: Not a directory."),
        (("keys", "list", "--file", "{file}.none"), "nobody has a key"),
    ],
)
def test_a_file_that_is_none_of_ours_is_a_sentence_and_stays_as_it_is(
    tmp_path: Path, arguments: tuple[str, ...], why: str
) -> None:
    """Neither a key beside what no service would start with, nor a stack of calls."""
    file = tmp_path / "file"
    file.write_text("nonsense\n")
    result = CliRunner().invoke(app, [one.format(file=file) for one in arguments], env={"COLUMNS": "250"})
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert why.format(file=file) in result.output
    assert file.read_text() == "nonsense\n"


def test_what_nobody_foresaw_ends_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The stack of calls is for those who ask for it."""
    whole = CommandLine(pretty_exceptions_enable=False)

    @whole.command()
    def fall() -> None:
        raise RuntimeError("the floor is gone")

    monkeypatch.setattr("sys.argv", ["gridwhistle"])
    with pytest.raises(SystemExit) as ended:
        whole()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert "RuntimeError: the floor is gone" in said
    assert "Traceback" not in said
