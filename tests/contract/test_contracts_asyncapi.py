"""The AsyncAPI document: valid by AsyncAPI's own schema, and true."""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from typer.testing import CliRunner

from deploy.cli.main import app
from deploy.contracts.asyncapi import document
from deploy.contracts.flows import FLOWS, INBOUND, types_on
from deploy.contracts.schemas import inbound_types, message_types
from shared.contracts.topics import Topic

# The official schemas come in this package; it is fetched once and kept outside the repository.
PACKAGE = "@asyncapi/specs@6.11.1"
TARBALL = "asyncapi-specs-6.11.1.tgz"
SHA512 = "A3WBLqAKGoJ2+6FWFtpjBlCQ1oFCcs4GxF7zsIGvNqp/klGUHjlA3aAcZ9XMMpLGE8zPeYDz2x9FmO6DSuKraQ=="
CACHE = Path(__file__).parents[2] / ".local" / "cache" / "asyncapi"
PARTIES: list[str | None] = [None, *FLOWS]


@pytest.fixture(scope="session")
def official() -> Draft7Validator:
    """Give AsyncAPI's own schema of version 3.0.0, or skip where npm cannot fetch it."""
    tarball = CACHE / TARBALL
    if not tarball.exists():
        _fetch(tarball)
    digest = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    assert digest == SHA512, f"{tarball} is not the file it should be"
    with tarfile.open(tarball) as files:
        member = files.extractfile("package/schemas/3.0.0.json")
        assert member is not None
        return Draft7Validator(json.load(member))


def _fetch(tarball: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not on PATH: the official AsyncAPI schema is not checked against")
    tarball.parent.mkdir(parents=True, exist_ok=True)
    command = [npm, "pack", "--silent", "--pack-destination", str(tarball.parent), PACKAGE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        pytest.skip(f"npm cannot fetch {PACKAGE}: {done.stderr.strip()[-200:]}")


@pytest.mark.parametrize("service", PARTIES)
def test_the_document_satisfies_the_official_schema(official: Draft7Validator, service: str | None) -> None:
    """Any AsyncAPI 3.0 tool can read it, whole or for one party."""
    assert [
        f"{list(error.absolute_path)}: {error.message[:200]}" for error in official.iter_errors(document(service))
    ] == []


@pytest.mark.parametrize("service", PARTIES)
def test_every_reference_leads_somewhere(service: str | None) -> None:
    """No `$ref` dangles, which no schema can check."""
    made = document(service)
    assert [reference for reference in _references(made) if _resolve(made, reference) is None] == []


@pytest.mark.parametrize("service", PARTIES)
def test_nothing_stands_in_the_document_unused(service: str | None) -> None:
    """Every message belongs to a channel, every schema to a message, and every channel has an operation."""
    made = document(service)
    used = set(_references(made))
    assert [key for key in made["components"]["messages"] if f"#/components/messages/{key}" not in used] == []
    assert [key for key in made["channels"] if f"#/channels/{key}" not in used] == []


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [found for value in node for found in _references(value)]
    if not isinstance(node, dict):
        return []
    here = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return here + [found for value in node.values() for found in _references(value)]


def _resolve(made: Any, reference: str) -> Any:
    node = made
    for part in reference.removeprefix("#/").split("/"):
        node = node.get(part) if isinstance(node, dict) else None
    return node


def test_the_whole_document_names_every_message_type() -> None:
    """What is registered is documented, without a list to keep."""
    named = {message["name"] for message in document()["components"]["messages"].values()}
    assert named >= set(message_types())


def test_a_partner_may_send_what_intake_takes() -> None:
    """The inbound channel offers the report, every command, and the structured mode."""
    channel = document("partner")["channels"][INBOUND]
    assert channel["address"] == "gw.{district}.in.{partner}"
    assert len(channel["messages"]) == len(inbound_types()) + 1


def test_a_sent_command_is_described_without_what_intake_fills_in() -> None:
    """A partner is not asked who it is."""
    schemas = document("partner")["components"]["schemas"]
    assert "actor" not in schemas["AcceptTaskSent"]["properties"]
    assert schemas["AcceptTaskSent"]["required"] == ["case_id", "occurred_at", "task_id"]
    assert "actor" in document("router")["components"]["schemas"]["AcceptTask"]["required"]


def test_every_internal_topic_has_one_writer_and_a_reader() -> None:
    """One service owns each kind of fact; only dead letters come from all."""
    services = {name: flow for name, flow in FLOWS.items() if flow.is_service}
    for topic in Topic:
        writers = [name for name, flow in services.items() if topic in flow.sends]
        assert len(writers) == (len(services) if topic is Topic.DEAD_LETTERS else 1), topic
        assert any(topic in flow.receives for flow in FLOWS.values()), topic
        assert types_on(topic), topic


def test_the_command_prints_both_forms_of_the_same_document() -> None:
    """YAML for people, JSON for programs."""
    as_json = CliRunner().invoke(app, ["contracts", "asyncapi"])
    as_yaml = CliRunner().invoke(app, ["contracts", "asyncapi", "--yaml"])
    assert json.loads(as_json.stdout) == yaml.safe_load(as_yaml.stdout) == document()


def test_a_schema_is_found_by_its_short_name_and_a_wrong_name_gets_help() -> None:
    """Nobody types `gridwhistle.….v1`."""
    found = CliRunner().invoke(app, ["contracts", "schema", "task.assigned"])
    wrong = CliRunner().invoke(app, ["contracts", "schema", "task.asigned"], env={"COLUMNS": "200"})
    assert json.loads(found.stdout)["$id"] == "urn:gridwhistle.task.assigned.v1"
    assert wrong.exit_code == 2
    assert "gridwhistle.task.assigned.v1" in wrong.output


@pytest.mark.parametrize("service", ["router", "escalation", "notifier"])
def test_the_table_of_flows_says_what_a_service_really_reads(service: str) -> None:
    """The one thing in the document that no message class knows is compared with the subscriptions."""
    topics = importlib.import_module(f"services.{service}.handlers").TOPICS
    assert set(topics) == set(FLOWS[service].receives)


def test_the_overview_names_every_type() -> None:
    """docs/contracts.md is written for reading and kept complete by this."""
    page = (Path(__file__).parents[2] / "docs" / "contracts.md").read_text(encoding="utf-8")
    commands = {name for name in inbound_types() if name in message_types()}
    listed = {name for name in message_types() if f"| `{name.removeprefix('gridwhistle.')}` |" in page}
    assert set(message_types()) - listed == set()
    assert commands <= listed
