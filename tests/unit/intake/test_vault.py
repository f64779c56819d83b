"""The vault: what one key sealed every key file with that key in it opens, and nothing else does."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from shared.infra.vault import SealError, Vault, VaultKeysError

CONTENT = b'{"phone": "+8613800000000"}'
OWNER = "620802-260701-k3jq2x7a"


def key(byte: int) -> str:
    """Return a key that nobody uses."""
    return b64encode(bytes([byte] * 32)).decode()


def load(tmp_path: Path, text: str) -> Vault:
    """Load a vault from a file with that text."""
    path = tmp_path / "vault.keys"
    path.write_text(text)
    return Vault.load(path)


def test_a_sealed_text_opens_for_its_owner(tmp_path: Path) -> None:
    """It names its key, shows nothing of the content, and no two are alike."""
    vault = load(tmp_path, f"2026a {key(1)}\n")
    sealed = vault.seal(CONTENT, OWNER)
    assert sealed.startswith("2026a:")
    assert b"138" not in sealed.encode()
    assert sealed != vault.seal(CONTENT, OWNER)
    assert vault.open(sealed, OWNER) == CONTENT


def test_the_first_key_seals_and_all_open(tmp_path: Path) -> None:
    """A key is replaced by putting the new one first; what the old one sealed still opens."""
    old = load(tmp_path, f"2026a {key(1)}\n").seal(CONTENT, OWNER)
    vault = load(tmp_path, f"# rotated\n\n2026b {key(2)}\n2026a {key(1)}\n")
    assert vault.seal(CONTENT, OWNER).startswith("2026b:")
    assert vault.open(old, OWNER) == CONTENT


@pytest.mark.parametrize("spoil", [lambda text: text[:-6] + "AAAAA=", lambda text: text[:20], lambda _: "2026a:???"])
def test_a_text_that_is_not_whole_does_not_open(tmp_path: Path, spoil: object) -> None:
    """Changed, cut short or no base 64."""
    vault = load(tmp_path, f"2026a {key(1)}\n")
    assert callable(spoil)
    with pytest.raises(SealError):
        vault.open(spoil(vault.seal(CONTENT, OWNER)), OWNER)


def test_another_owner_or_key_does_not_open(tmp_path: Path) -> None:
    """A contact copied to another case is worthless."""
    vault = load(tmp_path, f"2026a {key(1)}\n")
    sealed = vault.seal(CONTENT, OWNER)
    with pytest.raises(SealError, match="another owner"):
        vault.open(sealed, "620802-260701-aaaaaaaa")
    with pytest.raises(SealError, match="no vault key '2026a'"):
        load(tmp_path, f"2026b {key(2)}\n").open(sealed, OWNER)


@pytest.mark.parametrize("text", ["", "# nothing\n", "2026a", "2026a c2hvcnQ=\n", "a:b " + key(1), "2026a ~~~~\n"])
def test_a_file_without_usable_keys_is_refused(tmp_path: Path, text: str) -> None:
    """At start, with the line, and without showing a key."""
    with pytest.raises(VaultKeysError):
        load(tmp_path, text)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """The sentence names the file."""
    with pytest.raises(VaultKeysError, match=r"vault\.keys"):
        Vault.load(tmp_path / "vault.keys")
