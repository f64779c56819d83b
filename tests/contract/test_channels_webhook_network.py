"""Where a webhook may connect to: public addresses only unless the profile allows others, and TLS verified."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_address
from pathlib import Path

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.notifier.channels import webhook
from services.notifier.channels.base import Delivered, Failed
from services.notifier.channels.webhook import addresses
from services.notifier.channels.webhook.addresses import is_public
from tests.support.notices import notice, secrets_file, webhook_channel
from tests.support.receivers import HOST, http_receiver


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://example.invalid/", "not_https"),
        ("https://127.0.0.1/", "private_address"),
        ("https://localhost/", "private_address"),
        ("https://[::1]/", "private_address"),
        ("https://[::ffff:127.0.0.1]/", "private_address"),
        ("https://169.254.169.254/latest/meta-data", "private_address"),
        ("https://10.0.0.1/", "private_address"),
        ("https://0.0.0.0/", "private_address"),
        ("https://2130706433/", "private_address"),
        ("https://0x7f000001/", "private_address"),
        ("https://0177.0.0.1/", "private_address"),
        ("https://127.1/", "private_address"),
        ("https://[::ffff:a9fe:a9fe]/latest/meta-data", "private_address"),
        ("https://[fd00:ec2::254]/latest/meta-data", "private_address"),
        ("https://[fe80::1]/", "private_address"),
        ("https://[64:ff9b::7f00:1]/", "private_address"),
        ("https://１２７.0.0.1/", "bad_address"),
        ("https://example.invalid\t@127.0.0.1/", "bad_address"),
        ("file:///etc/passwd", "bad_address"),
        ("gopher://127.0.0.1:6379/", "bad_address"),
        ("https://user:password@example.invalid/", "bad_address"),  # not a secret
    ],
)
async def test_a_profile_cannot_reach_into_the_network(url: str, reason: str, tmp_path: Path) -> None:
    """Unless it says `allow_private`."""
    channel = webhook_channel(secrets_file(tmp_path))
    assert await channel.send(notice(url, private=False)) == Failed(reason, retryable=False)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True), ("127.0.0.1", False), ("10.1.2.3", False), ("172.16.0.1", False),
        ("192.168.1.1", False), ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False),  # noqa: S104 - an address to be refused
        ("224.0.0.1", False), ("255.255.255.255", False), ("240.0.0.1", False), ("192.0.2.1", False),
        ("2606:2800:220:1:248:1893:25c8:1946", True), ("::1", False), ("::", False), ("fe80::1", False),
        ("fc00::1", False), ("::ffff:10.0.0.1", False), ("::ffff:93.184.216.34", True), ("64:ff9b::a00:1", False),
        ("64:ff9b::5db8:d822", True), ("2002:a00:1::", False), ("ff02::1", False),
    ],
)  # fmt: skip
def test_an_address_is_public_or_not_whatever_it_is_wrapped_in(*, address: str, public: bool) -> None:
    """IPv4 inside IPv6 is judged as what it is."""
    assert is_public(ip_address(address)) is public


async def test_a_name_is_resolved_once_and_judged_by_what_is_connected_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that answers a public address first and a private one later (DNS rebinding) gains nothing by it."""
    answers: Iterator[list[IPv4Address]] = iter([[IPv4Address("93.184.216.34")], [IPv4Address(HOST)]])
    asked: list[str] = []
    connected: list[str] = []

    async def resolve(host: str, port: int) -> list[IPv4Address]:
        del port
        asked.append(host)
        return next(answers)

    async def connect(_: object, host: str, *rest: object) -> None:
        del rest
        connected.append(host)
        raise httpcore.ConnectError

    monkeypatch.setattr(addresses, "resolve", resolve)
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    channel = webhook_channel(secrets_file(tmp_path))
    hook = notice("https://rebind.example.invalid/", private=False)
    assert await channel.send(hook) == Failed("connect", retryable=True)
    assert await channel.send(hook) == Failed("private_address", retryable=False)
    assert asked == ["rebind.example.invalid"] * 2
    assert connected == ["93.184.216.34"], "never the private one"


async def test_one_private_address_among_public_ones_refuses_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever the resolver puts first."""

    async def resolve(host: str, port: int) -> list[IPv4Address]:
        del host, port
        return [IPv4Address("93.184.216.34"), IPv4Address("10.0.0.1")]

    monkeypatch.setattr(addresses, "resolve", resolve)
    channel = webhook_channel(secrets_file(tmp_path))
    hook = notice("https://both.example.invalid/", private=False)
    assert await channel.send(hook) == Failed("private_address", retryable=False)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Give a certificate for localhost that nobody trusts by itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begin = datetime.now(UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path / "server.pem"
    path.write_bytes(made.public_bytes(encoding) + private)
    return path


async def test_tls_is_verified_by_name_and_authority(certificate: Path, tmp_path: Path) -> None:
    """An unknown authority and another name are refused; the right one is spoken to."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    secrets = secrets_file(tmp_path)
    trusting = webhook.Settings(webhook_secrets_file=secrets, webhook_ca_file=certificate, webhook_timeout_seconds=5)
    distrusting = webhook.Settings(webhook_secrets_file=secrets, webhook_timeout_seconds=5)
    async with http_receiver(context=server) as receiver:
        right, wrong = f"https://localhost:{receiver.port}/hook", f"https://{HOST}:{receiver.port}/hook"
        for settings, url, expected in (
            (distrusting, right, Failed("connect", retryable=True)),
            (trusting, wrong, Failed("connect", retryable=True)),
            (trusting, right, Delivered()),
        ):
            channel = webhook.build(settings)
            assert channel is not None
            assert await channel.send(notice(url)) == expected
            await channel.close()
        assert len(receiver.requests) == 1
