"""The webhook channel: a signed POST by Standard Webhooks 1.0, to an address that was judged before connecting.

`webhook-id` is the notice's id and stays the same however often it is sent, so a receiver can drop a second copy.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import httpcore
from pydantic import Field

from services.notifier.channels.base import (
    AddressKind,
    Channel,
    ChannelSettings,
    Failed,
    Notice,
    Outcome,
    Unknown,
)
from services.notifier.channels.webhook.addresses import CheckedBackend, PrivateAddressError, ResolveError
from services.notifier.channels.webhook.answers import classify
from services.notifier.channels.webhook.signing import Secrets, SecretsError
from shared.contracts.base import format_instant
from shared.infra.clock import wall_clock
from shared.infra.connections import SECRET

_URL = re.compile(r"[\x21-\x7e]+")

TYPE = "gridwhistle.notice.v1"
MAX_ANSWER_BYTES = 16 * 1024
"""So much of an answer is read, to use the connection again; a receiver that talks on is cut off."""

ANSWER_SECONDS = 1.0
"""So long its body may take; the status was there before and is all that counts."""

_BEFORE_SENDING = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout, ResolveError)
_NETWORK = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError)
_PROTOCOL = (httpcore.UnsupportedProtocol, httpcore.LocalProtocolError)


class Settings(ChannelSettings):
    """GW_WEBHOOK_SECRETS_FILE: `endpoint whsec_…` lines; without it the channel is not in use."""

    webhook_secrets_file: Path | None = Field(
        default=None,
        description="`endpoint whsec_…` a line; without it no webhook is called",
        json_schema_extra=SECRET,
    )
    webhook_timeout_seconds: float = Field(
        default=10, gt=0, le=60, description="how long an endpoint may take to answer"
    )
    webhook_ca_file: Path | None = Field(default=None, description="more certificate authorities, e.g. a government's")


class Refused(Exception):  # noqa: N818 - carries an outcome, not an error of ours
    """The endpoint may not be called at all."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """Posts notices; private endpoints and plain http only where the district's profile allows it."""

    secrets: Secrets
    timeout: float
    public: httpcore.AsyncConnectionPool
    private: httpcore.AsyncConnectionPool

    @property
    def takes(self) -> AddressKind:
        """The URL of an endpoint."""
        return AddressKind.URL

    async def send(self, notice: Notice) -> Outcome:
        """Post the notice once."""
        body = _body(notice)
        try:
            url = _endpoint(notice)
            headers = self._headers(notice, url, body)
            return await self._post(self._pool(notice), url, headers, body.encode())
        except Refused as refused:
            return Failed(refused.reason, retryable=False)
        except PrivateAddressError:
            return Failed("private_address", retryable=False)
        except _PROTOCOL:
            return Failed("bad_address", retryable=False)
        except _BEFORE_SENDING:
            return Failed("connect", retryable=True)
        except (*_NETWORK, OSError, TimeoutError):
            return Unknown()

    def _pool(self, notice: Notice) -> httpcore.AsyncConnectionPool:
        return self.private if notice.policy.webhook.allow_private else self.public

    def _headers(self, notice: Notice, url: SplitResult, body: str) -> list[tuple[str, str]]:
        at = wall_clock()
        signature = self._signature(notice, url, body, at)
        if signature is None:
            raise Refused("no_secret")
        return [
            ("Content-Type", "application/json"),
            ("User-Agent", "GridWhistle-Webhook/1"),
            ("webhook-id", notice.id),
            ("webhook-timestamp", str(int(at.timestamp()))),
            ("webhook-signature", signature),
        ]

    def _signature(self, notice: Notice, url: SplitResult, body: str, at: datetime) -> str | None:
        try:
            self.secrets.load()
        except (OSError, SecretsError):
            raise Refused("secrets_unreadable") from None
        names = (notice.address, f"{url.scheme}://{url.netloc}", url.netloc, url.hostname or "")
        return self.secrets.signatures(names, notice.id, at, body)

    async def _post(
        self, pool: httpcore.AsyncConnectionPool, url: SplitResult, headers: list[tuple[str, str]], body: bytes
    ) -> Outcome:
        times = {"read": self.timeout, "write": self.timeout, "connect": self.timeout / 2, "pool": self.timeout / 2}
        target = url._replace(fragment="").geturl()
        sending = pool.stream("POST", target, headers=headers, content=body, extensions={"timeout": times})
        async with contextlib.AsyncExitStack() as open_until_read:
            async with asyncio.timeout(self.timeout):
                response = await open_until_read.enter_async_context(sending)
            outcome = classify(response.status, response.headers, wall_clock())
            await _read_some(response)
            return outcome

    async def close(self) -> None:
        """Close the connections."""
        await self.public.aclose()
        await self.private.aclose()


def _endpoint(notice: Notice) -> SplitResult:
    """Return the endpoint taken apart.

    Raises:
        Refused: it is no URL, carries a password, or is plain http where that is not allowed.
    """
    try:
        url = urlsplit(notice.address)
        fine = _URL.fullmatch(notice.address) and url.scheme in ("http", "https") and url.hostname and url.port != 0
    except ValueError:
        raise Refused("bad_address") from None
    if not fine or url.username is not None or url.password is not None:
        raise Refused("bad_address")
    if url.scheme == "http" and not notice.policy.webhook.allow_private:
        raise Refused("not_https")
    return url


def _body(notice: Notice) -> str:
    content = {"type": TYPE, "timestamp": format_instant(notice.at), "data": notice.payload()}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


async def _read_some(response: httpcore.Response) -> None:
    """Read a short answer whole, so that the connection can be used again; leave one that is long or slow."""
    read = 0
    with contextlib.suppress(TimeoutError, *_NETWORK):
        async with asyncio.timeout(ANSWER_SECONDS):
            async for chunk in response.aiter_stream():
                read += len(chunk)
                if read > MAX_ANSWER_BYTES:
                    return


def build(settings: Settings) -> Channel | None:
    """Return the channel where there are secrets to sign with.

    Raises:
        SecretsError: the file of secrets cannot be used; better said at start than with the first notice.
    """
    if settings.webhook_secrets_file is None:
        return None
    secrets = Secrets(settings.webhook_secrets_file)
    secrets.load()
    context = ssl.create_default_context()
    if settings.webhook_ca_file:
        context.load_verify_locations(settings.webhook_ca_file)
    public, private = (_new_pool(context, private_allowed=allowed) for allowed in (False, True))
    return WebhookChannel(secrets, settings.webhook_timeout_seconds, public, private)


def _new_pool(context: ssl.SSLContext, *, private_allowed: bool) -> httpcore.AsyncConnectionPool:
    return httpcore.AsyncConnectionPool(
        ssl_context=context,
        max_connections=64,
        max_keepalive_connections=16,
        keepalive_expiry=15,
        network_backend=CheckedBackend(private_allowed=private_allowed),
    )
