"""What the decisions are given besides state, event and time. All of it answers from memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.notifier.domain.model import AddressKind
from services.notifier.domain.notice import NoticeState
from shared.decision import Companion
from shared.district.lookup import DirectoryIndex


class Profiles(Protocol):
    """The district profiles that were loaded before the decision."""

    def at(self, district: str, version: int) -> DirectoryIndex:
        """Return the profile a case is kept under: it says who is told what.

        Raises:
            Poison: there is no such district.
        """

    def current(self, district: str) -> DirectoryIndex:
        """Return the newest profile: it says who is on duty and how they are reached.

        Raises:
            Poison: there is no such district.
        """


class Unreadable(Exception):  # noqa: N818 - not a failure of ours; the decision turns it into a visible word
    """A sealed contact cannot be opened with the keys at hand."""


Reach = Callable[[str, Sequence[str]], tuple[str, tuple[AddressKind, ...]]]
"""(sealed contact, case ids it may be bound to) -> (the one it is bound to, how the person can be reached)."""

Document = Callable[[NoticeState], Companion]
"""A new notice as the document that the notices engine will find."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`channels` are the ones at hand and what each needs; `pace` is domain seconds in a real one (1 when live)."""

    profiles: Profiles
    channels: Mapping[str, AddressKind]
    reach: Reach
    document: Document
    pace: float = 1.0
