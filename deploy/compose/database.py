"""Forms the database's replica set and makes its users: one a service, with rights on its own database alone.

Runs in mongod's own network, for only from there, and only as long as there is no user, mongod lets anybody do it.
"""

import asyncio
import sys

from deploy.compose.secrets import MEMBER, PORTS, SECRETS
from deploy.local import mongo
from deploy.local.component import POLL_SECONDS

START_SECONDS = 120


async def prepare() -> None:
    """Wait until the set can be written and everybody is known in it.

    Raises:
        TimeoutError: it does not come to that.
    """
    ready = mongo.secured(PORTS.mongo, SECRETS, MEMBER)
    async with asyncio.timeout(START_SECONDS):
        while not await ready():  # noqa: ASYNC110 - it is another process that we wait for
            await asyncio.sleep(POLL_SECONDS)


def main() -> None:
    """Prepare it once; run again, nothing changes."""
    try:
        asyncio.run(prepare())
    except TimeoutError:
        sys.exit(f"The database was no writable set with its users after {START_SECONDS} s: docker compose logs mongo")


if __name__ == "__main__":
    main()
