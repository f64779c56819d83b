"""Podman as root on a machine without systemd and without an image registry, and what `docker-compose.yml` means to it.

Podman 4.3 has no `compose` of its own, so this reads the file itself: what a service says here is what it runs with.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.promql import ROOT

CONF = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
"""
"""A machine that is itself a guest may not raise limits, and has cgroups that crun does not take."""

DEFAULT = re.compile(r"\$\{\w+:-([^}]*)\}")
"""`${NAME:-value}`; the environment of a test sets none of the names."""

WAIT_SECONDS = 120
POLL_SECONDS = 0.3


def missing() -> list[str]:
    """Return the Debian packages that are not here."""
    wanted = {"podman": "podman", "runc": "runc", "debootstrap": "debootstrap", "mvn": "maven", "java": "default-jre"}
    found = [package for program, package in wanted.items() if shutil.which(program) is None]
    return found if Path("/usr/libexec/podman/catatonit").exists() else [*found, "catatonit"]


@dataclass(frozen=True, slots=True)
class Podman:
    """Podman with our configuration, which lies in `folder`."""

    folder: Path

    def __call__(
        self, *arguments: str, check: bool = True, stdin: str | None = None, timeout: float = 600
    ) -> subprocess.CompletedProcess[str]:
        """Run podman; what it said is in the failure.

        Raises:
            AssertionError: it did not end well, and `check`.
        """
        conf = self.folder / "containers.conf"
        conf.write_text(CONF, encoding="utf-8")
        done = subprocess.run(
            ["podman", *arguments],
            env={**os.environ, "CONTAINERS_CONF": str(conf)},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
        assert not check or done.returncode == 0, f"podman {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done


class Compose:
    """The services of `docker-compose.yml` as containers; their ports stay in their network, whatever the file says."""

    def __init__(self, podman: Podman, project: str) -> None:
        self._podman = podman
        self._project = project
        file: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
        self.services: dict[str, Any] = file["services"]
        self.volumes: list[str] = list(file["volumes"])

    def name(self, service: str) -> str:
        """Return the container of a service."""
        return f"{self._project}-{service}"

    def up(self, *wanted: str) -> None:
        """Start services and all that they depend on, each when what it waits for has come about."""
        self._podman("network", "create", self._project)
        for service in self._order(wanted):
            for before, how in self.services[service].get("depends_on", {}).items():
                self._wait(before, how["condition"])
            self._podman("run", "-d", "--name", self.name(service), *self.arguments(service))

    def run(
        self, service: str, *command: str, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a service once with another command and more settings, as `docker compose run --rm -T` does."""
        return self._podman("run", "--rm", "-i", *self.arguments(service, command, env), check=False, stdin=stdin)

    def down(self) -> None:
        """Leave nothing: containers, volumes, network."""
        # Whoever is in another's network goes before it.
        for service in reversed(self.services):
            self._podman("rm", "-f", "--ignore", "-t", "0", self.name(service))
        for volume in self.volumes:
            self._podman("volume", "rm", "-f", self.name(volume))
        self._podman("network", "rm", "-f", self._project, check=False)

    def arguments(
        self, service: str, command: tuple[str, ...] | None = None, env: Mapping[str, str] | None = None
    ) -> list[str]:
        """Return what `podman run` is told about a service: all that the file says."""
        said = self.services[service]
        options = ["--pull=never", *self._network(service), *_hardening(said), *_limits(said)]
        settings = {**said.get("environment", {}), **(env or {})}
        options += [f"--env={name}={DEFAULT.sub(_default, str(value))}" for name, value in settings.items()]
        options += [f"--volume={self._source(volume)}" for volume in said.get("volumes", [])]
        entry = said.get("entrypoint", [])
        # Podman takes one word for an entry point; the others come before the command.
        options += [f"--entrypoint={entry[0]}"] if entry else []
        return [*options, said["image"], *entry[1:], *(said.get("command", []) if command is None else command)]

    def _network(self, service: str) -> list[str]:
        mode = self.services[service].get("network_mode", "")
        if mode.startswith("service:"):
            return [f"--network=container:{self.name(mode.partition(':')[2])}"]
        return ["--network=none"] if mode == "none" else [f"--network={self._project}", f"--network-alias={service}"]

    def _source(self, volume: str) -> str:
        source, _, rest = volume.partition(":")
        return f"{ROOT / source if source.startswith('.') else self.name(source)}:{rest}"

    def _order(self, wanted: tuple[str, ...]) -> Iterator[str]:
        seen: set[str] = set()

        def visit(service: str) -> Iterator[str]:
            if service not in seen:
                seen.add(service)
                for before in self.services[service].get("depends_on", {}):
                    yield from visit(before)
                yield service

        for service in wanted:
            yield from visit(service)

    def _wait(self, service: str, condition: str) -> None:
        if condition == "service_completed_successfully":
            code = self._podman("wait", self.name(service), timeout=WAIT_SECONDS).stdout.strip()
            assert code == "0", f"{service} ended with {code}:\n{self.logs(service)}"
        else:
            self.until_healthy(service)

    def until_healthy(self, service: str) -> None:
        """Wait until the health check of a service is content: the file's own, or its image's."""
        test = self.services[service].get("healthcheck", {}).get("test")
        asked = ["exec", self.name(service), *test[1:]] if test else ["healthcheck", "run", self.name(service)]
        deadline = time.monotonic() + WAIT_SECONDS
        while self._podman(*asked, check=False).returncode:
            assert time.monotonic() < deadline, f"{service} is not healthy:\n{self.logs(service)}"
            time.sleep(POLL_SECONDS)

    def logs(self, service: str) -> str:
        """Return what a service has said last."""
        # All of them: told --tail, podman 4.3 gives nothing where there is one line.
        done = self._podman("logs", self.name(service), check=False)
        return "\n".join((done.stdout + done.stderr).splitlines()[-20:])


def _default(found: re.Match[str]) -> str:
    return found[1]


def _hardening(said: Mapping[str, Any]) -> list[str]:
    options = [f"--user={said['user']}"] if "user" in said else []
    options += ["--read-only"] if said.get("read_only") else []
    options += ["--init"] if said.get("init") else []
    for ours, theirs in (("tmpfs", "tmpfs"), ("cap_drop", "cap-drop"), ("cap_add", "cap-add")):
        options += [f"--{theirs}={value}" for value in said.get(ours, [])]
    return options + [f"--security-opt={value.removesuffix(':true')}" for value in said.get("security_opt", [])]


def _limits(said: Mapping[str, Any]) -> list[str]:
    limits = said["deploy"]["resources"]["limits"]
    return [f"--cpus={limits['cpus']}", f"--memory={limits['memory']}", f"--pids-limit={limits['pids']}"]
