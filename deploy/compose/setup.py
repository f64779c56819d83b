"""What `docker compose up` runs first, every time: keys, topics and district profiles; makes only what is missing."""

import asyncio
import sys
import tempfile
from pathlib import Path

from deploy.local import keys, provision
from deploy.local.config import StackConfig
from deploy.local.errors import StackError

SECRETS = Path("/var/lib/gridwhistle/secrets")
PROFILES = Path("/etc/gridwhistle/districts")


def tell(line: str) -> None:
    """Report one step in the container's log."""
    sys.stderr.write(f"{line}\n")


def main() -> None:
    """Set up once; the addresses of broker and database come from the environment."""
    with tempfile.TemporaryDirectory() as state:
        config = StackConfig(state=Path(state), profiles=PROFILES, services=())
        config.logs.mkdir()
        try:
            keys.ensure_secrets(SECRETS, keys.partners(config.profile_folders()))
            asyncio.run(provision.apply(config, {}, tell))
        except StackError as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
