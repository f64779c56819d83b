"""Look for secrets in what git keeps: keys and tokens by their form, passwords in addresses, long random values.

A small one of our own: the scanners that a registry has are not maintained, or bring a binary from elsewhere. A line
that only looks like one says `# not a secret` and why.
"""

import math
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXCUSED = "not a secret"
SAMPLES = ("tests/contract/golden/", "tests/contract/previous/")
"""Messages in JSON, which has no comments; their keys are those of records, in base 64."""

MAX_BYTES = 2_000_000

FORMS = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    "webhook secret": re.compile(r"whsec_[A-Za-z0-9+/]{20,}"),
    "cloud access key": re.compile(r"\b(?:AKIA|ASIA|LTAI)[A-Za-z0-9]{12,}\b"),
    "token of a service": re.compile(r"\b(?:gh[pousr]_|glpat-|xox[abpr]-|sk_live_|AIza)[A-Za-z0-9_-]{16,}"),
    "JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\."),
    "password in an address": re.compile(r"\w+://[^\s/:@{}$<\"']+:(?!PASSWORD@)[^\s/:@{}$<\"']{3,}@[\w.-]+"),
}
ASSIGNED = re.compile(r"(?i)(?:key|token|secret|passw\w*|credential)\w*[\"']?\s*[:=]\s*[\"']?([A-Za-z0-9+/_=-]{24,})")
RANDOM_BITS = 4.0
"""Bits a character: words and identifiers stay below, 24 random characters of base 64 are above."""


def tracked() -> list[Path]:
    """Return the files that git keeps, or would with the next `git add`."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True).stdout
    return [ROOT / name for name in sorted(output.decode().split("\0")) if name and not name.startswith(SAMPLES)]


def bits(text: str) -> float:
    """Return the entropy of a text, in bits a character."""
    shares = [number / len(text) for number in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares)


def findings(text: str) -> Iterator[tuple[int, str]]:
    """Yield number and kind of each line that holds what looks like a secret; never the secret itself."""
    for number, line in enumerate(text.splitlines(), 1):
        if EXCUSED in line:
            continue
        yield from ((number, kind) for kind, form in FORMS.items() if form.search(line))
        yield from ((number, "random value") for found in ASSIGNED.findall(line) if _is_random(found))


def _is_random(value: str) -> bool:
    mixed = re.search(r"\d", value) and re.search(r"[a-z]", value) and re.search(r"[A-Z]", value)
    return bool(mixed) and bits(value) > RANDOM_BITS


def main() -> int:
    """Name every place in what git keeps, or in the folders that are named; end with 1 where there is one."""
    named = [path for folder in sys.argv[1:] for path in sorted(Path(folder).rglob("*"))]
    files = [path for path in named or tracked() if path.is_file() and path.stat().st_size <= MAX_BYTES]
    wrong = 0
    for path in files:
        for number, kind in findings(path.read_text(encoding="utf-8", errors="replace")):
            print(f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}:{number}: {kind}")
            wrong += 1
    print(f"secrets: {wrong} found in {len(files)} files")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
