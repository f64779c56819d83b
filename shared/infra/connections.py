"""Where the broker and the database are, and who this process is to them. Passwords come from files, never by value."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from faststream.kafka.security import parse_security
from faststream.security import SASLScram512
from pydantic import Field, model_validator
from pydantic.config import JsonDict
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "GW_"

SECRET: JsonDict = {"secret": True}
"""Marks a setting that is a secret, or names the file that holds one: `docs/configuration.md` says so."""


class ConnectionSettings(BaseSettings):
    """Settings of every process that talks to broker or database, services and command line alike.

    With a user the broker is spoken to over TLS, and user and password are proven by SCRAM-SHA-512; without one, over
    plain TCP.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    kafka_bootstrap: str = Field(default="127.0.0.1:9092", description="the broker: host:port, comma between several")
    kafka_username: str | None = Field(
        default=None, description="the principal; with it the broker is spoken to by TLS"
    )
    kafka_password_file: Path | None = Field(
        default=None, description="holds that user's password (SCRAM-SHA-512)", json_schema_extra=SECRET
    )
    kafka_ca_file: Path | None = Field(default=None, description="who signs the broker's certificate; else the system")
    mongo_url: str = Field(
        default="mongodb://127.0.0.1:27017/?replicaSet=gw",
        repr=False,
        description="the database; a replica set, for writes are confirmed by its majority",
        json_schema_extra=SECRET,
    )
    mongo_url_file: Path | None = Field(
        default=None,
        description="holds the URL, and with it user and password; wins over the URL",
        json_schema_extra=SECRET,
    )

    @model_validator(mode="before")
    @classmethod
    def _url_from_file(cls, given: Any) -> Any:
        """A file wins: whoever set one does not want what else is in the environment."""
        file = given.get("mongo_url_file") if isinstance(given, dict) else None
        return {**given, "mongo_url": Path(file).read_text(encoding="utf-8").strip()} if file else given

    @model_validator(mode="after")
    def _user_is_whole(self) -> ConnectionSettings:
        if bool(self.kafka_username) != bool(self.kafka_password_file):
            raise ValueError("GW_KAFKA_USERNAME and GW_KAFKA_PASSWORD_FILE belong together")
        if self.kafka_ca_file and not self.kafka_username:
            raise ValueError("GW_KAFKA_CA_FILE needs GW_KAFKA_USERNAME: without a user there is no TLS")
        return self

    def kafka_password(self) -> str:
        """Read the password, anew each time, for it may have been changed.

        Raises:
            OSError: the file cannot be read.
        """
        return self.kafka_password_file.read_text(encoding="utf-8").strip() if self.kafka_password_file else ""


class AuthorityError(ValueError):
    """A file that should name a certificate authority holds no certificate."""


def kafka_security(settings: ConnectionSettings) -> SASLScram512 | None:
    """Return who we are to the broker, as FastStream takes it; None when it does not ask.

    Raises:
        OSError: the password or the authority's certificate cannot be read.
        AuthorityError: there is no certificate in its file.
    """
    if not settings.kafka_username:
        return None
    return SASLScram512(settings.kafka_username, settings.kafka_password(), ssl_context=_tls(settings.kafka_ca_file))


def kafka_options(settings: ConnectionSettings) -> dict[str, Any]:
    """Return the same as arguments of every client of aiokafka.

    Raises:
        OSError: the password or the authority's certificate cannot be read.
        AuthorityError: there is no certificate in its file.
    """
    return parse_security(kafka_security(settings))


def _tls(authority: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority)
    except ssl.SSLError as error:
        raise AuthorityError(f"{authority} holds no certificate of an authority in PEM") from error
