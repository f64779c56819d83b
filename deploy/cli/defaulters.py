"""`gridwhistle defaulters`: who is on a district's defaulter list (失信名单), by case and name of the file."""

from typing import Annotated, Any

import typer

from deploy.cli._console import AsJson, fail, print_json, print_table, run
from deploy.cli._districts import check_code
from deploy.cli._live import ZONE
from deploy.cli._profiles import MONGO_URL, MongoUrl, away
from services.router.domain.model import Case
from shared.decision import Transient
from shared.infra.mongo import connected

app = typer.Typer()


@app.command()
def defaulters(
    district: Annotated[str, typer.Option(help="The district's six digits.")],
    mongo_url: MongoUrl = MONGO_URL,
    as_json: AsJson = False,
) -> None:
    """List who stands on the defaulter list now, since when, and whether there is an appeal.

    Persons are not named: who `respondent` of a case is, its file says.
    """
    try:
        rows = run(_listed(check_code(district), mongo_url))
    except Transient as error:
        fail(away(error, mongo_url))
    if as_json:
        print_json(rows)
    else:
        columns = ("case", "party", "standing", "since")
        print_table(columns, [[str(row[name]) for name in columns] for row in rows], title=f"Defaulters of {district}")


async def _listed(district: str, mongo_url: str) -> list[dict[str, Any]]:
    with connected(mongo_url) as client:
        query = {"listed": {"$exists": True, "$eq": district}}
        found = client["gw_router"]["cases"].find(query, {"s": 1}).sort("_id")
        return [row async for one in found for row in _rows(Case.model_validate(one["s"]))]


def _rows(case: Case) -> list[dict[str, Any]]:
    return [
        {
            "case": case.case_id,
            "party": one.party,
            "standing": one.standing.value,
            "since": f"{one.entered_at.astimezone(ZONE):%Y-%m-%d %H:%M}",
        }
        for one in case.promises.listings
        if one.on_the_list
    ]
