"""The secrets of a local stack: made the first time, kept, readable by their owner only, never in the repository."""

import hashlib
import json
import secrets
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from deploy.local.errors import StackError
from shared.district.loader import ProfileError, load

KEY_BYTES = 32


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 600, in one step, so that a reader never meets half of it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(path.suffix + ".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def new_password() -> str:
    """Return a password nobody has had yet, long enough that a broker's salted hash of it gives nothing away."""
    return secrets.token_urlsafe(KEY_BYTES)


def password_of(file: Path) -> str:
    """Return the password in a file, made the first time."""
    if not file.exists():
        write_password(file, new_password())
    return file.read_text(encoding="utf-8").strip()


def write_password(file: Path, password: str) -> None:
    """Put a password into its file."""
    write_private(file, f"{password}\n")


def partners(folders: Iterable[Path]) -> dict[str, list[str]]:
    """Return each partner of the profiles, departments too, with the districts that name it.

    Raises:
        StackError: a profile is not valid.
    """
    found: dict[str, list[str]] = {}
    for folder in folders:
        try:
            profile = load(folder)
        except ProfileError as error:
            raise StackError(f"The district profile {folder} is not valid:\n{error}") from None
        for partner in profile.partners:
            found.setdefault(partner.id, []).append(profile.code)
    return found


def ensure_secrets(folder: Path, wanted: Mapping[str, Sequence[str]]) -> None:
    """Make what is missing; `wanted` has each partner's districts. A new one gets a key, the others keep theirs."""
    if not (folder / "vault.keys").exists():
        write_private(folder / "vault.keys", f"local-1 {b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n")
    if not (folder / "webhook.secrets").exists():
        write_private(
            folder / "webhook.secrets", f"default whsec_{b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n"
        )
    if not (folder / "alerts.token").exists():
        write_private(folder / "alerts.token", f"{secrets.token_urlsafe(KEY_BYTES)}\n")
    _ensure_http_keys(folder, wanted)


def _ensure_http_keys(folder: Path, wanted: Mapping[str, Sequence[str]]) -> None:
    """Keep the clear keys for the operator, and for intake only their digests."""
    clear = folder / "http-clients.json"
    known: dict[str, str] = json.loads(clear.read_text()) if clear.exists() else {}
    known |= {partner: secrets.token_urlsafe(KEY_BYTES) for partner in wanted if partner not in known}
    digests = [
        f"{partner} {district} {hashlib.sha256(known[partner].encode()).hexdigest()}\n"
        for partner, districts in sorted(wanted.items())
        for district in districts
    ]
    write_private(clear, json.dumps(known, indent=2, sort_keys=True) + "\n")
    write_private(folder / "http.keys", "".join(digests))
