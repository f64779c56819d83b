"""Which districts a command is about, and who speaks in them."""

from collections.abc import Sequence
from typing import Annotated

import typer

from deploy.kafka.topics import DistrictPartners
from shared.contracts.topics import UNLOCATED

Districts = Annotated[list[str] | None, typer.Option("--district", help="Six digits, e.g. 620802; may be repeated.")]


def check_code(code: str) -> str:
    """Return a district code.

    Raises:
        typer.BadParameter: it is not one.
    """
    if len(code) != len(UNLOCATED) or not code.isdigit() or code == UNLOCATED:
        raise typer.BadParameter(f"{code!r} is not a district: six digits, e.g. 620802", param_hint="--district")
    return code


def partners_of(districts: Sequence[str], partners: Sequence[str]) -> list[DistrictPartners]:
    """Return the districts with their partners; those named by hand may send from anywhere.

    Raises:
        typer.BadParameter: a code is not one.
    """
    return [DistrictPartners(check_code(code), tuple(partners), tuple(partners)) for code in districts]
