"""Requests about access lists, SCRAM users and topic settings that aiokafka's administrator does not make.

For access lists aiokafka has the records of the wire, one binding a request; here they take many. For users and for
settings one by one it has none: KIP-554 and KIP-339 describe them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka.protocol.admin import CreateAclsRequest_v1, DeleteAclsRequest_v1
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Array,
    Boolean,
    CompactArray,
    CompactBytes,
    CompactString,
    Int8,
    Int16,
    Int32,
    Schema,
    String,
    TaggedFields,
)

SCRAM_SHA_512 = 2
ITERATIONS = 8192
"""Twice what the broker asks for; our passwords are random, so that more would only slow each connection down."""

Binding = tuple[int, str, int, str, str | None, int, int]
"""Kind and name of a resource, kind of the name, principal, host, operation, permission."""

_TEXT = CompactString("utf-8")
_PLAIN = String("utf-8")

_TOPIC = 2
_SET = 0


class CreateAcls(Request[CreateAclsRequest_v1]):
    """Grant many at once."""

    API_KEY = 30

    def __init__(self, bindings: Iterable[Binding]) -> None:
        self._bindings = list(bindings)

    def build(self, request_struct_class: type[CreateAclsRequest_v1]) -> CreateAclsRequest_v1:
        """Return it as it goes over the wire."""
        return request_struct_class(self._bindings)


class DeleteAcls(Request[DeleteAclsRequest_v1]):
    """Take away many at once; a host of None is any."""

    API_KEY = 31

    def __init__(self, filters: Iterable[Binding]) -> None:
        self._filters = list(filters)

    def build(self, request_struct_class: type[DeleteAclsRequest_v1]) -> DeleteAclsRequest_v1:
        """Return it as it goes over the wire."""
        return request_struct_class(self._filters)


class _UsersResponse(Response):
    API_KEY = 50
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("error_message", _TEXT),
        (
            "results",
            CompactArray(
                ("user", _TEXT),
                ("error_code", Int16),
                ("error_message", _TEXT),
                ("infos", CompactArray(("mechanism", Int8), ("iterations", Int32), ("tags", TaggedFields))),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _UsersRequest(RequestStruct):
    API_KEY = 50
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _UsersResponse
    SCHEMA = Schema(("users", CompactArray(("name", _TEXT), ("tags", TaggedFields))), ("tags", TaggedFields))


class DescribeUsers(Request[_UsersRequest]):
    """Ask for everybody who has a password."""

    API_KEY = 50

    def build(self, request_struct_class: type[_UsersRequest]) -> _UsersRequest:
        """Return it as it goes over the wire; no list of names is all."""
        return request_struct_class(None, {})


class _AlterUsersResponse(Response):
    API_KEY = 51
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(("user", _TEXT), ("error_code", Int16), ("error_message", _TEXT), ("tags", TaggedFields)),
        ),
        ("tags", TaggedFields),
    )


class _AlterUsersRequest(RequestStruct):
    API_KEY = 51
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _AlterUsersResponse
    SCHEMA = Schema(
        ("deletions", CompactArray(("name", _TEXT), ("mechanism", Int8), ("tags", TaggedFields))),
        (
            "upsertions",
            CompactArray(
                ("name", _TEXT),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class AlterUsers(Request[_AlterUsersRequest]):
    """Set passwords, and take them away. The broker gets salted hashes, never a password."""

    API_KEY = 51

    def __init__(self, passwords: Mapping[str, str], gone: Iterable[str], salts: Mapping[str, bytes]) -> None:
        self._upsertions: list[Any] = [
            (user, SCRAM_SHA_512, ITERATIONS, salts[user], salted(password, salts[user]), {})
            for user, password in passwords.items()
        ]
        self._deletions: list[Any] = [(user, SCRAM_SHA_512, {}) for user in gone]

    def build(self, request_struct_class: type[_AlterUsersRequest]) -> _AlterUsersRequest:
        """Return it as it goes over the wire."""
        return request_struct_class(self._deletions, self._upsertions, {})


def salted(password: str, salt: bytes) -> bytes:
    """Return `SaltedPassword` of RFC 5802 with SHA-512."""
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)


class _SetConfigsResponse(Response):
    API_KEY = 44
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("responses", Array(("error_code", Int16), ("error_message", _PLAIN), ("kind", Int8), ("name", _PLAIN))),
    )


class _SetConfigsRequest(RequestStruct):
    API_KEY = 44
    API_VERSION = 0
    RESPONSE_TYPE = _SetConfigsResponse
    SCHEMA = Schema(
        (
            "resources",
            Array(
                ("kind", Int8),
                ("name", _PLAIN),
                ("configs", Array(("name", _PLAIN), ("operation", Int8), ("value", _PLAIN))),
            ),
        ),
        ("validate_only", Boolean),
    )


class SetTopicConfigs(Request[_SetConfigsRequest]):
    """Set some settings of topics and leave every other as it is (IncrementalAlterConfigs)."""

    API_KEY = 44

    def __init__(self, wanted: Mapping[str, Mapping[str, str]]) -> None:
        self._wanted = wanted

    def build(self, request_struct_class: type[_SetConfigsRequest]) -> _SetConfigsRequest:
        """Return it as it goes over the wire."""
        resources = [
            (_TOPIC, topic, [(name, _SET, value) for name, value in configs.items()])
            for topic, configs in self._wanted.items()
        ]
        return request_struct_class(resources=resources, validate_only=False)
