"""When certificates end: those that broker and database show whoever connects, and that of the authority behind."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

from cryptography.x509 import Certificate, load_pem_x509_certificate, load_pem_x509_certificates
from pymongo.uri_parser import parse_uri

from shared.infra.connections import ConnectionSettings
from shared.infra.log import get_logger

CONNECT_SECONDS = 5.0
AUTHORITY = "authority"

Address = tuple[str, int]


def expiries(settings: ConnectionSettings) -> Iterator[tuple[str, float]]:
    """Yield each endpoint that speaks TLS with when its certificate ends; one that cannot be asked is left out."""
    if settings.kafka_ca_file is not None:
        yield AUTHORITY, min(_end(one) for one in _authorities(settings.kafka_ca_file))
    for name, address in endpoints(settings):
        try:
            shown = ssl.get_server_certificate(address, timeout=CONNECT_SECONDS)
        except OSError as error:
            get_logger().warning("certificate_not_seen", endpoint=name, error=type(error).__name__)
        else:
            yield name, _end(load_pem_x509_certificate(shown.encode()))


def endpoints(settings: ConnectionSettings) -> Iterator[tuple[str, Address]]:
    """Yield who is asked: every broker and database address that the settings say speaks TLS."""
    if settings.kafka_username is not None:
        for one in settings.kafka_bootstrap.split(","):
            host, _, port = one.strip().rpartition(":")
            yield f"kafka/{one.strip()}", (host, int(port))
    url = parse_uri(settings.mongo_url, validate=False)
    if url["options"].get("tls"):
        for host, number in url["nodelist"]:
            yield f"mongo/{host}:{number}", (host, int(number))


def _authorities(path: Path) -> list[Certificate]:
    return load_pem_x509_certificates(path.read_bytes())


def _end(certificate: Certificate) -> float:
    return certificate.not_valid_after_utc.timestamp()
