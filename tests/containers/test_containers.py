"""The whole `docker-compose.yml` with podman: our image from its Dockerfile, stand-ins for the official ones.

It takes minutes, so it is run by `make image-test` and not with the other tests.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator

import pytest

from deploy.local.config import FLOW
from tests.support import images
from tests.support.podman import Compose, Podman, missing

LACKS = missing()
pytestmark = [
    pytest.mark.skipif("GW_IMAGE_TEST" not in os.environ, reason="builds images for minutes: make image-test"),
    pytest.mark.skipif(bool(LACKS), reason=f"not installed: {' '.join(LACKS)} (Debian)"),
    pytest.mark.skipif(os.getuid() != 0, reason="podman's containers are made by root here"),
]

GRACE_SECONDS = 10
SEND = ("send", "-", "--partner", "grid-app", "--district", "620802")
PARTNER = {
    "GW_KAFKA_USERNAME": "620802-grid-app",
    "GW_KAFKA_PASSWORD_FILE": "/var/lib/gridwhistle/secrets/kafka/620802-grid-app.password",
}
REPORT = {"report_id": "image-1", "category": "E06010", "text": "解放中路社区3号楼旁暴露垃圾"}


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Podman:
    """Give podman with every image in it."""
    work = tmp_path_factory.mktemp("images")
    found = Podman(work)
    services = Compose(found, "gw-image-test").services
    images.make_debian(found, work)
    images.make_ours(found, work, services["intake"]["image"])
    images.make_kafka(found, work, services["kafka"]["image"])
    images.make_mongo(found, work, services["mongo"]["image"])
    return found


@pytest.fixture(scope="module")
def compose(podman: Podman) -> Iterator[Compose]:
    """Give the system of profile `core`, everything of it started in its order."""
    system = Compose(podman, "gw-image-test")
    system.down()
    try:
        system.up(*FLOW)
        yield system
    finally:
        system.down()


@pytest.mark.parametrize("service", FLOW)
def test_a_service_starts_from_the_image_and_is_ready(compose: Compose, service: str) -> None:
    """The image's own health check asks /readyz: broker, database and partitions are there, with SCRAM over TLS."""
    compose.until_healthy(service)


@pytest.mark.parametrize("service", FLOW)
def test_a_service_is_nobody_and_can_write_nowhere(podman: Podman, compose: Compose, service: str) -> None:
    """Not root, no capabilities, a root that is read-only; only what is mounted for it can be written."""
    name = compose.name(service)
    status = podman("exec", name, "cat", "/proc/1/status").stdout
    told = {key: value.split() for key, _, value in (line.partition(":") for line in status.splitlines())}
    assert told["Uid"] == ["10001"] * 4
    assert told["CapEff"] == told["CapPrm"] == ["0" * 16]
    assert told["NoNewPrivs"] == ["1"]
    for path in ("/opt/gridwhistle/x", "/var/lib/gridwhistle/x", "/var/lib/gridwhistle/secrets/x", "/etc/x"):
        assert podman("exec", name, "touch", path, check=False).returncode != 0, path
    assert podman("exec", name, "touch", "/tmp/x").returncode == 0  # noqa: S108 - the container's


@pytest.mark.parametrize("service", FLOW)
def test_a_service_sees_its_own_secrets_and_no_others(podman: Podman, compose: Compose, service: str) -> None:
    """Whoever takes over the router cannot open what intake has sealed, nor speak as intake."""
    found = podman("exec", compose.name(service), "ls", "/var/lib/gridwhistle/secrets").stdout.split()
    own = {"ca.pem", "kafka.password", "mongo.url"}
    more = {"intake": {"vault.keys", "http.keys"}, "notifier": {"vault.keys", "webhook.secrets", "alerts.token"}}
    assert set(found) == own | more.get(service, set())


def test_a_report_becomes_a_case_and_nothing_is_missing(compose: Compose) -> None:
    """Said by a partner with its own password, found by intake, routed; then proven to be in a case."""
    for service in FLOW:
        compose.until_healthy(service)
    sent = compose.run("cli", *SEND, env=PARTNER, stdin=json.dumps(REPORT))
    assert sent.returncode == 0, sent.stdout + sent.stderr
    proof = json.loads(compose.run("cli", "check", "--json").stdout)
    assert (proof["ok"], proof["districts"]["620802"]["cases"]) == (True, 1)


def test_another_s_name_or_another_s_topic_is_refused(compose: Compose) -> None:
    """From a container in the same network, beside the test above in which the same works."""
    name = compose.run("cli", *SEND, env={**PARTNER, "GW_KAFKA_USERNAME": "620171-grid-app"}, stdin=json.dumps(REPORT))
    assert "We came as 620171-grid-app: are password and authority right" in name.stderr
    police = compose.run(
        "cli", "send", "-", "--partner", "police-110", *SEND[4:], env=PARTNER, stdin=json.dumps(REPORT)
    )
    assert police.returncode != 0
    assert "gw.620802.in.police-110" in police.stdout + police.stderr


def test_a_service_stops_within_its_grace_and_says_that_it_did(podman: Podman, compose: Compose) -> None:
    """`docker compose stop` sends a signal and waits; who is killed after it would leave its partitions behind."""
    for service in FLOW:
        compose.until_healthy(service)
        begun = time.monotonic()
        podman("stop", "-t", "30", compose.name(service))
        took = time.monotonic() - begun
        state = json.loads(podman("inspect", compose.name(service)).stdout)[0]["State"]
        assert '"stopped"' in compose.logs(service)
        assert (state["ExitCode"], took < GRACE_SECONDS) == (0, True), f"{service}: {state['ExitCode']}, {took:.1f} s"
