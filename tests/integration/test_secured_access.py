"""`gridwhistle acl` against Apache Kafka: what it changes, what it leaves alone, and passwords that change."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import SaslAuthenticationFailed

from deploy.kafka.access import Access
from deploy.kafka.grants import OPERATOR, Change, Grant
from deploy.local import LocalStack
from deploy.local.secured.identity import password_file, passwords
from tests.support.secured import cli_as, connect, producer, writable

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]

CASES = "gw.620171.cases"
STRAY = Grant("620171-petitions", "write", "topic", CASES)
STRANGER = Grant("reporting-tool", "read", "topic", CASES)


async def change(stack: LocalStack, *, grant: tuple[Grant, ...] = (), revoke: tuple[Grant, ...] = ()) -> None:
    """Change grants by hand, as an operator with other tools would."""
    client = AIOKafkaClient(bootstrap_servers=stack.bootstrap, **stack.kafka_options())
    await client.bootstrap()
    try:
        await Access(client).change(Change(grant, revoke))
    finally:
        await client.close()


def is_empty(folder: Path) -> bool:
    """Say whether nothing was left there."""
    return not list(folder.iterdir())


def named(grants: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Return who and what of a printed list."""
    return {(one["principal"], one["name"]) for one in grants}


async def test_a_stack_starts_with_every_grant_and_a_second_time_there_is_nothing_to_do(secured: LocalStack) -> None:
    """`plan` says so with its exit status, and `apply` changes nothing."""
    operator = cli_as(secured, OPERATOR)
    planned = await operator.json("acl", "plan")
    assert (planned["grant"], planned["revoke"]) == ([], [])
    assert {"gridwhistle-router", "620171-petitions", "620802-grid-app"} <= set(planned["principals"])
    applied = await operator.json("acl", "apply", "--passwords", str(passwords(secured.config.secrets)))
    assert (applied["grant"], applied["revoke"]) == ([], [])
    assert applied["passwords"] == {"made": [], "forgotten": []}


async def test_what_is_no_longer_granted_is_taken_away_in_its_own_district(secured: LocalStack) -> None:
    """A right that somebody gave by hand; who is nobody of ours keeps hers."""
    operator = cli_as(secured, OPERATOR)
    await change(secured, grant=(STRAY, STRANGER))
    assert CASES in await writable(secured, STRAY.principal, [CASES])
    elsewhere = await operator.run("acl", "plan", "--district", "620802", "--json")
    assert elsewhere.exit_code == 0
    planned = await operator.run("acl", "plan", "--district", "620171")
    assert planned.exit_code == 1
    assert "0 missing, 1 too many" in planned.output
    applied = await operator.json("acl", "apply", "--district", "620171")
    assert named(applied["revoke"]) == {(STRAY.principal, CASES)}
    assert await writable(secured, STRAY.principal, [CASES]) == set()
    await change(secured, revoke=(STRANGER,))


async def test_a_partner_that_left_the_profile_loses_its_rights_and_its_password(
    secured: LocalStack, tmp_path: Path
) -> None:
    """And has both again when it comes back."""
    profiles = shutil.copytree(secured.config.profiles, tmp_path / "districts")
    partners = profiles / "620171" / "partners.yaml"
    lines = partners.read_text().splitlines(keepends=True)
    partners.write_text("".join(line for line in lines if "police-110" not in line))
    operator = cli_as(secured, OPERATOR)
    apply = ("acl", "apply", "--passwords", str(passwords(secured.config.secrets)), "--profile")
    gone = await operator.json(*apply, str(profiles / "620171"))
    assert {one["principal"] for one in gone["revoke"]} == {"620171-police-110"}
    assert gone["passwords"]["forgotten"] == ["620171-police-110"]
    with pytest.raises(SaslAuthenticationFailed):
        await connect(secured, **secured.kafka_options("620171-police-110"))
    back = await operator.json(*apply, str(secured.config.profiles / "620171"))
    assert back["passwords"]["made"] == ["620171-police-110"]
    await connect(secured, **secured.kafka_options("620171-police-110"))


async def test_a_changed_password_counts_for_new_connections(secured: LocalStack) -> None:
    """Who is connected goes on, so that a service can be given the new one and be restarted in its own time."""
    principal, topic = "620171-gateway", "gw.620171.in.gateway"
    old = secured.kafka_options(principal)
    async with producer(secured, principal) as connected:
        await connected.send_and_wait(topic, b"{}")
        file = password_file(secured.config.secrets, principal)
        result = await cli_as(secured, OPERATOR).run("acl", "password", principal, "--file", str(file), "--new")
        assert result.exit_code == 0, result.output
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.read_text().strip() not in result.output
        await connected.send_and_wait(topic, b"{}")
    with pytest.raises(SaslAuthenticationFailed):
        await connect(secured, **old)
    await connect(secured, **secured.kafka_options(principal))


@pytest.mark.parametrize("what", [("plan",), ("apply",), ("password", "620171-x", "--file", "x.password")])
async def test_only_the_operator_sees_and_changes_grants(
    secured: LocalStack, what: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that was broken into must not let its intruder in everywhere; a refused password is not kept."""
    monkeypatch.chdir(tmp_path)
    profile = () if what[0] == "password" else ("--profile", str(secured.config.profiles / "620171"))
    result = await cli_as(secured, "gridwhistle-router").run("acl", *what, *profile)
    assert result.exit_code == 1
    assert "The broker lets only an administrator do this" in result.output
    assert is_empty(tmp_path)


async def test_a_broker_that_asks_nobody_says_so(infra: LocalStack) -> None:
    """Grants on it would be words without weight."""
    result = await cli_as(infra, OPERATOR).run("acl", "plan", "--profile", str(infra.config.profiles / "620171"))
    assert result.exit_code == 1
    assert "This broker has no authorizer: whoever reaches it may do anything." in result.output
