"""The secrets that webhooks are signed with, by endpoint; the file is read again when it changes."""

from __future__ import annotations

import binascii
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

DEFAULT = "default"


class SecretsError(ValueError):
    """The file of webhook secrets cannot be used; the message says which line, without the secret."""


def parse(text: str, name: str) -> dict[str, tuple[Webhook, ...]]:
    """Read `endpoint whsec_…` lines; several for one endpoint all sign, so that a secret can be replaced.

    Raises:
        SecretsError: a line is not one.
    """
    signers: dict[str, tuple[Webhook, ...]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        parts = line.split()
        if not parts or parts[0].startswith("#"):
            continue
        endpoint, signer = _signer(parts, f"{name}:{number}")
        signers[endpoint] = (*signers.get(endpoint, ()), signer)
    return signers


def _signer(parts: list[str], where: str) -> tuple[str, Webhook]:
    message = f"{where}: a webhook secret is `URL|scheme://host|host|default whsec_<base64>`"
    if len(parts) != 2:  # noqa: PLR2004 - an endpoint and a secret
        raise SecretsError(message)
    try:
        return parts[0], Webhook(parts[1])
    except (binascii.Error, ValueError, EmptyWebhookSecretError) as error:
        raise SecretsError(message) from error


@dataclass(slots=True)
class Secrets:
    """The signers of the endpoints; a file that cannot be read leaves the ones there were."""

    path: Path
    _stamp: tuple[int, int] | None = None
    _signers: dict[str, tuple[Webhook, ...]] = field(default_factory=dict)

    def load(self) -> None:
        """Read the file if it changed.

        Raises:
            SecretsError: a line is not one.
            OSError: there is no such file.
        """
        status = self.path.stat()
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            self._signers = parse(self.path.read_text(encoding="utf-8"), str(self.path))
            self._stamp = stamp

    def signatures(self, names: tuple[str, ...], notice_id: str, at: datetime, body: str) -> str | None:
        """Return the signature header by the first of the names that has secrets, else by the default ones.

        Standard Webhooks: signatures of several secrets stand in one header, and the receiver takes any.
        """
        signers = next((self._signers[name] for name in (*names, DEFAULT) if name in self._signers), ())
        return " ".join(signer.sign(notice_id, at, body) for signer in signers) or None
