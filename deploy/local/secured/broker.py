"""What makes the local Kafka ask: SCRAM over TLS for everybody, access lists, nothing allowed that is not granted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from deploy.kafka.grants import OPERATOR
from deploy.local.keys import password_of, write_private
from deploy.local.secured.certificates import BROKER, authority_file, certificate_file
from deploy.local.secured.identity import password_file

LISTENER = "SECURED"
LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


def properties(secrets: Path, listeners: Sequence[str] = (LISTENER,)) -> dict[str, str]:
    """Return what server.properties has more, or otherwise, than without security; brokers use the first listener.

    Broker and controller are one process here that talks to itself over the controller's listener; there it shows its
    certificate, which nobody else has.
    """
    logins = {f"listener.name.{one.lower()}.scram-sha-512.sasl.jaas.config": LOGIN for one in listeners}
    return {
        "inter.broker.listener.name": listeners[0],
        "listener.security.protocol.map": ",".join([*(f"{one}:SASL_SSL" for one in listeners), "CONTROLLER:SSL"]),
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        **logins,
        "listener.name.controller.ssl.client.auth": "required",
        "listener.name.controller.ssl.principal.mapping.rules": "RULE:^CN=(.*)$/$1/",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(certificate_file(secrets, BROKER)),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(authority_file(secrets)),
        "ssl.enabled.protocols": "TLSv1.3,TLSv1.2",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": f"User:{OPERATOR};User:{BROKER}",
    }


def format_arguments(secrets: Path, argv: list[str], file: Path) -> list[str]:
    """Return the arguments of Java with which the formatter also makes the operator, who makes everybody else.

    They go by a file that only its owner may read: a command line is for all of the machine to see.
    """
    password = password_of(password_file(secrets, OPERATOR))
    whole = [*argv, "--add-scram", f"SCRAM-SHA-512=[name={OPERATOR},password={password}]"]
    write_private(file, "".join(f'"{argument}"\n' for argument in whole))
    return [f"@{file}"]
