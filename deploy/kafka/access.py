"""Bringing a broker's access lists and users to what the plan says."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import ClusterAuthorizationFailedError, SecurityDisabled, for_code
from aiokafka.protocol.admin import DescribeAclsRequest

from deploy.kafka.grants import Change, Grant
from deploy.kafka.protocol import AlterUsers, Binding, CreateAcls, DeleteAcls, DescribeUsers

PAGE = 500
"""Access lists of one request: a district has some four hundred."""

SALT_BYTES = 16


class _Resource(IntEnum):
    """As on the wire; so are the next two."""

    ANY = 1
    TOPIC = 2
    GROUP = 3
    CLUSTER = 4
    TRANSACTIONAL_ID = 5
    DELEGATION_TOKEN = 6
    USER = 7


class _Pattern(IntEnum):
    ANY = 1
    LITERAL = 3
    PREFIXED = 4


class _Operation(IntEnum):
    ANY = 1
    ALL = 2
    READ = 3
    WRITE = 4


_ALLOW = 3
_USER = "User:"


class AccessRefusedError(Exception):
    """The broker will not do it; the message is a sentence."""


class Access:
    """What an administrator may ask about access; `client` is connected."""

    def __init__(self, client: AIOKafkaClient) -> None:
        self._client = client

    async def grants(self) -> set[Grant]:
        """Return what is granted now, to whomever, be it from one host only; what is denied is nobody's grant.

        Raises:
            AccessRefusedError: we may not ask, or the broker asks nobody who he is.
        """
        anything = (_Resource.ANY, None, _Pattern.ANY, None, None, _Operation.ANY, _ALLOW)
        found = await self._ask(DescribeAclsRequest(*anything))
        _refuse(found.error_code, found.error_message)
        return {_grant(*resource[:3], *acl) for resource in found.resources for acl in resource[3]}

    async def change(self, change: Change) -> None:
        """Grant first and revoke then, so that who keeps a right under another name is never without it.

        Raises:
            AccessRefusedError: we may not.
        """
        for page in _pages([_binding(one, "*") for one in change.grant]):
            for code, message in (await self._ask(CreateAcls(page))).creation_responses:
                _refuse(code, message)
        for page in _pages([_binding(one, None) for one in change.revoke]):
            for code, message, _ in (await self._ask(DeleteAcls(page))).filter_responses:
                _refuse(code, message)

    async def users(self) -> set[str]:
        """Return everybody who has a password.

        Raises:
            AccessRefusedError: we may not ask.
        """
        found = await self._ask(DescribeUsers())
        _refuse(found.error_code, found.error_message)
        return {result[0] for result in found.results}

    async def set_users(self, passwords: Mapping[str, str], gone: Collection[str] = ()) -> None:
        """Give users these passwords instead of any others, and let others in no more; who is connected stays so.

        Raises:
            AccessRefusedError: we may not.
        """
        if passwords or gone:
            salts = {user: secrets.token_bytes(SALT_BYTES) for user in passwords}
            for _, code, message, _ in (await self._ask(AlterUsers(passwords, gone, salts))).results:
                _refuse(code, message)

    async def _ask(self, request: Any) -> Any:
        controller = self._client.cluster.controller
        return await self._client.send(
            self._client.get_random_node() if controller is None else controller.nodeId, request
        )


def _refuse(code: int, message: str | None) -> None:
    error = for_code(code)
    if error is SecurityDisabled:
        raise AccessRefusedError(
            "This broker has no authorizer: whoever reaches it may do anything. How to secure it: docs/security.md"
        )
    if error is ClusterAuthorizationFailedError:
        raise AccessRefusedError("The broker lets only an administrator do this: its super user, the operator.")
    if code:
        raise AccessRefusedError(f"The broker refused: {message or error.__name__}")


def _pages(items: Sequence[Binding]) -> Iterator[Sequence[Binding]]:
    return (items[start : start + PAGE] for start in range(0, len(items), PAGE))


def _grant(resource: int, name: str, pattern: int, principal: str, _: str, operation: int, __: int) -> Grant:
    kinds: Iterable[tuple[type[IntEnum], int]] = ((_Resource, resource), (_Pattern, pattern), (_Operation, operation))
    of, how, may = (_word(kind, value) for kind, value in kinds)
    return Grant(principal.removeprefix(_USER), may, of, name, how)


def _word(kind: type[IntEnum], value: int) -> str:
    return kind(value).name.lower() if value in set(kind) else str(value)


def _binding(grant: Grant, host: str | None) -> Binding:
    return (
        _number(_Resource, grant.resource),
        grant.name,
        _number(_Pattern, grant.pattern),
        f"{_USER}{grant.principal}",
        host,
        _number(_Operation, grant.operation),
        _ALLOW,
    )


def _number(kind: type[IntEnum], word: str) -> int:
    return int(word) if word.isdigit() else kind[word.upper()]
