"""A process in whose way something hangs: it is gone in its time all the same, and says so."""

from __future__ import annotations

import asyncio
import signal
import sys

from deploy.local.config import ROOT
from tests.support.bus import free_port

HANGS = """
import asyncio, sys
from shared.infra.http import http_server
from shared.infra.settings import ServiceSettings

async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    print("ready", flush=True)
    await receive()
    await asyncio.sleep(float(sys.argv[1]))
    await send({"type": "lifespan.shutdown.complete"})

asyncio.run(http_server(app, ServiceSettings()).serve())
"""


OWN_SECONDS, PATIENCE_SECONDS = 0.5, 15.0
"""What the process is given, and what is waited for it: less than it would have without a setting of its own."""


async def _ended(hangs_for: float) -> tuple[int, str]:
    """Return status and last words of a process that was told to end while its last work takes so long."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HANGS, str(hangs_for)),
        env={"GW_STOP_SECONDS": str(OWN_SECONDS), "GW_HTTP_PORT": str(free_port()), "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    await process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            said = await process.stdout.read()
    except TimeoutError:
        process.kill()
        raise
    return await process.wait(), said.decode()


async def test_a_process_told_to_end_is_gone_in_its_time_whatever_hangs() -> None:
    """Status 0 for who finishes; who does not is gone as well, with a word about it, before anybody has to kill it."""
    (fine, _), (late, said) = await asyncio.gather(_ended(0), _ended(600))
    assert (fine, late) == (0, 1)
    assert "stop_takes_too_long" in said
