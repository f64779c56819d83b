"""What a look comes to: one line a reader can act on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

SHOWN = 5
"""So many of one kind are told one by one; of ninety districts without topics the last says nothing that the first did
not."""


class Verdict(StrEnum):
    """`skipped`: it cannot be looked at from here, and the advice says what is missing."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, what was seen, and what to do about it."""

    check: str
    verdict: Verdict
    said: str
    advice: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return asdict(self)


def ok(check: str, said: str) -> Finding:
    """Return that all is well."""
    return Finding(check, Verdict.OK, said)


def warning(check: str, said: str, advice: str) -> Finding:
    """Return what will not go well for ever."""
    return Finding(check, Verdict.WARNING, said, advice)


def failure(check: str, said: str, advice: str) -> Finding:
    """Return what does not work, or loses something."""
    return Finding(check, Verdict.FAILURE, said, advice)


def skipped(check: str, said: str, advice: str) -> Finding:
    """Return what cannot be seen from here."""
    return Finding(check, Verdict.SKIPPED, said, advice)


def some(found: Sequence[Finding]) -> list[Finding]:
    """Return the first few of one kind, the last with how many more there are."""
    if len(found) <= SHOWN:
        return list(found)
    last = found[SHOWN - 1]
    more = Finding(last.check, last.verdict, f"{last.said} And {len(found) - SHOWN} more.", last.advice)
    return [*found[: SHOWN - 1], more]


def or_ok(check: str, said: str, found: Iterable[Finding]) -> list[Finding]:
    """Return what is wrong, or that nothing is."""
    wrong = list(found)
    return some(wrong) if wrong else [ok(check, said)]
