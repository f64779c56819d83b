"""`gridwhistle case`: what the services know of one case, and why each of its clocks is due when it is."""

import re
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from deploy.cli._case_reading import Archive, Seen, archive
from deploy.cli._case_tables import show_case, show_explained
from deploy.cli._console import PROBLEM, AsJson, fail, print_json, run
from deploy.cli._profiles import MONGO_URL, MongoUrl, away
from services.escalation.domain.ledger import Explained
from services.router.domain.model import Waiting
from shared.decision import Transient
from shared.infra.directory import ProfileMissing

app = typer.Typer(name="case", help="Look at one case, and have its time explained.", no_args_is_help=True)

_CASE_ID = re.compile(r"^[0-9]{6}-[0-9]{6}-[a-z2-7]{8}$")


def _is_case(value: str) -> str:
    if not _CASE_ID.match(value):
        raise typer.BadParameter(f"{value!r} is no case number; one looks like 620802-260701-k3jq2x7a")
    return value


CaseNumber = Annotated[str, typer.Argument(metavar="ID", callback=_is_case, help="e.g. 620802-260701-k3jq2x7a")]


@app.command()
def show(case: CaseNumber, mongo_url: MongoUrl = MONGO_URL, as_json: AsJson = False) -> None:
    """Show state, tasks, clocks, team and notices; exit status 1 when no service knows the case."""

    async def look() -> Seen:
        async with archive(mongo_url) as opened:
            return await opened.see(case)

    seen = _guarded(look(), mongo_url)
    if not seen.known:
        fail(f"no service knows a case {case}")
    if as_json:
        print_json(_as_json(seen))
    else:
        show_case(seen)


@app.command()
def explain(
    case: CaseNumber,
    clock: Annotated[str | None, typer.Option(help="Only this clock, e.g. housing#1/handle.")] = None,
    mongo_url: MongoUrl = MONGO_URL,
    as_json: AsJson = False,
) -> None:
    """Say why each clock is due when it is, computed again from its ledger.

    Exit status 1 when that differs from what is stored.
    """

    async def look() -> list[Explained]:
        async with archive(mongo_url) as opened:
            return await _explained(opened, case)

    clocks = [one for one in _guarded(look(), mongo_url) if clock in (None, one.key)]
    if not clocks:
        fail(f"case {case} has no clock{f' {clock}' if clock else ''}")
    if as_json:
        print_json(
            {"case_id": case, "clocks": [one.model_dump(mode="json") for one in clocks], "agrees": _agree(clocks)}
        )
    else:
        show_explained(clocks)
    if not _agree(clocks):
        raise typer.Exit(PROBLEM)


async def _explained(opened: Archive, case: str) -> list[Explained]:
    timed = await opened.timed(case)
    if timed is None:
        fail(f"escalation knows no case {case}")
    return await opened.explain(timed)


def _agree(clocks: Sequence[Explained]) -> bool:
    return not any(one.differences for one in clocks)


def _guarded(work: Any, mongo_url: str) -> Any:
    """Run the reading; what is missing outside ends the command with a sentence."""
    try:
        return run(work)
    except ProfileMissing as error:
        fail(f"{error}, so its clocks cannot be computed")
    except Transient as error:
        fail(away(error, mongo_url))


def _as_json(seen: Seen) -> dict[str, Any]:
    hidden = {"address", "reporter", "facts", "fallbacks"}
    said = set(Waiting.model_fields) - {"suggested"}
    return {
        "case_id": seen.case_id,
        "router": seen.routed.model_dump(mode="json", exclude={"waiting": said}) if seen.routed else None,
        "escalation": seen.timed.model_dump(mode="json") if seen.timed else None,
        "notices": None
        if seen.notices is None
        else [{"id": one.id, **one.model_dump(mode="json", exclude=hidden)} for one in seen.notices],
    }
