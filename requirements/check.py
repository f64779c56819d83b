"""Check that the locks are what requirements/*.in ask for: pinned, hashed, without any download address.

Works offline: it proves that the two agree, not that a resolver would choose the same today (that is `make lock`).
"""

import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HERE = Path(__file__).resolve().parent
LAYERS = ("runtime", "local", "dev")
Pins = dict[str, set[str]]


def logical_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a requirements file, continued ones joined, comments dropped."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        bare = re.sub(r"(^|\s)#.*", "", line).strip()
        if bare:
            yield bare


def asked_for(layer: str) -> list[Requirement]:
    """Return the requirements of a layer and of those it includes."""
    found: list[Requirement] = []
    for line in logical_lines(HERE / f"{layer}.in"):
        if line.startswith("-r "):
            found += asked_for(line[3:].strip().removesuffix(".in"))
        else:
            found.append(Requirement(line))
    return found


def locked(layer: str, problems: list[str]) -> Pins:
    """Return the pins of a lock, by name; note what is wrong with its lines."""
    pins: Pins = {}
    for line in logical_lines(HERE / f"{layer}.txt"):
        if "--hash=sha256:" not in line:
            problems.append(f"{layer}.txt: without a hash: {line[:60]}")
            continue
        requirement = Requirement(line.split(" --hash")[0])
        version = str(requirement.specifier)
        if not version.startswith("=="):
            problems.append(f"{layer}.txt: not pinned: {requirement}")
        pins.setdefault(canonicalize_name(requirement.name), set()).add(version.removeprefix("=="))
    return pins


def check_layer(layer: str, problems: list[str]) -> Pins:
    """Check one lock against its .in file."""
    if re.search(r"\w+://", (HERE / f"{layer}.txt").read_text(encoding="utf-8")):
        problems.append(f"{layer}.txt: holds an address; a lock must install from whatever index is configured")
    pins = locked(layer, problems)
    for requirement in asked_for(layer):
        versions = pins.get(canonicalize_name(requirement.name))
        if versions is None:
            problems.append(f"{layer}.txt: {requirement} is missing; make lock")
        elif not all(requirement.specifier.contains(version, prereleases=True) for version in versions):
            problems.append(f"{layer}.txt: {requirement} is locked as {sorted(versions)}; make lock")
    return pins


def main() -> int:
    """Check every layer, and that they agree with each other."""
    problems: list[str] = []
    layers = {layer: check_layer(layer, problems) for layer in LAYERS}
    for lower, upper in pairwise(LAYERS):
        for name, versions in layers[lower].items():
            if layers[upper].get(name) != versions:
                problems.append(f"{name}: {lower}.txt and {upper}.txt disagree; make lock")
    print("\n".join(problems) or f"locks: {len(layers['dev'])} packages, pinned and hashed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
