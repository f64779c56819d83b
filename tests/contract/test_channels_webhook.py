"""What Standard Webhooks promise, and where a webhook may not go."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from services.notifier.channels import webhook
from services.notifier.channels.base import Delivered, Failed
from services.notifier.channels.webhook.answers import MAX_RETRY_AFTER, classify
from services.notifier.channels.webhook.signing import Secrets, SecretsError, parse
from tests.support.notices import SECRET, notice, secrets_file, webhook_channel
from tests.support.receivers import http_receiver

OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"  # not a secret: made up for tests
NOW = datetime(2026, 7, 1, 4, tzinfo=UTC)


async def test_a_post_verifies_with_the_endpoints_secret_and_with_no_other(tmp_path: Path) -> None:
    """By the library of the standard itself."""
    async with http_receiver() as receiver:
        channel = webhook_channel(secrets_file(tmp_path))
        assert await channel.send(notice(receiver.url)) == Delivered()
        await channel.close()
        [request] = receiver.requests
        said = Webhook(SECRET).verify(request.body, request.headers)
        assert said["type"] == "gridwhistle.notice.v1"
        assert said["timestamp"] == "2026-07-01T04:00:00.000Z"
        assert said["data"]["recipient"] == "housing/duty_officer"
        assert "address" not in json.dumps(said)
        with pytest.raises(WebhookVerificationError):
            Webhook(OTHER).verify(request.body, request.headers)


async def test_a_secret_is_replaced_without_a_gap(tmp_path: Path) -> None:
    """While two stand in the file both sign; the file is read again when it changes."""
    path = secrets_file(tmp_path, f"default {SECRET}\ndefault {OTHER}\n")
    async with http_receiver() as receiver:
        channel = webhook_channel(path)
        await channel.send(notice(receiver.url))
        path.unlink()
        secrets_file(tmp_path, f"default {OTHER}\n")
        await channel.send(notice(receiver.url))
        await channel.close()
        both, new = receiver.requests
        for secret in (SECRET, OTHER):
            Webhook(secret).verify(both.body, both.headers)
        Webhook(OTHER).verify(new.body, new.headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(new.body, new.headers)


@pytest.mark.parametrize("name", ["http://127.0.0.1:{port}/hook", "http://127.0.0.1:{port}", "127.0.0.1"])
async def test_an_endpoint_may_have_a_secret_of_its_own(name: str, tmp_path: Path) -> None:
    """By its URL, its origin or its host; the default is for the others."""
    async with http_receiver() as receiver:
        own = name.format(port=receiver.port)
        channel = webhook_channel(secrets_file(tmp_path, f"default {SECRET}\n{own} {OTHER}\n"))
        await channel.send(notice(receiver.url))
        await channel.close()
        Webhook(OTHER).verify(receiver.requests[0].body, receiver.requests[0].headers)


async def test_without_a_secret_nothing_is_sent(tmp_path: Path) -> None:
    """A notice that nobody could verify is no notice."""
    async with http_receiver() as receiver:
        channel = webhook_channel(secrets_file(tmp_path, f"elsewhere.example {SECRET}\n"))
        assert await channel.send(notice(receiver.url)) == Failed("no_secret", retryable=False)
        channel = webhook_channel(tmp_path / "missing")
        assert await channel.send(notice(receiver.url)) == Failed("secrets_unreadable", retryable=False)
        assert receiver.requests == []


@pytest.mark.parametrize("line", ["default", "default notbase64!", "default whsec_", "a b c"])
def test_a_line_that_is_no_secret_is_named_without_being_shown(line: str, tmp_path: Path) -> None:
    """At start, not with the first notice."""
    path = secrets_file(tmp_path, f"# secrets\n\ndefault {SECRET}\n{line}\n")
    with pytest.raises(SecretsError) as wrong:
        webhook.build(webhook.Settings(webhook_secrets_file=path))
    assert f"{path}:4" in str(wrong.value)
    assert "notbase64" not in str(wrong.value)
    assert list(parse(f"default {SECRET}\n", "x")) == ["default"]


async def test_sending_again_sends_the_same_bytes(tmp_path: Path) -> None:
    """Only the time of the signature is new."""
    async with http_receiver() as receiver:
        channel = webhook_channel(secrets_file(tmp_path))
        for _ in range(2):
            await channel.send(notice(receiver.url, size=3))
        await channel.close()
        one, two = receiver.requests
        assert one.body == two.body
        assert one.headers["webhook-id"] == two.headers["webhook-id"]
        assert len(json.loads(one.body)["data"]["notices"]) == 3
        assert receiver.connections == 1, "the connection is used again"


async def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    """It would lead past every check of the address."""
    async with http_receiver("redirect") as receiver:
        channel = webhook_channel(secrets_file(tmp_path))
        assert await channel.send(notice(receiver.url)) == Failed("redirect", retryable=False)
        assert len(receiver.requests) == 1


async def test_a_receiver_that_asks_for_a_pause_is_heard(tmp_path: Path) -> None:
    """429 with Retry-After."""
    async with http_receiver("429") as receiver:
        channel = webhook_channel(secrets_file(tmp_path))
        assert await channel.send(notice(receiver.url)) == Failed("http_4xx", retryable=True, retry_after=7.0)


@pytest.mark.parametrize("behaviour", ["slow", "endless"])
async def test_the_status_counts_however_slow_or_long_the_rest_is(behaviour: str, tmp_path: Path) -> None:
    """A receiver cannot hold the channel by talking on."""
    async with http_receiver(behaviour) as receiver:
        channel = webhook_channel(secrets_file(tmp_path))
        assert await channel.send(notice(receiver.url)) == Delivered()


@pytest.mark.parametrize(
    ("status", "retryable"),
    [(301, False), (400, False), (401, False), (404, False), (408, True), (410, False), (425, True), (429, True),
     (500, True), (503, True), (599, True)],
)  # fmt: skip
def test_a_status_says_whether_it_may_pass(*, status: int, retryable: bool) -> None:
    """What the receiver did wrong may pass, what we did wrong will not."""
    outcome = classify(status, [], NOW)
    assert isinstance(outcome, Failed)
    assert outcome.retryable is retryable


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"120", 120.0),
        (b"0", 0.0),
        (b"99999999999999", MAX_RETRY_AFTER),
        (b"Wed, 01 Jul 2026 04:00:30 GMT", 30.0),
        (b"Wed, 01 Jul 2026 03:00:00 GMT", 0.0),
        (b"-5", None),
        (b"soon", None),
        (b"\xff", None),
    ],
)
def test_retry_after_is_a_number_or_a_date_within_bounds(value: bytes, seconds: float | None) -> None:
    """Anything else is passed over."""
    outcome = classify(503, [(b"Retry-After", value)], NOW)
    assert isinstance(outcome, Failed)
    assert outcome.retry_after == seconds


def test_the_file_of_secrets_is_read_again_only_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every notice asks, so asking has to be cheap."""
    secrets = Secrets(secrets_file(tmp_path))
    secrets.load()
    monkeypatch.delattr(Path, "read_text")
    secrets.load()
