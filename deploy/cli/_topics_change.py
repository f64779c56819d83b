"""`gridwhistle topics grow` and `drop`: what cannot be taken back, and so is done to a district at rest only."""

from collections.abc import Sequence
from typing import Annotated

import typer
from aiokafka.admin import NewPartitions
from aiokafka.errors import for_code

from deploy.cli._broker import admin
from deploy.cli._console import BOOTSTRAP, AsJson, Bootstrap, fail, print_json, print_table, run, say
from deploy.cli._districts import applied, check_code
from deploy.cli._profiles import MONGO_URL, MongoUrl, away
from deploy.conservation.ledger import OPEN
from deploy.kafka.positions import Positions
from deploy.kafka.rest import of_district, running, waiting
from deploy.kafka.topics import Layout, TopicSpec, plan
from shared.contracts.topics import parse_topic
from shared.decision import Transient
from shared.infra.mongo import connected

District = Annotated[str, typer.Option(help="Six digits, e.g. 620802.")]


def grow(
    district: District,
    partitions: Annotated[int, typer.Option(min=2, max=1000, help="So many from now on; never fewer again.")],
    bootstrap: Bootstrap = BOOTSTRAP,
    mongo_url: MongoUrl = MONGO_URL,
    as_json: AsJson = False,
) -> None:
    """Give the topics of a district more partitions, while no service runs and everything has been read.

    A key goes to another partition then. What was said of a case before and after would be read side by side if any of
    it still waited, so that has to be over. Departments' inbound topics keep their one partition.
    """
    specs = [
        one
        for one in plan(applied([check_code(district)], mongo_url), Layout(partitions))
        if parse_topic(one.name).district == district
    ]
    grown = run(_grow(bootstrap, district, specs))
    if as_json:
        print_json({"district": district, "topics": grown})
    else:
        print_table(("topic", "partitions"), [(name, f"{number}") for name, number in grown.items()])
        say(f"{len(grown)} topics have {partitions} partitions now; start the services again.")


async def _grow(bootstrap: str, district: str, specs: Sequence[TopicSpec]) -> dict[str, int]:
    async with admin(bootstrap) as client:
        positions = await Positions.of(client)
        if live := await running(positions):
            fail(f"{', '.join(live)} still run; end every replica first, of the pool too.")
        await _refuse_unread(positions, district)
        topics = positions.topics()
        wanted = {one.name: one.partitions for one in specs if topics.get(one.name, one.partitions) < one.partitions}
        if wanted:
            await client.create_partitions({name: NewPartitions(number) for name, number in wanted.items()})
        return wanted


async def _refuse_unread(positions: Positions, district: str) -> None:
    if unread := await waiting(positions, district):
        told = ", ".join(f"{number} for {service}" for service, number in unread.items())
        fail(f"Records of {district} still wait: {told}. Let the services read them first.")


def drop(
    district: District,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only show what would go.")] = False,
    bootstrap: Bootstrap = BOOTSTRAP,
    mongo_url: MongoUrl = MONGO_URL,
    as_json: AsJson = False,
) -> None:
    """Delete the topics of a district that has no open case and nothing unread, with everything that is on them."""
    still_open = run(_open_cases(mongo_url, check_code(district)))
    if still_open:
        fail(f"{still_open} cases of {district} are still open.")
    gone = run(_drop(bootstrap, district, yes=yes))
    if as_json:
        print_json({"district": district, "topics": gone, "dropped": yes})
    else:
        print_table(("topic",), [(name,) for name in gone])
        say(f"{len(gone)} topics were deleted." if yes else f"{len(gone)} topics would be deleted: --yes does it.")


async def _open_cases(mongo_url: str, district: str) -> int:
    wanted = {"_id": {"$gte": f"{district}-", "$lt": f"{district}."}, "s.state": {"$in": sorted(OPEN)}}
    try:
        with connected(mongo_url) as client:
            return int(await client["gw_router"]["cases"].count_documents(wanted))
    except Transient as error:
        fail(away(error, mongo_url))


async def _drop(bootstrap: str, district: str, *, yes: bool) -> list[str]:
    async with admin(bootstrap) as client:
        positions = await Positions.of(client)
        names = sorted(of_district(positions.topics(), district))
        if not names:
            fail(f"District {district} has no topics here.")
        await _refuse_unread(positions, district)
        if yes:
            answer = await client.delete_topics(names)
            for name, code in answer.topic_error_codes:
                if code:
                    fail(f"The broker keeps {name}: {for_code(code).__name__}")
        return names
