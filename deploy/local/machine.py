"""What this machine must have: the right processor and C library, free ports, and for Kafka a Java and Maven."""

import os
import platform
import re
import shutil
import socket
import subprocess
from collections.abc import Iterable
from pathlib import Path

from deploy.local.errors import MissingProgramError, PortTakenError, UnsupportedPlatformError

HOST = "127.0.0.1"
MINIMUM_JAVA = 17
JAVA_PACKAGE = "Debian and Ubuntu: apt-get install openjdk-17-jre-headless"
TANSU_WAY = "Without Java the default broker does: gridwhistle up"


def check_platform(system: str, machine: str, libc: str) -> None:
    """Refuse a machine that cannot run the programs inside the wheels.

    Raises:
        UnsupportedPlatformError: it is not Linux, x86_64 and glibc.
    """
    if (system, machine, libc) != ("Linux", "x86_64", "glibc"):
        raise UnsupportedPlatformError(
            f"{system} {machine}" + (f" with {libc or 'another C library'}" * (system == "Linux"))
        )


def check_this_platform() -> None:
    """Check the machine we are on."""
    check_platform(platform.system(), platform.machine(), platform.libc_ver()[0])


def port_is_free(port: int) -> bool:
    """Return whether a program of ours could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def check_ports(wanted: Iterable[tuple[int, str]]) -> None:
    """Check all ports before anything starts, so that a refusal leaves nothing behind.

    Raises:
        PortTakenError: for the first one taken, with the program of ours that wanted it.
    """
    for port, program in wanted:
        if not port_is_free(port):
            raise PortTakenError(port, program)


def java_version(java: str) -> int:
    """Return the major version that `java -version` tells, 0 when it tells none."""
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', told)
    return int(found.group(1)) if found else 0


def find_java() -> str:
    """Return the Java to run Kafka with: JAVA_HOME's, else the one on PATH.

    Raises:
        MissingProgramError: there is none, or it is older than 17.
    """
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if java is None:
        where = f"in JAVA_HOME ({home})" if home else "on PATH"
        raise MissingProgramError(
            f"Apache Kafka runs on Java 17 or later; there is no java {where}.\n{JAVA_PACKAGE}\n{TANSU_WAY}"
        )
    version = java_version(java)
    if version < MINIMUM_JAVA:
        raise MissingProgramError(
            f"Apache Kafka needs Java 17 or later; {java} is Java {version}.\n{JAVA_PACKAGE}\n{TANSU_WAY}"
        )
    return java


def find_maven() -> str:
    """Return Maven, which fetches Kafka's jars once.

    Raises:
        MissingProgramError: there is none on PATH.
    """
    maven = shutil.which("mvn")
    if maven is None:
        raise MissingProgramError(
            "Apache Kafka's jars are fetched by Maven the first time; there is no mvn on PATH.\n"
            f"Debian and Ubuntu: apt-get install maven\n{TANSU_WAY}"
        )
    return maven
