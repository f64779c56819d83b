"""The services as processes of their own, `python -m services.<name>.main`, and the settings they are given."""

import sys
from collections.abc import Mapping
from datetime import datetime

from deploy.local import mongo, probes
from deploy.local.component import Program
from deploy.local.config import StackConfig
from deploy.local.machine import HOST
from deploy.local.secured.identity import OPERATOR, identity
from shared.infra.clock import ScaledClock


def common_env(config: StackConfig, origin: datetime) -> dict[str, str]:
    """Return the settings every process of this stack shares, clients too.

    `origin` is the real instant at which a virtual clock stood at its start.
    """
    ports = config.ports
    secrets = config.secrets
    return {
        "GW_KAFKA_BOOTSTRAP": f"{HOST}:{ports.kafka}",
        "GW_KAFKA_IDEMPOTENT": "false" if config.broker == "tansu" else "true",
        "GW_MONGO_URL": mongo.url(ports.mongo),
        **identity(config, OPERATOR),
        "GW_HTTP_HOST": HOST,
        "GW_DISTRICTS": ",".join(config.districts),
        "GW_VAULT_KEYS_FILE": str(secrets / "vault.keys"),
        "GW_HTTP_KEYS_FILE": str(secrets / "http.keys"),
        "GW_WEBHOOK_SECRETS_FILE": str(secrets / "webhook.secrets"),
        "GW_SMTP_HOST": HOST,
        "GW_SMTP_PORT": str(ports.smtp),
        "GW_SMTP_SENDER": "gridwhistle@example.invalid",
        "GW_NOTICES_FILE": str(config.state / "notices.jsonl"),
        "GW_MODE": config.mode,
        **_clock_env(config, origin),
        **config.env,
    }


def _clock_env(config: StackConfig, origin: datetime) -> dict[str, str]:
    clock = config.clock
    return {} if clock is None else ScaledClock(clock.start, clock.origin or origin, clock.rate).settings()


def label(name: str, replica: int) -> str:
    """Return what a replica is called in tables, logs and messages: `router`, `router-1`."""
    return name if replica == 0 else f"{name}-{replica}"


def program(config: StackConfig, name: str, replica: int, env: Mapping[str, str], called: str = "") -> Program:
    """Return one replica of a service; ready means it has its partitions, its database and its broker."""
    port = config.ports.service(name, replica)
    called = called or label(name, replica)
    return Program(
        name=called,
        argv=(sys.executable, "-m", f"services.{name}.main"),
        log=config.logs / f"{called}.log",
        probe=probes.http(f"http://{HOST}:{port}/readyz"),
        port=port,
        stop_seconds=30,
        env={**env, "GW_HTTP_PORT": str(port), "PYTHONUNBUFFERED": "1"},
    )
