"""Helm, and what it makes of the chart."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from deploy.local.config import STATE
from tests.support.promql import ROOT

CHART = ROOT / "deploy" / "helm"
KUBERNETES = "1.33"
"""What is rendered is rendered for this version, and validated against its schemas."""

Manifest = Mapping[str, Any]


def find() -> str | None:
    """Return the helm of `make helm`, else the one on PATH."""
    own = STATE / "bin" / "helm"
    return str(own) if own.exists() else shutil.which("helm")


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run helm with nothing of this machine's own configuration."""
    program = find()
    assert program, "make helm"
    return subprocess.run(
        [program, *arguments],
        env={"PATH": os.environ["PATH"], "HOME": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )


def template(example: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Render the chart with the values of an example."""
    values = str(CHART / "examples" / f"{example}.yaml")
    return helm("template", "gw", str(CHART), "--kube-version", f"{KUBERNETES}.0", "-f", values, *options)


@dataclass(frozen=True, slots=True)
class Rendered:
    """Everything that an example becomes."""

    manifests: tuple[Manifest, ...]

    def of(self, kind: str) -> Iterator[Manifest]:
        """Yield what is of a kind."""
        return (one for one in self.manifests if one["kind"] == kind)

    def one(self, kind: str, name: str) -> Manifest:
        """Return the one of that kind and name."""
        (found,) = (one for one in self.of(kind) if one["metadata"]["name"] == name)
        return found

    def pods(self) -> Iterator[tuple[str, Manifest]]:
        """Yield the specification of each kind of pod, with the name of what makes it."""
        for one in self.manifests:
            if one["kind"] in {"Deployment", "Job"}:
                yield one["metadata"]["name"], one["spec"]["template"]["spec"]


def parse(done: subprocess.CompletedProcess[str]) -> Rendered:
    """Return what was rendered.

    Raises:
        AssertionError: helm refused it.
    """
    assert done.returncode == 0, done.stderr
    return Rendered(tuple(one for one in yaml.safe_load_all(done.stdout) if one))


@cache
def rendered(example: str) -> Rendered:
    """Return what an example becomes."""
    return parse(template(example))


def containers(pod: Manifest) -> Iterator[Manifest]:
    """Yield the containers of a pod, those of its beginning too."""
    yield from pod.get("initContainers", [])
    yield from pod["containers"]
