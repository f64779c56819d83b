"""Which districts a command is about, and who speaks in them."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli._console import fail, run
from deploy.cli._profiles import away, from_database, from_files, store
from deploy.kafka.topics import DistrictPartners
from shared.contracts.topics import UNLOCATED
from shared.decision import Transient
from shared.district.model import Profile

Districts = Annotated[list[str] | None, typer.Option("--district", help="Six digits, e.g. 620802; may be repeated.")]
ProfilePaths = Annotated[
    list[Path] | None,
    typer.Option("--profile", exists=True, help="A profile's folder instead of the applied one; may be repeated."),
]
_PARTNER = re.compile(r"[a-z0-9-]{1,40}")


def check_code(code: str) -> str:
    """Return a district code.

    Raises:
        typer.BadParameter: it is not one.
    """
    if len(code) != len(UNLOCATED) or not code.isdigit() or code == UNLOCATED:
        raise typer.BadParameter(f"{code!r} is not a district: six digits, e.g. 620802", param_hint="--district")
    return code


def check_partner(id_: str, hint: str) -> str:
    """Return a partner's id; `hint` is where it was typed.

    Raises:
        typer.BadParameter: it is not one.
    """
    if not _PARTNER.fullmatch(id_):
        raise typer.BadParameter(f"{id_!r} is no partner: a-z, 0-9 and -, up to 40", param_hint=hint)
    return id_


def by_hand(districts: Sequence[str], partners: Sequence[str]) -> list[DistrictPartners]:
    """Return the districts with partners named by hand, who may also send what they cannot place.

    Raises:
        typer.BadParameter: a code is not one, or a partner.
    """
    ids = tuple(check_partner(one, "--partner") for one in partners)
    return [DistrictPartners(check_code(code), ids, ids) for code in districts]


def from_profiles(paths: Sequence[Path]) -> list[DistrictPartners]:
    """Return the districts of profiles that may not have been applied yet; one that is not valid ends the command."""
    return [_of(from_files(path)) for path in paths]


def applied(districts: Sequence[str], mongo_url: str) -> list[DistrictPartners]:
    """Return the districts as their newest applied profiles say; every district when none is named.

    Raises:
        typer.BadParameter: a code is not one.
    """
    return [_of(profile) for profile in applied_profiles(districts, mongo_url)]


def applied_profiles(districts: Sequence[str], mongo_url: str) -> list[Profile]:
    """Return the newest applied profiles of districts, of every one when none is named.

    Raises:
        typer.BadParameter: a code is not one.
    """
    codes = [check_code(code) for code in districts] or run(_known(mongo_url))
    return [from_database(code, mongo_url) for code in codes]


async def _known(mongo_url: str) -> list[str]:
    async with store(mongo_url) as profiles:
        try:
            return sorted(await profiles.newest())
        except Transient as error:
            fail(away(error, mongo_url))


def _of(profile: Profile) -> DistrictPartners:
    return DistrictPartners.of(profile.code, profile.partners)
