"""What makes the local mongod ask: a key file, TLS, and one user a service with rights on its own database alone."""

from __future__ import annotations

import secrets as randomness
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlsplit

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from deploy.kafka.grants import OPERATOR, SERVICES
from deploy.local.keys import KEY_BYTES, new_password, write_private
from deploy.local.secured.certificates import DATABASE, authority_file, certificate_file
from deploy.local.secured.identity import DATABASE_USERS, url_file
from shared.infra.directory import DATABASE as DIRECTORY

Client = AsyncMongoClient[dict[str, Any]]

ALREADY_EXISTS = 51003


def roles(user: str) -> list[dict[str, str]]:
    """Return what a user may do: a service has its own database, and reads the profiles."""
    if user == OPERATOR:
        return [{"role": "root", "db": "admin"}]
    own = f"gw_{SERVICES[user]}"
    return [{"role": "readWrite", "db": own}, {"role": "read", "db": DIRECTORY}]


def ensure_files(folder: Path, address: str, seen: Path | None = None) -> None:
    """Make the key of the set and each user's URL; a port that changed gets into the URLs, the passwords stay.

    `seen` is where a reader of the URLs has this folder, if not here.
    """
    if not _set_key(folder).exists():
        # Base 64 of the plain kind: mongod takes no other letters.
        write_private(_set_key(folder), b64encode(randomness.token_bytes(KEY_BYTES)).decode() + "\n")
    for user in DATABASE_USERS:
        file = url_file(folder, user)
        password = password_in(file) if file.exists() else new_password()
        tls = f"tls=true&tlsCAFile={quote_plus(str(authority_file(seen or folder)))}"
        scheme, rest = address.split("://")
        write_private(file, f"{scheme}://{user}:{password}@{rest}&authSource=admin&{tls}\n")


def _set_key(folder: Path) -> Path:
    return folder / "mongo" / "set.key"


def password_in(file: Path) -> str:
    """Return the password in a URL's file."""
    return urlsplit(file.read_text(encoding="utf-8").strip()).password or ""


def arguments(folder: Path) -> list[str]:
    """Return what mongod is started with besides."""
    return [
        *("--keyFile", str(_set_key(folder))),
        *("--tlsMode", "requireTLS", "--tlsCertificateKeyFile", str(certificate_file(folder, DATABASE))),
        *("--tlsCAFile", str(authority_file(folder)), "--tlsAllowConnectionsWithoutCertificates"),
    ]


def tls(folder: Path) -> dict[str, Any]:
    """Return the options of a client that has no user yet."""
    return {"tls": True, "tlsCAFile": str(authority_file(folder))}


def operator(folder: Path) -> dict[str, Any]:
    """Return the options of a client that is the operator."""
    password = password_in(url_file(folder, OPERATOR))
    return {**tls(folder), "username": OPERATOR, "password": password, "authSource": "admin"}


async def ensure_operator(client: Client, folder: Path) -> None:
    """Make the first user; a database that has one lets nobody do this any more."""
    await _create(client, OPERATOR, folder)


async def ensure_services(client: Client, folder: Path) -> None:
    """Make the services' users, or set their rights and passwords to what they should be."""
    for user in SERVICES:
        try:
            await _create(client, user, folder)
        except OperationFailure as refused:
            if refused.code != ALREADY_EXISTS:
                raise
            await client.admin.command("updateUser", user, **_user(user, folder))


async def _create(client: Client, user: str, folder: Path) -> None:
    await client.admin.command("createUser", user, **_user(user, folder))


def _user(user: str, folder: Path) -> Mapping[str, Any]:
    return {"pwd": password_in(url_file(folder, user)), "roles": roles(user)}
