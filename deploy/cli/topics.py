"""`gridwhistle topics`: the topics of one or more districts, created once and left alone when they are right."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.cli._broker import admin
from deploy.cli._console import BOOTSTRAP, AsJson, Bootstrap, fail, print_json, print_table, run, say
from deploy.cli._districts import Districts, ProfilePaths, applied, by_hand, from_profiles
from deploy.cli._profiles import MONGO_URL, MongoUrl
from deploy.cli._topics_change import drop, grow
from deploy.kafka.apply import Applied, TopicRefusedError, apply, check, only_echoes
from deploy.kafka.topics import DistrictPartners, Layout, TopicSpec, plan
from shared.contracts.topics import DEFAULT_PARTITIONS, parse_topic

app = typer.Typer(name="topics", help="Create, check, grow and drop the topics of a district.", no_args_is_help=True)

ECHO = (
    "This broker keeps topic settings but does not act on them (Tansu does so): inbound records carry the sender's "
    "time instead of the broker's, and nothing is deleted after its retention."
)


app.command()(grow)
app.command()(drop)


@app.command("apply")
def apply_topics(
    district: Districts = None,
    profile: ProfilePaths = None,
    partner: Annotated[
        list[str] | None, typer.Option(help="A partner of --district, instead of its profile's; may be repeated.")
    ] = None,
    partitions: Annotated[int, typer.Option(min=1, max=1000, help="Of every new topic.")] = DEFAULT_PARTITIONS,
    replication: Annotated[int, typer.Option(min=1, max=9, help="Copies of every new topic.")] = 1,
    bootstrap: Bootstrap = BOOTSTRAP,
    mongo_url: MongoUrl = MONGO_URL,
    dry_run: Annotated[bool, typer.Option(help="Only show what would be done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Create the topics of districts: their own six, one inbound topic a partner, and those of reports without a place.

    Without --profile and --partner the partners are those of the applied profiles; without --district, of all of them.
    Run again at any time, e.g. after a profile has gained a partner; existing topics keep their partitions and get the
    settings they should have.
    """
    if partner and not district:
        raise typer.BadParameter("--partner needs --district", param_hint="--partner")
    specs = plan(_districts(district or [], profile or [], partner or [], mongo_url), Layout(partitions, replication))
    topics, notes = run(_do(bootstrap, specs, dry_run=dry_run))
    if as_json:
        print_json({"topics": [_as_json(one) for one in topics], "notes": notes, "dry_run": dry_run})
    else:
        _print(topics, notes)


def _districts(
    districts: list[str], profiles: list[Path], partners: list[str], mongo_url: str
) -> list[DistrictPartners]:
    if partners:
        return by_hand(districts, partners) + from_profiles(profiles)
    if profiles and not districts:
        return from_profiles(profiles)
    return applied(districts, mongo_url) + from_profiles(profiles)


async def _do(bootstrap: str, specs: Sequence[TopicSpec], *, dry_run: bool) -> tuple[list[Applied], list[str]]:
    async with admin(bootstrap) as client:
        if dry_run:
            return await check(client, specs), []
        try:
            done = await apply(client, specs)
        except TopicRefusedError as error:
            fail(f"{error}.")
        inbound = next((spec.name for spec in specs if parse_topic(spec.name).partner), None)
        return done, [ECHO] if inbound and await only_echoes(client, inbound) else []


def _as_json(one: Applied) -> dict[str, Any]:
    return {
        "name": one.name,
        "state": one.state,
        "partitions": one.partitions,
        "configs": dict(one.configs),
        "note": one.note,
    }


def _print(topics: Sequence[Applied], notes: Sequence[str]) -> None:
    rows = [
        (one.name, one.state, str(one.partitions), " ".join(f"{k}={v}" for k, v in one.configs.items()), one.note)
        for one in topics
    ]
    print_table(("topic", "state", "partitions", "settings", "note"), rows)
    states = sorted({one.state for one in topics})
    print_counts = ", ".join(f"{sum(one.state == state for one in topics)} {state}" for state in states)
    say(f"{len(topics)} topics: {print_counts}")
    for note in notes:
        say(note)
