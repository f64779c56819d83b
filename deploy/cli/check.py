"""`gridwhistle check`: prove that every submission became what it should, and name what did not."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Column

from deploy.cli._broker import clock, topic_partitions
from deploy.cli._console import BOOTSTRAP, PROBLEM, AsJson, Bootstrap, fail, print_json, print_table, run, say
from deploy.cli._districts import Districts, check_code
from deploy.cli._profiles import MONGO_URL, MongoUrl
from deploy.conservation.ledger import COLUMNS, Audit, audit, in_words
from deploy.conservation.sources import read_facts
from shared.contracts.topics import UNLOCATED
from shared.decision import Transient
from shared.infra.clock import monotonic, pause

app = typer.Typer()

SHOWN = 50
LOOK_AGAIN_SECONDS = 1.0


@app.command()
def check(
    district: Districts = None,
    patience: Annotated[
        float,
        typer.Option(min=0, help="Seconds in which what is still on its way may arrive before it counts as lost."),
    ] = 15.0,
    bootstrap: Bootstrap = BOOTSTRAP,
    mongo_url: MongoUrl = MONGO_URL,
    as_json: AsJson = False,
) -> None:
    """Check conservation: submitted = accepted + duplicate + rejected, and accepted = merged + cases.

    Per district, partner and day, each record followed to its report, each report to its case, each case to its state,
    and that state compared with what escalation and the ledger of the figures have.
    Exit status 1 when anything is missing, doubled or belongs to nothing.
    """
    codes = [code if code == UNLOCATED else check_code(code) for code in district or []]
    run(_all_known(bootstrap, codes))
    try:
        result = run(_look(bootstrap, mongo_url, codes, patience))
    except Transient as away:
        fail(f"{away}.")
    if as_json:
        print_json(result.as_json())
    else:
        _print(result)
    if _wrong(result):
        raise typer.Exit(PROBLEM)


async def _all_known(bootstrap: str, codes: Sequence[str]) -> None:
    """Refuse a district without topics: of one that is misspelt nothing is missing either."""
    if not codes:
        return
    known = {name.split(".")[1] for name in await topic_partitions(bootstrap) if name.startswith("gw.")}
    for code in codes:
        if code not in known:
            fail(f"District {code} has no topics on this broker; there are: {', '.join(sorted(known)) or 'none'}.")


async def _look(bootstrap: str, mongo_url: str, codes: Sequence[str], patience: float) -> Audit:
    """Look until everything is right, or until nothing can be on its way any more."""
    now, deadline = clock(), monotonic() + patience
    while True:
        result = audit(await read_facts(bootstrap, mongo_url, now)).only(codes)
        if not _wrong(result) or monotonic() > deadline:
            return result
        await pause(LOOK_AGAIN_SECONDS)


def _wrong(result: Audit) -> list[str]:
    return list(in_words(result))


def _print(result: Audit) -> None:
    districts = result.by_district()
    totals = [(name, *(f"{counts[name]:,}" for counts in districts.values())) for name in COLUMNS]
    print_table(("", *(Column(district, justify="right") for district in districts)), totals)
    by_day = [
        (district, partner, f"{day}", ", ".join(f"{counts[name]:,} {name}" for name in COLUMNS if counts[name]))
        for (district, partner, day), counts in sorted(result.rows.items())
    ]
    print_table(("district", "partner", Column("day", no_wrap=True), "what became of it"), by_day[-SHOWN:])
    if len(by_day) > SHOWN:
        say(f"The {SHOWN} last of {len(by_day)} rows are shown; --json has them all.")
    if result.parked:
        say(f"{sum(one.records for one in result.parked)} records wait for {len(result.parked)} cases on their way.")
    wrong = _wrong(result)
    for sentence in wrong[:SHOWN]:
        say(sentence)
    say(f"{len(wrong)} things are wrong." if wrong else "Everything that was submitted is accounted for.")
