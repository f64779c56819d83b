"""What `docker compose up` runs before the services, every time: topics, access lists with passwords, profiles.

Makes only what is missing. Who it is and where everything lies, it is told by the settings of every command.
"""

import asyncio
import sys
from pathlib import Path

from deploy.compose.secrets import PROFILES
from deploy.local import provision
from deploy.local.config import StackConfig
from deploy.local.errors import StackError

STATE = Path("/var/lib/gridwhistle")
"""The operator's secrets are mounted beneath it, and the log goes there."""


def tell(line: str) -> None:
    """Report one step in the container's log."""
    sys.stderr.write(f"{line}\n")


def main() -> None:
    """Set up once; the addresses of broker and database come from the environment."""
    config = StackConfig(state=STATE, profiles=PROFILES, services=(), broker="kafka", secure=True)
    config.logs.mkdir(exist_ok=True)
    try:
        asyncio.run(provision.apply(config, {}, tell))
    except StackError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
