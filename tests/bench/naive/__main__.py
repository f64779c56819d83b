"""`python -m tests.bench.naive SERVICE TOPIC…` runs one service of the naive pipeline until it is told to end."""

from __future__ import annotations

import asyncio
import sys

from faststream import FastStream

from tests.bench.naive.services import subscribed


async def main(service: str, topics: list[str]) -> None:
    """Run."""
    app = FastStream(await subscribed(service, topics), logger=None)
    app.after_startup(lambda: sys.stdout.write("ready\n") and sys.stdout.flush())
    await app.run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
