"""`gridwhistle vault`: replacing the key that personal data is sealed with. The services seal again by themselves."""

import re
import secrets
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.cli import _secret_files as files
from deploy.cli._console import PROBLEM, AsJson, fail, print_json, print_table, run, say
from deploy.cli._profiles import MONGO_URL, MongoUrl, away
from shared.decision import Transient
from shared.infra.mongo import connected
from shared.infra.vault import KEY_BYTES, Vault, VaultKeysError

app = typer.Typer(name="vault", help="Replace the key that personal data is sealed with.", no_args_is_help=True)

SETTING = "GW_VAULT_KEYS_FILE"
KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,40}")
PLACES = (("gw_intake", "vault"), ("gw_notifier", "reporters"))

VaultFile = Annotated[
    Path | None,
    typer.Option("--vault-keys", "--file", envvar=SETTING, help="The keys of intake and notifier.", dir_okay=False),
]
KeyId = Annotated[str, typer.Argument(metavar="KEY-ID", help="e.g. 2026-11")]
Counts = dict[str, dict[str, int]]


@app.command()
def status(file: VaultFile = None, mongo_url: MongoUrl = MONGO_URL, as_json: AsJson = False) -> None:
    """Show what each key still holds; while a key is being replaced this is how far it has got."""
    keys = _keys(_read(file)[1])
    counts = _count(mongo_url)
    rows = [_row(id_, place, counts) for place, id_ in enumerate(keys)]
    rows += [{**_row(id_, 1, counts), "does": "MISSING"} for id_ in sorted(counts.keys() - set(keys))]
    if as_json:
        print_json(rows)
    else:
        columns = ("key", "does", *(".".join(place) for place in PLACES))
        print_table(columns, [tuple(str(value) for value in row.values()) for row in rows])
    if any(row["does"] == "MISSING" for row in rows):
        raise typer.Exit(PROBLEM)


@app.command()
def add(id_: KeyId, file: VaultFile = None) -> None:
    """Make a new key that opens and does not seal yet; give the file to intake and notifier, restart both."""
    path, text = _read(file)
    if not KEY_ID.fullmatch(id_):
        raise typer.BadParameter("letters, digits, . _ and -, up to 40", param_hint="KEY-ID")
    if id_ in _keys(text):
        fail(f"There is a key {id_!r} already.")
    joint = "" if text.endswith("\n") or not text else "\n"
    files.write(path, f"{text}{joint}{id_} {b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n")
    say(f"Key {id_} opens. Once intake and notifier both have it: gridwhistle vault promote {id_}")


@app.command()
def promote(id_: KeyId, file: VaultFile = None) -> None:
    """Let a key seal from now on; after a restart the services seal again what older keys hold."""
    path, text = _read(file)
    line = _line(text, id_)
    files.write(path, line.rstrip("\n") + "\n" + text.replace(line, "", 1))
    say(f"Key {id_} seals. Restart notifier, then intake; gridwhistle vault status shows how far they are.")


@app.command()
def retire(id_: KeyId, file: VaultFile = None, mongo_url: MongoUrl = MONGO_URL) -> None:
    """Take a key out for good, once nothing stored needs it; what topics still hold under it is then shredded."""
    path, text = _read(file)
    line = _line(text, id_)
    if _keys(text)[0] == id_:
        fail(f"Key {id_} is the one that seals; promote another first.")
    held = _count(mongo_url).get(id_)
    if held:
        fail(f"Key {id_} still holds {', '.join(f'{number} of {place}' for place, number in held.items())}.")
    files.write(path, text.replace(line, "", 1))
    say(f"Key {id_} is gone. Dead letters and records under it can no longer be opened by anybody.")


def _read(file: Path | None) -> tuple[Path, str]:
    """Return the file and its text, "" when there is none yet; one that services would refuse ends the command."""
    path = files.named(file, SETTING)
    text = files.read(path)
    try:
        if _keys(text):
            Vault.load(path)
    except VaultKeysError as error:
        fail(f"{error}.")
    return path, text


def _keys(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _line(text: str, id_: str) -> str:
    found = [line for line in text.splitlines(keepends=True) if line.split()[:1] == [id_]]
    return found[0] if found else fail(f"There is no key {id_!r}; there are: {', '.join(_keys(text)) or 'none'}.")


def _row(id_: str, place: int, counts: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    held = counts.get(id_, {})
    names = [".".join(one) for one in PLACES]
    return {"key": id_, "does": "opens" if place else "seals", **{name: held.get(name, 0) for name in names}}


def _count(mongo_url: str) -> Counts:
    try:
        return run(_held(mongo_url))
    except Transient as error:
        fail(away(error, mongo_url))


async def _held(mongo_url: str) -> Counts:
    """Return how many documents each key holds, by where they are."""
    counts: Counts = {}
    with connected(mongo_url) as client:
        for database, collection in PLACES:
            stages = [{"$group": {"_id": "$key", "number": {"$sum": 1}}}]
            async for found in client[database][collection].aggregate(stages):
                counts.setdefault(found["_id"] or "", {})[f"{database}.{collection}"] = found["number"]
    return counts
