"""Starting and ending a stack that outlives the command which started it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from deploy.local import state
from deploy.local.config import ROOT, StackConfig
from deploy.local.errors import StackError
from deploy.local.report import Report
from deploy.local.state import StackState
from shared.infra.clock import monotonic

STOP_SECONDS = 90.0


def launch(config: StackConfig, report: Report) -> StackState:
    """Start a supervisor, pass on what it says, and return when the stack is ready.

    Raises:
        StackError: with what the supervisor said.
    """
    try:
        config.logs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StackError(f"{config.logs} cannot be made: {error.strerror}; choose another --state DIR.") from None
    log = config.logs / "supervisor.log"
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.local.supervisor", config.model_dump_json()],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    try:
        return _listen(process, report)
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise StackError("Interrupted; what had been started was ended.") from None


def _listen(process: "subprocess.Popen[str]", report: Report) -> StackState:
    for line in process.stdout or ():
        message = json.loads(line)
        if "ready" in message:
            return StackState.model_validate(message["ready"])
        if "error" in message:
            process.wait()
            raise StackError(message["error"])
        report(message["line"])
    raise StackError(f"The supervisor ended without a word (exit status {process.wait()}); see logs/supervisor.log")


def process_exists(pid: int) -> bool:
    """Return whether a process runs; one that ended and was not waited for yet does not."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def down(config: StackConfig) -> bool:
    """End the stack of this state directory and wait until it is gone; return False when none was running.

    Raises:
        StackError: it does not end.
    """
    pid = state.owner(config.run)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = monotonic() + STOP_SECONDS
    while process_exists(pid):
        if monotonic() > deadline:
            raise StackError(f"Process {pid} has not ended the stack within {STOP_SECONDS:.0f} s; see {config.logs}")
        time.sleep(0.05)
    return True
