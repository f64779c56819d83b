"""The names of notices. The same key is never queued twice; a new step always has a new one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

_ID_CHARACTERS = 32
_MARK_BYTES = 6


def notice_key(case_id: str, episode: int, step: str, recipient: str, channel: str) -> str:
    """Return case + episode + step + recipient + channel as one text."""
    return "|".join((case_id, str(episode), step, recipient, channel))


@lru_cache(maxsize=4096)
def notice_id(key: str) -> str:
    """Return the id of a notice: 32 hexadecimal digits of the hash of its key."""
    return hashlib.sha256(key.encode()).hexdigest()[:_ID_CHARACTERS]


def message_id(notices: Sequence[str]) -> str:
    """Return the id under which notices leave together: of one its own, of a digest one that only these have."""
    if len(notices) == 1:
        return notices[0]
    return hashlib.sha256("\n".join(sorted(notices)).encode()).hexdigest()[:_ID_CHARACTERS]


def told_mark(episode: int, step: str, recipient: str) -> str:
    """Return the short mark by which a case remembers that this recipient was told this step."""
    return hashlib.blake2s(f"{episode}|{step}|{recipient}".encode(), digest_size=_MARK_BYTES).hexdigest()


def recipient_queue(district: str, recipient: str, channel: str, surge: str | None = None) -> str:
    """Return what grouping and rate limits count by: one recipient of one district on one channel.

    Of a surge it is a queue of its own: what comes of its cases is told together and holds up nothing else.
    """
    queue = f"{district}/{recipient}/{channel}"
    return queue if surge is None else f"{queue}/{surge}"
