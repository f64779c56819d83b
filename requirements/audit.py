"""What is known against the packages of the locks: published advisories, and licences that our users could not take on.

Where the package index serves no advisories (many mirrors do not) nothing has been looked up, and that is what is said:
pip-audit itself would call it clean.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

from check import LAYERS, locked  # type: ignore[import-not-found]  # a script beside this one

SECONDS = 600
CANARY = "jinja2"
"""Asked for first, and alone: an index without advisories is not asked a hundred times in vain."""

NOT_FOR_US = ("AGPL", "AFFERO", "GPLV3", "GPL-3", "GPL-2", "SSPL", "BUSL", "COMMONS CLAUSE")


def advisories(pins: Sequence[str]) -> tuple[list[str], int]:
    """Return what is known against some pins, a line each, and how many of them could be looked up.

    Raises:
        RuntimeError: pip-audit did not work; its last words.
    """
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "pins.txt"
        wanted.write_text("".join(f"{pin}\n" for pin in pins), encoding="utf-8")
        command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "-f", "json", "-r", str(wanted)]
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    try:
        said = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        raise RuntimeError(done.stderr.decode(errors="replace").strip().splitlines()[-1:]) from None
    return read(said)


def read(said: Sequence[dict[str, Any]]) -> tuple[list[str], int]:
    """Return the findings of pip-audit's report, and how many packages it really has an answer for."""
    known = [one for one in said if "skip_reason" not in one]
    found = [
        f"{one['name']} {one['version']}: {bug['id']}; repaired in {', '.join(bug['fix_versions']) or 'no version yet'}"
        for one in known
        for bug in one["vulns"]
    ]
    return found, len(known)


def pins() -> list[str]:
    """Return what the largest lock holds, `name==version`."""
    found = locked(LAYERS[-1], [])
    return sorted(f"{name}=={version}" for name, versions in found.items() for version in versions)


def licences() -> list[str]:
    """Return the packages we run on whose licence is not for us, or that name none."""
    wrong = []
    for name in sorted(locked(LAYERS[0], [])):
        try:
            said = licence(name)
        except PackageNotFoundError:
            continue  # Locked for another platform.
        if not said or any(word in said.upper() for word in NOT_FOR_US):
            wrong.append(f"{name}: {said or 'names no licence'}")
    return wrong


@cache
def licence(name: str) -> str:
    """Return what an installed package says of its licence: the expression, else its classifiers, else its words."""
    about: Any = metadata(name)
    classified = [one.split(" :: ")[-1] for one in about.get_all("Classifier") or [] if one.startswith("License ::")]
    text: str = about.get("License-Expression") or "; ".join(classified) or (about.get("License") or "")
    return text.strip().splitlines()[0] if text.strip() else ""


def look_up() -> tuple[list[str], int]:
    """Look up every pin, if the first of them shows that there is something to look into."""
    every = pins()
    canary = [pin for pin in every if pin.startswith(f"{CANARY}==")]
    return advisories(every) if advisories(canary)[1] else ([], 0)


def main() -> int:
    """Say what is known; 1 for a finding, and where STRICT=1 asks for it also where not all could be looked up."""
    try:
        found, asked = look_up()
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        print(f"pip-audit: {error}")
        found, asked = [], 0
    unfit, missing = licences(), len(pins()) - asked
    for line in (*found, *unfit):
        print(line)
    if missing:
        print(f"advisories: NOT LOOKED UP for {missing} of {len(pins())} packages, {len(found)} known for the others:")
        print("            this package index serves none; where one does, STRICT=1 makes this line a failure")
    else:
        print(f"advisories: {len(found)} known against {asked} packages")
    print(
        f"licences: {len(unfit)} unfit of {sum(of_us().values())}: {', '.join(map(_counted, of_us().most_common(4)))} …"
    )
    return 1 if found or unfit or (missing and os.environ.get("STRICT") == "1") else 0


def of_us() -> Counter[str]:
    """Return how many of the packages we run on have each licence."""
    counts: Counter[str] = Counter()
    for name in locked(LAYERS[0], []):
        with suppress(PackageNotFoundError):
            counts[licence(name)] += 1
    return counts


def _counted(licence_and_number: tuple[str, int]) -> str:
    return "{1} {0}".format(*licence_and_number)


if __name__ == "__main__":
    sys.exit(main())
