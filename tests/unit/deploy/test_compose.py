from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from deploy.compose import secrets, setup
from deploy.local.config import FLOW
from deploy.local.secured import database
from tests.support.known_settings import settings_of
from tests.support.promql import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("gridwhistle:")]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("service", OURS)
def test_every_setting_is_one_that_the_service_knows(service: str) -> None:
    """A misspelt setting would be passed over without a word."""
    given = {name for name in SERVICES[service].get("environment", {}) if name.startswith("GW_")}
    assert given - settings_of(service) == set()


def test_the_four_services_are_there_and_listen_where_prometheus_looks() -> None:
    """Job, host and port of each scrape are those of a service."""
    config = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    looked = {job["job_name"]: job["dns_sd_configs"][0] for job in config["scrape_configs"] if "dns_sd_configs" in job}
    assert set(looked) == set(FLOW)
    for name, where in looked.items():
        assert where["names"] == [name]
        assert where["port"] == SERVICES[name]["environment"]["GW_HTTP_PORT"]
        assert SERVICES[name]["command"] == ["run", name]


def test_prometheus_finds_what_is_no_service_and_alertmanager_finds_the_notifier() -> None:
    """By name and port, and with the token that both were given."""
    config = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    fixed = {job["job_name"]: job["static_configs"][0]["targets"] for job in config["scrape_configs"][len(FLOW) :]}
    assert fixed == {
        "exporter": ["exporter:8085"],
        "alertmanager": ["alertmanager:9093"],
        "prometheus": ["localhost:9090"],
    }
    routes = yaml.safe_load((ROOT / "deploy" / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8"))
    hooks = [hook for one in routes["receivers"] for hook in one.get("webhook_configs", [])]
    port = SERVICES["notifier"]["environment"]["GW_HTTP_PORT"]
    assert {hook["url"] for hook in hooks} == {f"http://notifier:{port}/v1/alerts"}
    token = {hook["http_config"]["authorization"]["credentials_file"] for hook in hooks}
    assert token == {SERVICES["notifier"]["environment"]["GW_ALERTS_TOKEN_FILE"]}


@pytest.mark.parametrize("name", SERVICES)
def test_every_mounted_path_exists_and_every_volume_is_declared(name: str) -> None:
    """Docker would make an empty directory of a path that is not there."""
    for volume in SERVICES[name].get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            assert (ROOT / source).exists(), volume
            assert volume.endswith(":ro"), volume
        else:
            assert source in COMPOSE["volumes"], volume


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_published_on_this_machine_only(name: str) -> None:
    """Whoever wants more has to say so."""
    assert [port for port in SERVICES[name].get("ports", []) if not port.startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned_to_a_version(name: str) -> None:
    """The same file starts the same system next year."""
    assert re.search(r":v?\d+\.\d+\.\d+$", SERVICES[name]["image"])


def test_the_image_runs_without_root_from_hashes_and_can_say_how_it_is() -> None:
    """What the Dockerfile promises in its first lines."""
    assert re.search(r"^FROM python:3\.11\.\d+-slim", DOCKERFILE, re.MULTILINE)
    assert "--require-hashes -r /src/requirements/runtime.txt" in DOCKERFILE
    assert re.search(r"^USER gridwhistle$", DOCKERFILE, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK .*\n.*/readyz", DOCKERFILE, re.MULTILINE)
    for source in re.findall(r"^COPY (?!--from)(\S+)", DOCKERFILE, re.MULTILINE):
        assert (ROOT / source).exists(), source


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[Path, int]]:
    """Give the volumes after the job `secrets` ran twice, and to whom it gave what."""
    folder = tmp_path_factory.mktemp("operator")
    volumes = tmp_path_factory.mktemp("handed")
    owners: dict[Path, int] = {}
    with pytest.MonkeyPatch.context() as patch:
        # To read the profiles takes a second, and here only the names are wanted.
        patch.setattr("deploy.compose.secrets.keys.partners", lambda _: {"grid-app": ["620802"]})
        for _ in range(2):
            secrets.make(folder, ROOT)
            secrets.hand_out(folder, volumes, owners.__setitem__)
    return volumes, owners


def volumes_of(service: str) -> dict[str, str]:
    """Return what a service has mounted, by where it has it."""
    split = (volume.split(":") for volume in SERVICES[service].get("volumes", []))
    return {parts[1]: parts[0] for parts in split}


@pytest.mark.parametrize("name", [*FLOW, "kafka", "mongo", "grafana"])
def test_each_container_is_handed_its_own_secrets_and_no_other_s(
    name: str, handed: tuple[Path, dict[Path, int]]
) -> None:
    """One volume each, filled by the job, owned by who runs there, and named by its settings."""
    folder, owners = handed
    target = str(secrets.SECRETS)
    assert volumes_of(name)[target] == f"secrets-{name}"
    assert volumes_of("secrets")[f"{secrets.HANDED}/{name}"] == f"secrets-{name}"
    files = {path.relative_to(folder / name) for path in (folder / name).rglob("*") if path.is_file()}
    owner = secrets.hands()[name].owner
    assert {owners[folder / name / file] for file in files} == {owner}
    assert {(folder / name / file).stat().st_mode & 0o777 for file in files} == {0o600}
    assert SERVICES[name].get("user", f"{owner}:{owner}") == f"{owner}:{owner}"
    said = [*SERVICES[name].get("environment", {}).values(), *SERVICES[name].get("command", [])]
    named = {found for value in said for found in re.findall(rf"{target}/(\S+)", str(value))}
    assert named - set(map(str, files)) == set()


@pytest.mark.parametrize("service", FLOW)
def test_a_service_gets_no_more_than_it_needs(service: str, handed: tuple[Path, dict[Path, int]]) -> None:
    """Whoever takes over the router cannot open what intake has sealed."""
    more = {"intake": {"vault.keys", "http.keys"}, "notifier": {"vault.keys", "webhook.secrets", "alerts.token"}}
    found = {path.name for path in (handed[0] / service).iterdir()}
    assert found == {"ca.pem", "kafka.password", "mongo.url"} | more.get(service, set())


@pytest.mark.parametrize("service", FLOW)
def test_a_service_speaks_with_its_own_name_and_password(service: str, handed: tuple[Path, dict[Path, int]]) -> None:
    """To the broker and to the database, and checks the certificate of both."""
    own = handed[0] / service
    url = urlsplit((own / "mongo.url").read_text().strip())
    assert (url.username, url.hostname) == (f"gridwhistle-{service}", "mongo")
    assert parse_qs(url.query)["tlsCAFile"] == [SERVICES[service]["environment"]["GW_KAFKA_CA_FILE"]]
    assert SERVICES[service]["environment"]["GW_KAFKA_USERNAME"] == f"gridwhistle-{service}"
    passwords = {(handed[0] / other / "kafka.password").read_text() for other in FLOW}
    assert len(passwords) == len(FLOW)


def test_broker_and_database_ask_everybody_who_they_are() -> None:
    """The compose file starts both as the secured local stack does, which is tested on the real things."""
    assert set(SERVICES["mongo"]["command"]) >= set(_joined(database.arguments(secrets.SECRETS)))
    said = secrets.server_properties()
    assert said["listener.security.protocol.map"] == "SECURED:SASL_SSL,OUTSIDE:SASL_SSL,CONTROLLER:SSL"
    assert said["allow.everyone.if.no.acl.found"] == "false"
    assert {name for name in said if name.endswith("sasl.jaas.config")} == {
        "listener.name.secured.scram-sha-512.sasl.jaas.config",
        "listener.name.outside.scram-sha-512.sasl.jaas.config",
    }


def _joined(arguments: list[str]) -> list[str]:
    """Return `--name value` as `--name=value`."""
    return re.findall(r"--[^\s=]+(?:=\S+)?", re.sub(r" (?!--)", "=", " ".join(arguments)))


@pytest.mark.parametrize("name", OURS)
def test_our_containers_run_without_root_rights_within_limits(name: str) -> None:
    """Read-only, no capabilities, not root; the job that gives files away is root and has no network."""
    said = SERVICES[name]
    assert said["read_only"] is True
    assert said["cap_drop"] == ["ALL"]
    assert said["security_opt"] == ["no-new-privileges:true"]
    assert set(said["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    if name == "secrets":
        assert (said["user"], said["network_mode"]) == ("0:0", "none")
    else:
        assert said["user"] == "10001:10001"
        assert "cap_add" not in said


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_waits_for_is_in_its_profile_and_can_come_about(name: str) -> None:
    """A service waits for one that is healthy, or for a job that ended; of another profile it would wait in vain."""
    for before, how in SERVICES[name].get("depends_on", {}).items():
        assert set(SERVICES[name]["profiles"]) <= set(SERVICES[before]["profiles"])
        ends = SERVICES[before].get("restart") == "no"
        assert how["condition"] == ("service_completed_successfully" if ends else "service_healthy")
        assert ends or "healthcheck" in SERVICES[before]


def test_there_is_a_profile_for_the_system_and_one_for_its_monitoring() -> None:
    """And the command line, which nobody starts by accident."""
    found: dict[str, set[str]] = {}
    for name, said in SERVICES.items():
        for profile in said["profiles"]:
            found.setdefault(profile, set()).add(name)
    assert found == {
        "core": {"secrets", "kafka", "mongo", "database", "setup", *FLOW},
        "monitoring": {"secrets", "exporter", "prometheus", "alertmanager", "grafana"},
        "tools": {"cli"},
    }


def test_the_set_up_works_in_the_operator_s_folders() -> None:
    """What it mounts is where the code looks."""
    assert {str(secrets.SECRETS), str(secrets.PROFILES)} == set(volumes_of("setup"))
    assert str(setup.STATE / "logs") in SERVICES["setup"]["tmpfs"]
    assert secrets.SECRETS.parent == setup.STATE
