"""The images of `docker-compose.yml` where no image registry is reached: ours built, the official ones stood in for."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from deploy.local import kafka, mongo
from deploy.local.config import STATE
from tests.support.podman import Podman
from tests.support.promql import ROOT

HERE = ROOT / "tests" / "containers"
DEBIAN = "localhost/gridwhistle-test/debian"
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
PIP_CONF = Path("/etc/pip.conf")


def make_debian(podman: Podman, work: Path) -> None:
    """Make a Debian 12 out of its packages, unless there is one from before."""
    if podman("image", "exists", DEBIAN, check=False).returncode == 0:
        return
    root = work / "debian"
    wanted = "--include=python3,python3-venv,ca-certificates"
    subprocess.run(["debootstrap", "--variant=minbase", wanted, "bookworm", root], check=True, capture_output=True)
    archive = work / "debian.tar"
    subprocess.run(["tar", "-C", root, "-cf", archive, "."], check=True)
    podman("import", str(archive), DEBIAN)


def make_stand_in(podman: Podman, file: str, context: Path, image: str) -> None:
    """Make the image that stands in for an official one, under its name."""
    podman("build", "--network=host", "-t", f"localhost/{image}", "-f", str(HERE / file), str(context))


def make_kafka(podman: Podman, work: Path, image: str) -> None:
    """Stand in for apache/kafka, with the jars of the local stack."""
    shutil.copytree(kafka.libs(STATE), work / "kafka" / "libs")
    make_stand_in(podman, "kafka.Containerfile", work / "kafka", image)


def make_mongo(podman: Podman, work: Path, image: str) -> None:
    """Stand in for mongo, with the mongod of the local stack."""
    (work / "mongo").mkdir()
    shutil.copy(mongo.binary(), work / "mongo")
    make_stand_in(podman, "mongo.Containerfile", work / "mongo", image)


def make_ours(podman: Podman, work: Path, image: str) -> None:
    """Build the Dockerfile as it is, with this machine's own way to the package index."""
    make_stand_in(podman, "python.Containerfile", work, "python:3.11.14-slim-bookworm")
    conf = work / "pip.conf"
    conf.write_bytes(PIP_CONF.read_bytes() if PIP_CONF.exists() else b"")
    ignored = ROOT / "deploy" / "Dockerfile.dockerignore"
    podman(
        *("build", "--network=host", "--pull=never", "--format=docker", "-t", f"localhost/{image}"),
        *(f"--volume={AUTHORITIES}:{AUTHORITIES}:ro", f"--secret=id=pip.conf,src={conf}"),
        *("-f", str(ROOT / "deploy" / "Dockerfile"), f"--ignorefile={ignored}", os.fspath(ROOT)),
    )
