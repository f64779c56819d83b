"""Notices as channels get them, and channels as tests want them."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

import httpcore

from services.notifier.channels.base import Member, Notice
from services.notifier.channels.webhook import WebhookChannel
from services.notifier.channels.webhook.addresses import CheckedBackend
from services.notifier.channels.webhook.signing import Secrets
from shared.district.notices import Notify, Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # not a secret: made up for tests
TIMEOUT = 0.4
TEXT = "您反映的事项已办结。第二行：三号楼🏠"


def notice(address: str, number: int = 1, size: int = 1, *, private: bool = True) -> Notice:
    """Return a notice; `size` above 1 makes it a digest, `private` allows private addresses."""
    members = tuple(
        Member(f"{number:032x}"[:-1] + f"{n:x}", f"case|1|solved:{n}|reporter/r|x", "case", "solved", f"主题{n}")
        for n in range(size)
    )
    return Notice(
        id=members[0].id if size == 1 else "d" * 32,
        district="620802",
        audience="duty_officer",
        recipient="housing/duty_officer",
        address=address,
        subject="崆峒区：办结 notice",
        text=TEXT,
        members=members,
        at=datetime(2026, 7, 1, 4, tzinfo=UTC),
        policy=Notify(webhook=Webhook(allow_private=private)),
    )


def webhook_channel(
    secrets: Path, context: ssl.SSLContext | None = None, *, timeout: float = TIMEOUT
) -> WebhookChannel:
    """Return the webhook channel, trusting what the test trusts."""

    def pool(*, private_allowed: bool) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(context, network_backend=CheckedBackend(private_allowed=private_allowed))

    return WebhookChannel(Secrets(secrets), timeout, pool(private_allowed=False), pool(private_allowed=True))


def secrets_file(folder: Path, text: str = f"default {SECRET}\n") -> Path:
    """Write a file of secrets."""
    path = folder / "webhook.secrets"
    path.write_text(text, encoding="utf-8")
    return path
