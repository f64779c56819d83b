"""Apache Kafka itself, one node in KRaft mode (broker and controller in one), from the jars that pom.xml names."""

import fcntl
import hashlib
import shutil
import subprocess
from base64 import urlsafe_b64encode
from pathlib import Path

from deploy.local.component import Program
from deploy.local.config import StackConfig
from deploy.local.errors import ComponentError
from deploy.local.machine import HOST, find_java, find_maven
from deploy.local.probes import kafka
from deploy.local.secured import broker
from deploy.local.secured.identity import OPERATOR, connection
from shared.infra.connections import kafka_options

HERE = Path(__file__).parent
POM = HERE / "pom.xml"
# A fixed cluster id: the data directory, not the id, is what makes a stack's Kafka its own.
CLUSTER_ID = urlsafe_b64encode(b"gridwhistle-gw01").decode().rstrip("=")
HEAP = ("-Xms256m", "-Xmx1g")
SHORT_JVM = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
ONE_NODE = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "num.partitions": "6",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "group.initial.rebalance.delay.ms": "0",
}
"""server.properties of one node that is broker and controller, wherever it listens: topics only when asked for."""


def libs(cache: Path) -> Path:
    """Return the folder of Kafka's jars, fetched by Maven the first time and again when pom.xml changes.

    Raises:
        MissingProgramError: the jars are not there yet and Maven is not either.
        ComponentError: Maven could not fetch them.
    """
    wanted = hashlib.sha256(POM.read_bytes()).hexdigest()
    folder = cache / "kafka" / "libs"
    stamp = folder / "pom.sha256"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "libs.lock").open("w") as gate:
        # Two stacks may start at once with one cache.
        fcntl.flock(gate, fcntl.LOCK_EX)
        if not (stamp.exists() and stamp.read_text() == wanted):
            shutil.rmtree(folder, ignore_errors=True)
            _fetch(folder, cache / "kafka" / "maven.log")
            stamp.write_text(wanted)
    return folder


def _fetch(folder: Path, log: Path) -> None:
    maven = find_maven()
    argv = [maven, "-B", "-q", "-C", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    with log.open("wb") as out:
        code = subprocess.run([*argv, "-DincludeScope=runtime"], stdout=out, stderr=out, check=False).returncode
    if code:
        raise ComponentError(
            "Maven", "could not fetch Kafka's jars", log, log.read_text(errors="replace").splitlines()[-12:]
        )


def properties(config: StackConfig) -> dict[str, str]:
    """Return server.properties."""
    ports = config.ports
    listener = broker.LISTENER if config.secure else "PLAINTEXT"
    return {
        **ONE_NODE,
        "controller.quorum.voters": f"1@{HOST}:{ports.controller}",
        "inter.broker.listener.name": listener,
        "listeners": f"{listener}://{HOST}:{ports.kafka},CONTROLLER://{HOST}:{ports.controller}",
        "advertised.listeners": f"{listener}://{HOST}:{ports.kafka}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(data(config)),
        **(broker.properties(config.secrets) if config.secure else {}),
    }


def data(config: StackConfig) -> Path:
    """Return the directory of the log segments."""
    return config.state / "kafka" / "data"


def program(config: StackConfig) -> Program:
    """Return Kafka for this stack, its storage formatted.

    Raises:
        MissingProgramError: no Java 17, or no Maven where it is needed.
        ComponentError: Maven or the formatter failed.
    """
    java = find_java()
    settings = _write_properties(config)
    base = ("-cp", f"{libs(config.cache)}/*", f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}")
    _format(config, (java, *SHORT_JVM, *base), settings)
    argv = (java, *HEAP, *base, "kafka.Kafka", str(settings))
    ports = config.ports
    log = config.logs / "kafka.log"
    probe = kafka(ports.kafka, kafka_options(connection(config, OPERATOR)))
    return Program("kafka", argv, log, probe, ports.kafka, more_ports=(ports.controller,))


def _write_properties(config: StackConfig) -> Path:
    path = config.state / "kafka" / "server.properties"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{key}={value}\n" for key, value in properties(config).items()))
    return path


def _format(config: StackConfig, java: tuple[str, ...], settings: Path) -> None:
    if (data(config) / "meta.properties").exists():
        return
    argv = [*java, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(settings)]
    if config.secure:
        argv = [java[0], *broker.format_arguments(config.secrets, argv[1:], config.secrets / "kafka" / "format.args")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ComponentError("kafka", "could not format its storage", settings, done.stderr.splitlines()[-12:])
