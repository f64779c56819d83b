"""Makes every key, certificate and password of the compose system, and hands each container its own and no other.

`docker compose run --rm secrets`; every `up` runs it too. What is there stays; only what is missing is made.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.kafka.grants import SERVICES
from deploy.local import kafka, keys, mongo
from deploy.local.config import Ports
from deploy.local.secured import broker, certificates, database, identity

SECRETS = Path("/var/lib/gridwhistle/secrets")
"""The operator's folder, which has all of them; and where every other container finds its own."""
HANDED = Path("/handed")
"""One volume a container, of its name."""
PROFILES = Path("/etc/gridwhistle/districts")

PORTS = Ports()
INSIDE, OUTSIDE = broker.LISTENER, "OUTSIDE"
INSIDE_PORT = 19092
MEMBER = f"mongo:{PORTS.mongo}"
KAFKA_DATA = Path("/var/lib/kafka/data")
KAFKA_JARS = "/opt/kafka/libs/*"
OURS, KAFKA, MONGO, GRAFANA, ALERTMANAGER = 10001, 1000, 999, 472, 65534
"""Who runs in our image, in apache/kafka, mongo and grafana/grafana."""

Own = Callable[[Path, int], None]


@dataclass(frozen=True, slots=True)
class Hand:
    """What a container gets: its files by the names it knows them by, and where they lie in the operator's folder."""

    owner: int
    files: Mapping[str, str]


def hands() -> dict[str, Hand]:
    """Return the hand of each container."""
    more = {
        "intake": ("vault.keys", "http.keys"),
        "notifier": ("vault.keys", "webhook.secrets", "alerts.token"),
    }
    found = {name: _service(principal, more.get(name, ())) for principal, name in SERVICES.items()}
    authority = certificates.authority_file(SECRETS).name
    same = (authority, f"{certificates.BROKER}.pem", "kafka/server.properties", "kafka/format.args")
    found["kafka"] = Hand(KAFKA, {name: name for name in same})
    found["mongo"] = Hand(MONGO, {name: name for name in (authority, f"{certificates.DATABASE}.pem", "mongo/set.key")})
    found["alertmanager"] = Hand(ALERTMANAGER, {"alerts.token": "alerts.token"})
    found["grafana"] = Hand(GRAFANA, {"grafana.password": "grafana.password"})
    return found


def _service(principal: str, more: Sequence[str]) -> Hand:
    """Return what a service gets, under the same names for all four, as Kubernetes gives it to them too."""
    own = {"kafka.password": f"kafka/{principal}.password", "mongo.url": f"mongo/{principal}.url"}
    return Hand(OURS, {"ca.pem": "ca.pem", **own, **{name: name for name in more}})


def server_properties() -> dict[str, str]:
    """Return server.properties: one listener for the containers, one for this machine, both asking who one is."""
    return {
        **kafka.ONE_NODE,
        "controller.quorum.voters": f"1@localhost:{PORTS.controller}",
        "listeners": f"{INSIDE}://:{INSIDE_PORT},{OUTSIDE}://:{PORTS.kafka},CONTROLLER://localhost:{PORTS.controller}",
        "advertised.listeners": f"{INSIDE}://kafka:{INSIDE_PORT},{OUTSIDE}://127.0.0.1:{PORTS.kafka}",
        "log.dirs": str(KAFKA_DATA),
        **broker.properties(SECRETS, (INSIDE, OUTSIDE)),
    }


def make(folder: Path, profiles: Path) -> None:
    """Make what is missing in the operator's folder."""
    found = sorted(path for path in profiles.glob("*") if path.is_dir() and path.name.isdigit())
    keys.ensure_secrets(folder, keys.partners(found))
    certificates.ensure_certificates(folder, ("kafka", "mongo"))
    identity.passwords(folder).mkdir(mode=0o700, exist_ok=True)
    for principal in SERVICES:
        keys.password_of(identity.password_file(folder, principal))
    database.ensure_files(folder, f"mongodb://{MEMBER}/?replicaSet={mongo.REPLICA_SET}", SECRETS)
    keys.password_of(folder / "grafana.password")
    properties = "".join(f"{name}={value}\n" for name, value in server_properties().items())
    keys.write_private(folder / "kafka" / "server.properties", properties)
    formatter = ["-cp", KAFKA_JARS, "kafka.tools.StorageTool", "format", "-t", kafka.CLUSTER_ID]
    formatter += ["-c", str(SECRETS / "kafka" / "server.properties")]
    broker.format_arguments(folder, formatter, folder / "kafka" / "format.args")


def hand_out(folder: Path, handed: Path, own: Own) -> None:
    """Copy to each container what is its own; the folder and the files belong to whoever runs there."""
    for name, hand in hands().items():
        for target, source in hand.files.items():
            file = handed / name / target
            keys.write_private(file, (folder / source).read_text(encoding="utf-8"))
            own(file, hand.owner)
            own(file.parent, hand.owner)
        own(handed / name, hand.owner)
    for path in (folder, *folder.rglob("*")):
        own(path, OURS)


def _chown(path: Path, owner: int) -> None:
    os.chown(path, owner, owner)
    if path.is_dir():
        path.chmod(0o700)


def main() -> None:
    """Make and hand out."""
    make(SECRETS, PROFILES)
    hand_out(SECRETS, HANDED, _chown)


if __name__ == "__main__":
    main()
