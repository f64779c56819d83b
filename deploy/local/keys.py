"""The secrets of a local stack: made the first time, kept, readable by their owner only, never in the repository."""

import hashlib
import json
import secrets
from base64 import b64encode
from pathlib import Path

import yaml

from deploy.local.config import StackConfig

KEY_BYTES = 32


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 600, in one step, so that a reader never meets half of it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(path.suffix + ".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def partners(folders: list[Path]) -> dict[str, list[str]]:
    """Return each partner of the profiles with the districts that name it."""
    found: dict[str, list[str]] = {}
    for folder in folders:
        for entry in _entries(folder / "partners.yaml"):
            found.setdefault(entry, []).append(folder.name)
    return found


def _entries(path: Path) -> list[str]:
    """Return the ids in a partners.yaml: a list of entries, or a mapping that holds one."""
    content = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else []
    entries = content.get("partners", []) if isinstance(content, dict) else content
    return [entry["id"] for entry in entries or []]


def ensure_secrets(config: StackConfig) -> None:
    """Make what is missing; a partner that a profile gains gets a key, the others keep theirs."""
    folder = config.secrets
    if not (folder / "vault.keys").exists():
        write_private(folder / "vault.keys", f"local-1 {b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n")
    if not (folder / "webhook.secrets").exists():
        write_private(
            folder / "webhook.secrets", f"default whsec_{b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n"
        )
    _ensure_http_keys(folder, partners(config.profile_folders()))


def _ensure_http_keys(folder: Path, wanted: dict[str, list[str]]) -> None:
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
