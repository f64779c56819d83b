"""A local stack that asks everybody who they are: certificates, passwords, and what broker and database do with them.

What stands here is for one machine and throw-away keys; what a real installation does is in docs/security.md.
"""

from __future__ import annotations

from deploy.local.config import StackConfig
from deploy.local.errors import StackError
from deploy.local.secured.certificates import ensure_certificates
from deploy.local.secured.database import ensure_files
from deploy.local.secured.identity import passwords

MARK = "secured"
DATA = ("mongo", "kafka/data")


def check_kept_data(config: StackConfig) -> None:
    """Let no data change sides: what was written while nobody was asked proves nothing later.

    Raises:
        StackError: the directory holds data of the other kind.
    """
    mark = config.state / MARK
    if not any((config.state / part).exists() for part in DATA):
        mark.unlink(missing_ok=True)
    elif mark.exists() != config.secure:
        kind, way = ("secured", "with") if mark.exists() else ("not secured", "without")
        raise StackError(
            f"The data in {config.state} is of a stack that is {kind}: start it {way} --secure, or take --state DIR."
        )


def prepare(config: StackConfig, mongo_address: str) -> None:
    """Make certificates and passwords, those of them that are missing."""
    if not config.secure:
        return
    (config.state / MARK).touch()
    passwords(config.secrets).mkdir(parents=True, exist_ok=True)
    ensure_certificates(config.secrets)
    ensure_files(config.secrets, mongo_address)
