from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings

from deploy.compose import setup
from deploy.local.config import FLOW
from shared.infra.settings import ServiceSettings
from tests.support.promql import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("gridwhistle:")]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")


def settings_of(service: str) -> set[str]:
    """Return the environment variables that a service or a part of it knows; the set-up knows what all do."""
    classes: list[type[BaseSettings]] = [ServiceSettings]
    if service in FLOW:
        package = importlib.import_module(f"services.{service}")
        for found in pkgutil.walk_packages(package.__path__, f"services.{service}."):
            module = importlib.import_module(found.name)
            own = [cls for _, cls in inspect.getmembers(module, inspect.isclass) if cls.__module__ == module.__name__]
            classes += [cls for cls in own if issubclass(cls, BaseSettings)]
    return {f"{cls.model_config['env_prefix']}{name.upper()}" for cls in classes for name in cls.model_fields}


@pytest.mark.parametrize("service", OURS)
def test_every_setting_is_one_that_the_service_knows(service: str) -> None:
    """A misspelt setting would be passed over without a word."""
    given = {name for name in SERVICES[service]["environment"] if name.startswith("GW_")}
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


def test_the_set_up_writes_where_the_services_read() -> None:
    """Keys and profiles lie where the volumes put them."""
    mounted = {volume.split(":")[1] for volume in SERVICES["setup"]["volumes"]}
    assert mounted == {str(setup.SECRETS), str(setup.PROFILES)}
    for service in OURS:
        files = [value for name, value in SERVICES[service]["environment"].items() if name.endswith("_FILE")]
        targets = [volume.split(":")[1] for volume in SERVICES[service].get("volumes", [])]
        assert [file for file in files if not file.startswith(tuple(targets))] == []
