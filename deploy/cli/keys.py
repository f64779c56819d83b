"""`gridwhistle keys`: the API keys with which partners come in over HTTP. Intake reads the file again by itself."""

import secrets
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli import _secret_files as files
from deploy.cli._console import AsJson, fail, print_json, print_table, say
from deploy.cli._districts import Districts, check_code, check_partner
from services.intake.adapters.keys import ANY, Grant, read_grants

app = typer.Typer(name="keys", help="Make, list and take back partners' API keys for HTTP.", no_args_is_help=True)

KEY_BYTES = 32
SHORT = 12
SETTING = "GW_HTTP_KEYS_FILE"

KeysFile = Annotated[
    Path | None, typer.Option("--file", envvar=SETTING, help="The file of digests that intake reads.", dir_okay=False)
]


@app.command()
def new(
    partner: Annotated[str, typer.Argument(help="Whom the key lets in, e.g. grid-app.")],
    district: Districts = None,
    every: Annotated[bool, typer.Option("--every-district", help="In every district, also those to come.")] = False,
    file: KeysFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it, this once: the file keeps its digest. Older keys of the partner go on being good."""
    check_partner(partner, "PARTNER")
    if bool(district) == every:
        raise typer.BadParameter("name districts, or say --every-district", param_hint="--district")
    path = files.named(file, SETTING)
    codes = [check_code(code) for code in district or []] or [ANY]
    key = secrets.token_urlsafe(KEY_BYTES)
    digest = sha256(key.encode()).hexdigest()
    before = files.read(path)
    joint = "" if before.endswith("\n") or not before else "\n"
    files.write(path, before + joint + "".join(f"{partner} {code} {digest}\n" for code in codes))
    if as_json:
        print_json({"id": digest[:SHORT], "partner": partner, "districts": codes, "key": key})
        return
    say(f"Key {digest[:SHORT]} for {partner}. It is shown this once:")
    typer.echo(key)


@app.command("list")
def list_keys(file: KeysFile = None, as_json: AsJson = False) -> None:
    """List whose keys are good, and where; a key is named by the beginning of its digest."""
    path = files.named(file, SETTING)
    grants = _grants(files.read(path))
    rows = [(one.digest.hex()[:SHORT], one.partner, sorted(one.districts)) for one in grants]
    if as_json:
        print_json([{"id": id_, "partner": partner, "districts": codes} for id_, partner, codes in rows])
    else:
        print_table(("key", "partner", "districts"), [(id_, partner, " ".join(codes)) for id_, partner, codes in rows])
    if not path.exists():
        say(f"There is no file {path} yet: nobody has a key.")


@app.command()
def revoke(
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="As `keys list` names them, or how they begin.")],
    file: KeysFile = None,
) -> None:
    """Take keys back; the next request with one is answered 401."""
    path = files.named(file, SETTING)
    text = files.read(path)
    digests = {_one(_grants(text), id_) for id_ in ids}
    kept = [line for line in text.splitlines(keepends=True) if not _is_of(line, digests)]
    files.write(path, "".join(kept))
    say(f"{len(digests)} keys taken back.")


def _grants(text: str) -> Sequence[Grant]:
    return sorted(read_grants(text), key=lambda grant: (grant.partner, grant.digest))


def _one(grants: Sequence[Grant], id_: str) -> str:
    found = {grant.digest.hex() for grant in grants if grant.digest.hex().startswith(id_.lower())}
    if len(found) != 1:
        fail(f"{len(found)} keys begin with {id_!r}." if found else f"There is no key {id_!r}.")
    return found.pop()


def _is_of(line: str, digests: set[str]) -> bool:
    parts = line.split()
    return len(parts) > 0 and not parts[0].startswith("#") and parts[-1].lower() in digests
