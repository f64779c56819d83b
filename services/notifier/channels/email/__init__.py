"""The e-mail channel: one message over SMTP, its Message-ID made from the notice's id.

Until the message itself has gone out, whatever goes wrong is a failure for certain; from then on it is unknown.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from pathlib import Path
from typing import Literal, Self

import aiosmtplib
from pydantic import Field, model_validator

from services.notifier.channels.base import (
    AddressKind,
    Channel,
    ChannelSettings,
    Delivered,
    Failed,
    Notice,
    Outcome,
    Unknown,
)
from shared.infra.clock import wall_clock
from shared.infra.connections import SECRET

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")
_PERMANENT = 500
_GOODBYE_SECONDS = 1.0


class Settings(ChannelSettings):
    """GW_SMTP_…: where the mail server is; without a host the channel is not in use.

    `auto` uses STARTTLS where the server offers it; `starttls` and `tls` insist. A password is sent only over TLS.
    """

    smtp_host: str | None = Field(default=None, description="the mail server; without one there is no e-mail")
    smtp_port: int = Field(default=25, ge=1, le=65535, description="its port")
    smtp_sender: str = Field(default="gridwhistle@localhost", description="who the mail is from")
    smtp_tls: Literal["auto", "none", "starttls", "tls"] = Field(
        default="auto", description="`auto` takes STARTTLS where it is offered; `starttls` and `tls` insist"
    )
    smtp_username: str | None = Field(default=None, description="for a server that asks; only with `starttls` or `tls`")
    smtp_password_file: Path | None = Field(
        default=None, description="holds that user's password", json_schema_extra=SECRET
    )
    smtp_timeout_seconds: float = Field(default=10, gt=0, le=60, description="how long the server may take for a step")

    @model_validator(mode="after")
    def _no_password_in_clear(self) -> Self:
        if self.smtp_username and (self.smtp_tls not in ("starttls", "tls") or self.smtp_password_file is None):
            raise ValueError("GW_SMTP_USERNAME needs GW_SMTP_PASSWORD_FILE, and GW_SMTP_TLS=starttls or tls")
        return self


@dataclass(frozen=True, slots=True)
class EmailChannel:
    """Sends each notice over a connection of its own."""

    settings: Settings

    @property
    def takes(self) -> AddressKind:
        """An e-mail address."""
        return AddressKind.EMAIL

    async def send(self, notice: Notice) -> Outcome:
        """Send the notice as one message."""
        if not _ADDRESS.fullmatch(notice.address):
            return Failed("bad_address", retryable=False)
        client = self._client()
        try:
            return await self._introduce(client, notice) or await self._hand_over(client, notice)
        finally:
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        settings = self.settings
        password = settings.smtp_password_file
        return aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_username,
            password=password.read_text(encoding="utf-8").strip() if password else None,
            use_tls=settings.smtp_tls == "tls",
            start_tls={"auto": None, "starttls": True}.get(settings.smtp_tls, False),
            timeout=settings.smtp_timeout_seconds,
        )

    async def _introduce(self, client: aiosmtplib.SMTP, notice: Notice) -> Failed | None:
        """Connect and name sender and recipient; return what went wrong, if anything."""
        try:
            async with asyncio.timeout(self.settings.smtp_timeout_seconds):
                await client.connect()
                await client.mail(self.settings.smtp_sender)
                await client.rcpt(notice.address)
        except aiosmtplib.SMTPResponseException as answer:
            return _refused(answer)
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            return Failed("connect", retryable=True)
        return None

    async def _hand_over(self, client: aiosmtplib.SMTP, notice: Notice) -> Outcome:
        """Send the message itself."""
        content = self._message(notice).as_bytes()
        try:
            async with asyncio.timeout(self.settings.smtp_timeout_seconds):
                await client.data(content)
        except aiosmtplib.SMTPResponseException as answer:
            return _refused(answer)
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            return Unknown()
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            await client.quit(timeout=_GOODBYE_SECONDS)
        return Delivered()

    def _message(self, notice: Notice) -> EmailMessage:
        message = EmailMessage(policy=SMTP_POLICY)
        message["Message-ID"] = f"<{notice.id}@{self.settings.smtp_sender.rpartition('@')[2]}>"
        message["Date"] = format_datetime(wall_clock())
        message["From"] = self.settings.smtp_sender
        message["To"] = notice.address
        message["Subject"] = notice.subject
        message["Auto-Submitted"] = "auto-generated"
        message["Content-Language"] = notice.language
        message.set_content(f"{notice.text}\n", charset="utf-8")
        return message

    async def close(self) -> None:
        """Nothing is kept open."""


def _refused(answer: aiosmtplib.SMTPResponseException) -> Failed:
    """Classify an answer: 4xx may pass, 5xx will not."""
    return Failed(f"smtp_{answer.code // 100}xx", retryable=answer.code < _PERMANENT)


def build(settings: Settings) -> Channel | None:
    """Return the channel where a mail server is named."""
    return EmailChannel(settings) if settings.smtp_host else None
