"""Keys and certificates: those that something is sealed under are there, none is old, none is about to end."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from deploy.cli.vault import PLACES
from deploy.doctor.finding import Finding, failure, or_ok, skipped, warning
from shared.infra.vault import Vault, VaultKeysError

KEYS, CERTIFICATES = "vault keys", "certificates"
OLD = timedelta(days=365)
SOON, NOW = timedelta(days=30), timedelta(days=3)


async def look(client: Any, file: Path | None, now: datetime) -> list[Finding]:
    """Compare the file with what is sealed.

    Raises:
        pymongo.errors.PyMongoError: the database does not answer.
    """
    if file is None:
        return [skipped(KEYS, "Nobody said where the vault's keys are.", "Set GW_VAULT_KEYS_FILE, as intake has it.")]
    try:
        vault = Vault.load(file)
    except VaultKeysError as error:
        return [failure(KEYS, f"{error}.", "Bring the file back: without its keys nobody can reach a reporter.")]
    held: dict[str, int] = {}
    for database, collection in PLACES:
        async for one in client[database][collection].aggregate([{"$group": {"_id": "$key", "n": {"$sum": 1}}}]):
            held[one["_id"]] = held.get(one["_id"], 0) + one["n"]
    since = await _since(client, vault.sealing)
    return or_ok(
        KEYS,
        f"{len(vault.keys)} keys; {vault.sealing} seals, and all that is sealed can be opened.",
        [*_held(held, vault), *_file(file), *_age(vault.sealing, since, now)],
    )


async def _since(client: Any, key: str) -> datetime | None:
    """Return since when a key seals, as intake wrote it down."""
    found = await client["gw_intake"]["vault_keys"].find_one({"_id": key})
    return None if found is None else found["since"]


def _held(held: dict[str, int], vault: Vault) -> Iterator[Finding]:
    for key in sorted(held.keys() - set(vault.keys), key=str):
        advice = "Bring the key back into the file from where you keep keys; nobody else can open this."
        yield failure(KEYS, f"{held[key]:,} documents are sealed under {key}, which is not in the file.", advice)
    older = sum(number for key, number in held.items() if key in vault.keys and key != vault.sealing)
    if older:
        advice = (
            "Intake and notifier seal them again within minutes once restarted with the file: gridwhistle vault status."
        )
        yield warning(KEYS, f"{older:,} documents are sealed under an older key.", advice)


def _file(file: Path) -> Iterable[Finding]:
    if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield warning(KEYS, f"{file} can be read by others than its owner.", f"chmod 600 {file}")


def _age(key: str, since: datetime | None, now: datetime) -> Iterable[Finding]:
    if since is not None and now - since > OLD:
        advice = "gridwhistle vault add, promote (decision 097); retire the old one 30 days later."
        yield warning(KEYS, f"{key} has sealed for {(now - since).days} days.", advice)


def certificates(ends: Sequence[tuple[str, float]], now: datetime) -> list[Finding]:
    """Say which certificates end soon; `ends`: each endpoint with when, in seconds since 1970."""
    if not ends:
        return [skipped(CERTIFICATES, "Neither broker nor database is spoken to over TLS here.", "docs/security.md")]
    found = [_end(name, datetime.fromtimestamp(end, UTC), now) for name, end in ends]
    first = min(datetime.fromtimestamp(end, UTC) for _, end in ends)
    return or_ok(CERTIFICATES, f"{len(ends)} certificates, the first ends on {first:%Y-%m-%d}.", filter(None, found))


def _end(name: str, end: datetime, now: datetime) -> Finding | None:
    left = end - now
    if left > SOON:
        return None
    said = f"That of {name} ends on {end:%Y-%m-%d %H:%M} UTC."
    advice = "Make new ones and restart what shows them (docs/security.md, Changing secrets)."
    return (failure if left < NOW else warning)(CERTIFICATES, said, advice)
