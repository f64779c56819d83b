"""Which districts a command is about, and who speaks in them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli._console import fail
from deploy.kafka.topics import DistrictPartners
from shared.contracts.topics import UNLOCATED
from shared.district.loader import ProfileError, load

Districts = Annotated[list[str] | None, typer.Option("--district", help="Six digits, e.g. 620802; may be repeated.")]
ProfilePaths = Annotated[
    list[Path] | None, typer.Option("--profile", help="A profile's folder instead of the applied one; may be repeated.")
]


def check_code(code: str) -> str:
    """Return a district code.

    Raises:
        typer.BadParameter: it is not one.
    """
    if len(code) != len(UNLOCATED) or not code.isdigit() or code == UNLOCATED:
        raise typer.BadParameter(f"{code!r} is not a district: six digits, e.g. 620802", param_hint="--district")
    return code


def by_hand(districts: Sequence[str], partners: Sequence[str]) -> list[DistrictPartners]:
    """Return the districts with partners named by hand, who may also send what they cannot place.

    Raises:
        typer.BadParameter: a code is not one.
    """
    return [DistrictPartners(check_code(code), tuple(partners), tuple(partners)) for code in districts]


def from_files(paths: Sequence[Path]) -> list[DistrictPartners]:
    """Return the districts of profiles that may not have been applied yet; one that is not valid ends the command."""
    found = []
    for path in paths:
        try:
            profile = load(path)
        except (ProfileError, FileNotFoundError) as error:
            fail(f"{path}: {error}")
        found.append(DistrictPartners.of(profile.code, profile.partners))
    return found
