"""Who everybody is to a secured stack of this machine, and where their passwords lie."""

from __future__ import annotations

from pathlib import Path

from deploy.kafka.grants import OPERATOR, SERVICES
from deploy.local.config import StackConfig
from deploy.local.machine import HOST
from deploy.local.secured.certificates import authority_file
from shared.infra.connections import PREFIX, ConnectionSettings

__all__ = ["DATABASE_USERS", "OPERATOR", "connection", "identity", "password_file", "passwords", "url_file"]

DATABASE_USERS = (OPERATOR, *SERVICES)
"""Partners have no business in the database."""


def passwords(secrets: Path) -> Path:
    """Return the folder of the broker's passwords, one file a principal."""
    return secrets / "kafka"


def password_file(secrets: Path, principal: str) -> Path:
    """Return where a principal's password for the broker lies."""
    return passwords(secrets) / f"{principal}.password"


def url_file(secrets: Path, user: str) -> Path:
    """Return where the database's URL for a user lies, with the password in it."""
    return secrets / "mongo" / f"{user}.url"


def connection(config: StackConfig, principal: str) -> ConnectionSettings:
    """Return the same for a client in this process."""
    # All of them, for what is left out would be looked for in this process's own environment.
    nobody = dict.fromkeys(("kafka_username", "kafka_password_file", "kafka_ca_file", "mongo_url_file"))
    given = {name.removeprefix(PREFIX).lower(): value for name, value in identity(config, principal).items()}
    return ConnectionSettings.model_validate({"kafka_bootstrap": f"{HOST}:{config.ports.kafka}", **nobody, **given})


def identity(config: StackConfig, principal: str) -> dict[str, str]:
    """Return the settings with which a process is that principal; none where nobody is asked."""
    if not config.secure:
        return {}
    secrets = config.secrets
    database = {"GW_MONGO_URL_FILE": str(url_file(secrets, principal))} if principal in DATABASE_USERS else {}
    return {
        "GW_KAFKA_USERNAME": principal,
        "GW_KAFKA_PASSWORD_FILE": str(password_file(secrets, principal)),
        "GW_KAFKA_CA_FILE": str(authority_file(secrets)),
        **database,
    }
