from __future__ import annotations

import re

import typer
import yaml

from deploy.cli.config import page
from deploy.cli.main import app
from deploy.configuration import Section, of_the_command_line, sections
from shared.infra.settings import ServiceSettings
from tests.support.promql import ROOT

EVERY = [*sections(), Section("Command line", "the command line", of_the_command_line(typer.main.get_command(app)))]
_SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|_KEYS?(_|$)|MONGO_URL")


def test_the_page_says_what_the_settings_are() -> None:
    """What is changed in a class and not on the page would be found out by whoever believes the page."""
    written = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert written == page(EVERY), "make docs"


def test_every_setting_says_what_it_is_for() -> None:
    """A name alone does not tell an operator what happens."""
    assert [one.name for section in EVERY for one in section.settings if not (one.description and one.takes)] == []


def test_what_holds_a_secret_is_marked() -> None:
    """Passwords, keys and the database's address, which may hold one; and nothing else."""
    for setting in (one for section in EVERY for one in section.settings):
        assert setting.secret == bool(_SECRET.search(setting.name)), setting.name


def test_a_service_is_gone_before_anybody_would_kill_it() -> None:
    """Docker and Kubernetes wait longer than a service takes at most, with time for the process to be taken away."""
    grace = ServiceSettings.model_fields["stop_seconds"].default
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    chart = (ROOT / "deploy" / "helm" / "templates" / "workloads.yaml").read_text(encoding="utf-8")
    waits = [int(compose["services"][name]["stop_grace_period"].removesuffix("s")) for name in ("intake", "notifier")]
    waits += [int(found) for found in re.findall(r"terminationGracePeriodSeconds: (\d+)", chart)]
    assert len(waits) == 3
    assert min(waits) >= grace + 5
