"""Between the broker and the services: topics and district profiles, by the commands an operator would type."""

import asyncio
import os
import sys
from collections.abc import Mapping

from deploy.local.component import together
from deploy.local.config import ROOT, StackConfig
from deploy.local.errors import ComponentError
from deploy.local.report import Report
from deploy.local.secured.identity import passwords

STEP_SECONDS = 120
LAST_LINES = 12


def steps(config: StackConfig) -> list[tuple[str, ...]]:
    """Return the arguments of `gridwhistle`; none needs another to be done."""
    folders = [str(folder) for folder in config.profile_folders()]
    layout = () if config.partitions is None else ("--partitions", str(config.partitions))
    named = tuple(part for folder in folders for part in ("--profile", folder))
    topics = ("topics", "apply", *layout, *named)
    access = ("acl", "apply", "--passwords", str(passwords(config.secrets)), *named)
    return [topics, *([access] if config.secure else []), *(("district", "apply", folder) for folder in folders)]


async def apply(config: StackConfig, env: Mapping[str, str], report: Report) -> None:
    """Take every step, all at once: most of each is Python starting up.

    Raises:
        ComponentError: a step failed; its output is the reason.
    """
    await together(*(_take(config, step, env, report) for step in steps(config)))


async def _take(config: StackConfig, step: tuple[str, ...], env: Mapping[str, str], report: Report) -> None:
    called = f"gridwhistle {' '.join(part.removeprefix(f'{ROOT}/') for part in step)}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.cli.main", *step),
        cwd=ROOT,
        env={**os.environ, **env},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(STEP_SECONDS):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    log = config.logs / "provision.log"
    with log.open("ab") as file:
        file.write(output)
    if process.returncode:
        last = output.decode(errors="replace").splitlines()[-LAST_LINES:]
        raise ComponentError(called, f"failed with exit status {process.returncode}", log, last)
    report(f"{called}: done")
