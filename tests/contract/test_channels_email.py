"""What a mail from the notifier looks like, and what a mail server's answers mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.notifier.channels.base import Delivered, Failed
from services.notifier.channels.email import EmailChannel, Settings, build
from tests.support.notices import TEXT, TIMEOUT, notice
from tests.support.receivers import HOST, mail_receiver


def channel(port: int) -> EmailChannel:
    """Return the channel for a server of the test."""
    return EmailChannel(
        Settings(smtp_host=HOST, smtp_port=port, smtp_sender="gw@gw.example.invalid", smtp_timeout_seconds=TIMEOUT)
    )


async def test_a_mail_says_who_what_and_that_a_machine_wrote_it() -> None:
    """Chinese subject and text, an id made from the notice's."""
    async with mail_receiver() as receiver:
        sent = notice("officer@example.invalid")
        assert await channel(receiver.port).send(sent) == Delivered()
        [message] = receiver.messages
        assert receiver.recipients == ["officer@example.invalid"]
        assert message["Message-ID"] == f"<{sent.id}@gw.example.invalid>"
        assert message["Subject"] == "崆峒区：办结 notice"
        assert message["From"] == "gw@gw.example.invalid"
        assert message["To"] == "officer@example.invalid"
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["Date"]
        assert message.get_content_type() == "text/plain"
        assert message.get_content().strip() == TEXT


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        ("rcpt 450", Failed("smtp_4xx", retryable=True)),
        ("rcpt 550", Failed("smtp_5xx", retryable=False)),
        ("data 451", Failed("smtp_4xx", retryable=True)),
        ("data 552", Failed("smtp_5xx", retryable=False)),
    ],
)
async def test_4xx_may_pass_and_5xx_will_not(behaviour: str, outcome: Failed) -> None:
    """At every step of the conversation."""
    async with mail_receiver(behaviour) as receiver:
        assert await channel(receiver.port).send(notice("officer@example.invalid")) == outcome


async def test_a_server_without_the_tls_that_is_wanted_gets_nothing() -> None:
    """`starttls` insists; a notice does not travel in clear because a server forgot."""
    async with mail_receiver() as receiver:
        settings = Settings(smtp_host=HOST, smtp_port=receiver.port, smtp_tls="starttls", smtp_timeout_seconds=TIMEOUT)
        assert await EmailChannel(settings).send(notice("a@example.invalid")) == Failed("connect", retryable=True)
        assert receiver.messages == []


@pytest.mark.parametrize("tls", ["auto", "none"])
def test_a_password_is_never_sent_in_clear(tls: str, tmp_path: Path) -> None:
    """A name needs a password file, and TLS that is insisted on."""
    with pytest.raises(ValidationError, match="GW_SMTP_TLS"):
        Settings(smtp_host=HOST, smtp_username="u", smtp_password_file=tmp_path / "p", smtp_tls=tls)  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="GW_SMTP_PASSWORD_FILE"):
        Settings(smtp_host=HOST, smtp_username="u", smtp_tls="tls")


def test_without_a_host_the_channel_is_not_in_use() -> None:
    """And an empty variable is none."""
    assert build(Settings(smtp_host=None)) is None
