"""Apache Kafka with SCRAM over TLS and access lists: each does its part, and nobody can do another's."""

from __future__ import annotations

import asyncio
import json
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka.errors import KafkaError, SaslAuthenticationFailed

from deploy.kafka.grants import OPERATOR
from deploy.local import LocalStack
from deploy.local.component import Component
from deploy.local.secured.certificates import authority_file, ensure_certificates
from deploy.local.secured.identity import identity
from deploy.local.services import program
from tests.support.bus import until
from tests.support.cli import Cli
from tests.support.secured import can_read, cli_as, connect, producer, writable

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]

DISTRICT = "620171"
TOPICS = ("in.grid-app", "in.housing", "incidents", "commands", "cases", "escalations", "notifications", "dead-letters")
ELSEWHERE = ("gw.620802.in.grid-app", "gw.620802.cases", "gw.620802.incidents")

REPLICA = 5
LOOK = ("watch", "--district", DISTRICT, "--seconds", "0")

# The table of the contracts, said once more by hand: who may write, who may read.
MAY = {
    "gridwhistle-intake": (
        {"in.grid-app", "in.housing", "incidents", "commands", "dead-letters"},
        {"in.grid-app", "in.housing"},
    ),
    "gridwhistle-router": ({"cases", "dead-letters"}, {"incidents", "commands", "escalations"}),
    "gridwhistle-escalation": ({"escalations", "dead-letters"}, {"cases", "commands"}),
    "gridwhistle-notifier": (
        {"notifications", "dead-letters"},
        {"incidents", "commands", "cases", "escalations"},
    ),
    f"{DISTRICT}-grid-app": ({"in.grid-app"}, {"cases", "escalations", "notifications"}),
    f"{DISTRICT}-housing": ({"in.housing"}, {"cases", "escalations", "notifications"}),
}


def here(suffixes: set[str] | tuple[str, ...]) -> set[str]:
    """Return the names of the district's topics."""
    return {f"gw.{DISTRICT}.{suffix}" for suffix in suffixes}


@pytest.mark.parametrize("principal", MAY)
async def test_each_writes_its_row_of_the_table_and_nothing_else(secured: LocalStack, principal: str) -> None:
    """A partner its own inbound topic; a service its own topics; nobody anything of a partner's other district."""
    partner = principal.startswith(DISTRICT)
    tried = here(TOPICS) | (set(ELSEWHERE) if partner else set())
    assert await writable(secured, principal, sorted(tried)) == here(MAY[principal][0])


@pytest.fixture(scope="module")
def filled() -> set[str]:
    """Topics that are known to hold a record."""
    return set()


@pytest.mark.parametrize("principal", MAY)
async def test_each_reads_its_row_of_the_table_and_nothing_else(
    secured: LocalStack, principal: str, filled: set[str]
) -> None:
    """Every topic holds a record, so who gets none was refused."""
    partner = principal.startswith(DISTRICT)
    tried = here(TOPICS) | (set(ELSEWHERE) if partner else set())
    filled |= await writable(secured, OPERATOR, sorted(tried - filled))
    got = await asyncio.gather(*(can_read(secured, principal, topic) for topic in sorted(tried)))
    assert {topic for topic, read in zip(sorted(tried), got, strict=True) if read} == here(MAY[principal][1])


async def test_a_consumer_group_is_its_owner_s_alone(secured: LocalStack) -> None:
    """In the router's group a partner would take its records away; in another partner's, the other's."""
    topic = f"gw.{DISTRICT}.cases"
    await writable(secured, OPERATOR, [topic])
    for group in ("router", "620171-housing.desk", "620171-grid-app2.desk", "of-nobody"):
        assert not await can_read(secured, "620171-grid-app", topic, group), group
    assert await can_read(secured, "620171-grid-app", topic, "620171-grid-app.desk")


# ---------------------------------------------------------------- who gets in at all


async def test_who_shows_no_password_or_a_wrong_one_stays_outside(secured: LocalStack) -> None:
    """With the right one the same connection is made, so that is what was wrong."""
    right = secured.kafka_options("620171-grid-app")
    await connect(secured, **right)
    with pytest.raises(SaslAuthenticationFailed):
        await connect(secured, **right | {"sasl_plain_password": "guessed"})
    with pytest.raises(SaslAuthenticationFailed):
        await connect(secured, **right | {"sasl_plain_username": "620171-nobody"})


async def test_who_does_not_say_who_he_is_gets_no_answer(secured: LocalStack) -> None:
    """Neither in the clear nor over TLS; the command line says what a secured broker wants."""
    tls = secured.kafka_options()["ssl_context"]
    for unsaid in ({}, {"security_protocol": "SSL", "ssl_context": tls}):
        with pytest.raises((KafkaError, OSError)):
            async with producer(secured, OPERATOR, **{"security_protocol": "PLAINTEXT", **unsaid}):
                pass
    told = await Cli(secured.bootstrap).run(*LOOK)
    assert told.exit_code == 1
    assert "A secured broker wants to know who you are: GW_KAFKA_USERNAME" in told.output


async def test_a_client_that_trusts_another_authority_does_not_talk_to_this_broker(
    secured: LocalStack, tmp_path: Path
) -> None:
    """Its password would go to whoever took the broker's place."""
    ensure_certificates(tmp_path)
    other = ssl.create_default_context(cafile=authority_file(tmp_path))
    with pytest.raises(ssl.SSLCertVerificationError):
        await connect(secured, **secured.kafka_options() | {"ssl_context": other})
    ours = cli_as(secured, OPERATOR)
    looked = await Cli(ours.bootstrap, {**ours.env, "GW_KAFKA_CA_FILE": str(authority_file(tmp_path))}).run(*LOOK)
    assert looked.exit_code == 1
    assert "We came as gridwhistle-operator: are password and authority right" in looked.output
    assert (await ours.run(*LOOK)).exit_code == 0


async def test_the_controller_talks_only_to_who_has_the_broker_s_certificate(secured: LocalStack) -> None:
    """A password is no help there: what comes in on that port is believed to be the broker."""
    tls = {"security_protocol": "SSL", "ssl_context": secured.kafka_options()["ssl_context"]}
    with pytest.raises((KafkaError, OSError)):
        await connect(secured, secured.config.ports.controller, **tls)


# ---------------------------------------------------------------- the main job


async def seen(stack: LocalStack, principal: str, topic: str) -> list[dict[str, Any]]:
    """Return what somebody sees on a topic of 620802 with the project's own tool."""
    looks = ("--topic", topic, "--from-beginning", "--seconds", "1", "--json")
    result = await cli_as(stack, principal).run("watch", "--district", "620802", *looks)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


async def test_a_partner_s_report_becomes_a_delivered_notice_that_the_partner_hears_of(secured: LocalStack) -> None:
    """Each of the four services with its own rights alone, and the partner with its own."""
    report = {"report_id": "secured-1", "category": "E06010", "text": "西门外三号井盖旁有垃圾"}
    partner = cli_as(secured, "620802-grid-app")
    await partner.json("send", "-", "--partner", "grid-app", "--district", "620802", stdin=json.dumps(report))

    async def delivered() -> list[dict[str, Any]]:
        opened = [
            one["key"]
            for one in await seen(secured, "620802-grid-app", "cases")
            if one["value"].get("text") == report["text"]
        ]
        return [
            one
            for one in await seen(secured, "620802-grid-app", "notifications")
            if one["key"] in opened and one["headers"]["ce_type"] == "gridwhistle.notice.delivered.v1"
        ]

    assert await until(delivered, 60)


async def test_a_report_over_http_is_written_to_its_partner_s_topic(secured: LocalStack) -> None:
    """Intake may do that, for the key has told it who speaks."""
    key = json.loads((secured.config.secrets / "http-clients.json").read_text())["grid-app"]
    report = {"report_id": "secured-2", "district": "620802", "text": "小区门口路灯不亮"}
    async with httpx.AsyncClient(base_url=secured.url("intake"), headers={"Authorization": f"Bearer {key}"}) as client:
        assert (await client.post("/v1/reports", json=report)).status_code == httpx.codes.ACCEPTED


async def test_a_partner_cannot_send_in_another_s_name_with_our_own_tool(secured: LocalStack) -> None:
    """The topic is not even there for it, and the tool says whose topics are."""
    report = json.dumps({"report_id": "secured-3", "text": "x"})
    other = ("send", "-", "--partner", "housing", "--district", "620802")
    refused = await cli_as(secured, "620802-grid-app").run(*other, stdin=report)
    assert refused.exit_code == 1
    assert "There is no topic gw.620802.in.housing. It has topics for: grid-app." in refused.output


# ---------------------------------------------------------------- services that are not let in


@pytest.mark.parametrize(
    ("setting", "wrong", "said"),
    [
        ("GW_KAFKA_PASSWORD_FILE", "kafka/gridwhistle-intake.password", "invalid credentials with SASL"),
        ("GW_MONGO_URL_FILE", "mongo/gridwhistle-intake.url", "not authorized on gw_router"),
    ],
)
async def test_a_service_with_another_s_credentials_waits_and_says_why(
    secured: LocalStack, setting: str, wrong: str, said: str
) -> None:
    """It never gets ready, and goes on as soon as it is given its own; nobody has to search for the reason."""
    config = secured.config
    env = {**secured.env, **identity(config, "gridwhistle-router"), setting: str(config.secrets / wrong)}
    router = Component(program(config, "router", REPLICA, env), config.run)
    router.launch()
    try:
        await until(lambda: said in "".join(router.last_lines(100)), what=said)
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{router.url}/readyz")).status_code == httpx.codes.SERVICE_UNAVAILABLE
    finally:
        router.kill()
