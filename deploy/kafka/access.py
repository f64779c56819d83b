"""Bringing a broker's access lists and passwords to what the plan says, with the client that can (confluent-kafka)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from deploy.kafka.grants import Change, Grant
from shared.infra.connections import ConnectionSettings

ANSWER_SECONDS = 10.0
PAGE = 500
"""Access lists of one request: a district has some four hundred."""

ITERATIONS = 8192
"""Twice what the broker asks for; the passwords are random, so that more would only make each connection slower."""

_USER = "User:"


class AccessError(Exception):
    """The broker will not do it; the message is a sentence."""


class BrokerAwayError(AccessError):
    """It does not answer, or does not know us: a broker that does not know us closes the door without a word."""


_AWAY = {KafkaError._TIMED_OUT, KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._AUTHENTICATION}  # noqa: SLF001 - so the library names its own errors


class Access:
    """An administrator's connection of its own."""

    def __init__(self, bootstrap: str, settings: ConnectionSettings) -> None:
        self._bootstrap = bootstrap
        self._admin = AdminClient({"bootstrap.servers": bootstrap, **_identity(settings)}, logger=_silent())

    def grants(self) -> set[Grant]:
        """Return what is granted now, to whomever, be it from one host only; what is denied is nobody's grant."""
        everything = AclBindingFilter(
            ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ALLOW
        )
        with self._in_words():
            found = self._admin.describe_acls(everything, request_timeout=ANSWER_SECONDS).result()
        return {_grant(one) for one in found}

    def change(self, change: Change) -> None:
        """Grant first and revoke then, so that who keeps a right under another name is never without it."""
        with self._in_words():
            for page in _pages([_binding(one) for one in change.grant]):
                _all(self._admin.create_acls(page, request_timeout=ANSWER_SECONDS).values())
            for filters in _pages([_filter(one) for one in change.revoke]):
                _all(self._admin.delete_acls(filters, request_timeout=ANSWER_SECONDS).values())

    def users(self) -> set[str]:
        """Return everybody who has a password."""
        with self._in_words():
            return set(self._admin.describe_user_scram_credentials(request_timeout=ANSWER_SECONDS).result())

    def set_passwords(self, passwords: Mapping[str, str]) -> None:
        """Give users these passwords instead of any others; who is connected stays so."""
        how = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
        self._alter([UserScramCredentialUpsertion(user, how, word.encode()) for user, word in passwords.items()])

    def forget_users(self, users: Iterable[str]) -> None:
        """Take users' passwords away: they do not get in any more."""
        self._alter([UserScramCredentialDeletion(user, ScramMechanism.SCRAM_SHA_512) for user in users])

    def _alter(self, alterations: Sequence[Any]) -> None:
        if alterations:
            with self._in_words():
                done = self._admin.alter_user_scram_credentials(list(alterations), request_timeout=ANSWER_SECONDS)
                _all(done.values())

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except KafkaException as error:
            raise _sentence(self._bootstrap, error.args[0]) from None


def _sentence(bootstrap: str, error: KafkaError) -> AccessError:
    if error.code() == KafkaError.SECURITY_DISABLED:
        return AccessError(
            f"The broker at {bootstrap} has no authorizer: whoever reaches it may do anything. "
            "A secured one has authorizer.class.name set (docs/security.md)."
        )
    if error.code() in _AWAY:
        return BrokerAwayError(f"The broker at {bootstrap} does not answer ({error.str()}).")
    return AccessError(f"The broker at {bootstrap} refused: {error.str()}")


def _identity(settings: ConnectionSettings) -> dict[str, Any]:
    if not settings.kafka_username:
        return {}
    authority = {"ssl.ca.location": str(settings.kafka_ca_file)} if settings.kafka_ca_file else {}
    return {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": settings.kafka_username,
        "sasl.password": settings.kafka_password(),
        **authority,
    }


def _silent() -> logging.Logger:
    logger = logging.getLogger("confluent_kafka")
    logger.setLevel(logging.CRITICAL + 1)
    return logger


def _pages(items: Sequence[Any]) -> Iterator[list[Any]]:
    return (list(items[start : start + PAGE]) for start in range(0, len(items), PAGE))


def _all(futures: Iterable[Any]) -> None:
    for future in futures:
        future.result()


def _grant(binding: Any) -> Grant:
    return Grant(
        binding.principal.removeprefix(_USER),
        binding.operation.name.lower(),
        binding.restype.name.lower(),
        binding.name,
        binding.resource_pattern_type.name.lower(),
    )


def _binding(grant: Grant) -> Any:
    return _as(AclBinding, grant, "*")


def _filter(grant: Grant) -> Any:
    return _as(AclBindingFilter, grant, None)


def _as(kind: Callable[..., Any], grant: Grant, host: str | None) -> Any:
    return kind(
        ResourceType[grant.resource.upper()],
        grant.name,
        ResourcePatternType[grant.pattern.upper()],
        f"{_USER}{grant.principal}",
        host,
        AclOperation[grant.operation.upper()],
        AclPermissionType.ALLOW,
    )
