"""A throw-away certificate authority and what it signs: one certificate for the broker, one for mongod."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.local.keys import write_private
from deploy.local.machine import HOST
from shared.infra.clock import wall_clock

BROKER = "gridwhistle-broker"
DATABASE = "gridwhistle-mongod"
LIFE = timedelta(days=397)
RENEW = timedelta(days=30)
"""A stack may be left running for a while; one that is started with less than this left gets new certificates."""


def authority_file(secrets: Path) -> Path:
    """Return the authority's certificate: what every client has to trust."""
    return secrets / "ca.pem"


def certificate_file(secrets: Path, name: str) -> Path:
    """Return a server's private key and certificate, in one file as Kafka and mongod take it."""
    return secrets / f"{name}.pem"


def ensure_certificates(secrets: Path, names: Sequence[str] = ()) -> None:
    """Make authority and certificates where there are none, or where they are about to end.

    `names` are those by which the two are called besides this machine's own, e.g. in a network of containers.
    """
    if _still_good(authority_file(secrets)):
        return
    key = ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("gridwhistle local authority", key, None)
    for name in (BROKER, DATABASE):
        own = ec.generate_private_key(ec.SECP256R1())
        write_private(certificate_file(secrets, name), _pem(own, _certificate(name, own, (authority, key), names)))
    # Last, for it says that all are there. The authority's own key is kept nowhere: it signs nothing more.
    write_private(authority_file(secrets), authority.public_bytes(serialization.Encoding.PEM).decode())


def _still_good(file: Path) -> bool:
    if not file.exists():
        return False
    return x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc > wall_clock() + RENEW


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None,
    names: Sequence[str] = (),
) -> x509.Certificate:
    """Return a certificate signed by the issuer, or the issuer's own."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = wall_clock()
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFE)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer:
        made = _for_server(made, issuer[0], names)
    return made.sign(issuer[1] if issuer else key, hashes.SHA256())


def _for_server(
    made: x509.CertificateBuilder, issuer: x509.Certificate, names: Sequence[str]
) -> x509.CertificateBuilder:
    """Return it good for this machine's address, as server and, between the parts of one server, as client."""
    called: list[x509.GeneralName] = [x509.DNSName(name) for name in ("localhost", *names)]
    both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    issuer_id = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        made.add_extension(both, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_id), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST)), *called]), critical=False)
    )


def _pem(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> str:
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return (secret + certificate.public_bytes(serialization.Encoding.PEM)).decode()
