"""Make .venv from the hash-locked requirements; does nothing when it is already what the locks say.

Standard library only and readable by any Python since 3.6: an old one gets a sentence instead of a SyntaxError.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / ".installed"
MADE_BY = VENV / ".made-by"
LOCK = ROOT / "requirements" / "dev.txt"
MINIMUM = (3, 11)


def fail(message: str) -> None:
    """End with a sentence for the person at the terminal."""
    sys.exit("make install: " + message)


def interpreter() -> str:
    """Return what a .venv must have been made by to be used again."""
    return f"{os.path.realpath(sys.executable)} {sys.version}"


def wanted() -> str:
    """Return the key of the environment the locks describe, on this interpreter."""
    parts = [LOCK.read_bytes(), interpreter().encode(), str(ROOT).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def make_venv() -> None:
    """Create .venv with the standard library, or with virtualenv where Debian split venv off.

    One made by the same interpreter is kept and brought up to date in place: a stack may be running from it.
    """
    if MADE_BY.exists() and MADE_BY.read_text() == interpreter():
        return
    shutil.rmtree(VENV, ignore_errors=True)
    if subprocess.call([sys.executable, "-m", "venv", str(VENV)]) == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    if shutil.which("virtualenv") and subprocess.call(["virtualenv", "-q", "-p", sys.executable, str(VENV)]) == 0:
        return
    fail(
        "this Python cannot make virtual environments (ensurepip or venv is missing). "
        f"On Debian or Ubuntu: apt-get install python3.{sys.version_info[1]}-venv; then run make again."
    )


def pip(*arguments: str) -> None:
    """Run the environment's own pip; its error output is the message."""
    command = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    if subprocess.call([*command, *arguments], cwd=str(ROOT)) != 0:
        fail("pip could not install the locked requirements; see the lines above.")


def install() -> None:
    """Build the environment and leave the stamp last, so that an interrupted install is done again."""
    key = wanted()
    if STAMP.exists() and STAMP.read_text() == key:
        return
    print("make install: preparing .venv from", LOCK.relative_to(ROOT), flush=True)
    make_venv()
    MADE_BY.write_text(interpreter())
    pip("--require-hashes", "-r", str(LOCK))
    pip("--no-deps", "--no-build-isolation", "-e", str(ROOT))
    STAMP.write_text(key)


def main() -> None:
    """Install once even when several `make` start at the same moment."""
    if sys.version_info < MINIMUM:
        fail(f"GridWhistle needs Python 3.11 or newer, {sys.executable} is {sys.version.split()[0]}.")
    with (ROOT / "requirements" / "dev.in").open() as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        install()


if __name__ == "__main__":
    main()
