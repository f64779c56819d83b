"""How long each kind of topic keeps what is said on it, and how: the one place where that is decided. Pure.

Nothing is compacted. A record here is what happened, not how things stand: the newest record of a key would be a case's
last event, from which nobody could tell the case, and a tombstone would be one more message to misunderstand. What
stands for good is in the databases, and for figures in the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.contracts.topics import Topic
from shared.infra.kafka import DEAD_LETTER_BYTES

DAY_MS = 24 * 3600 * 1000
INBOUND = "inbound"
"""Every partner's own topic, as the contracts call them."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of topic: for how many days it keeps a record, why so long, and what else is set.

    `exact`: there are persons in it, sealed or not, so the days must be kept. The broker deletes whole files, and keeps
    writing one for a week unless it is told to begin a new one: seven days were up to fourteen.
    """

    days: int
    why: str
    exact: bool = False
    also: Mapping[str, str] | None = None

    @property
    def configs(self) -> dict[str, str]:
        """Return the settings of such a topic, every one by name: what a broker does by default is its operator's."""
        file = {"segment.ms": str(DAY_MS)} if self.exact else {}
        kept = {"cleanup.policy": "delete", "retention.ms": str(self.days * DAY_MS), "retention.bytes": "-1"}
        return {**kept, **file, **(self.also or {})}


STREAMS: Mapping[str, Stream] = {
    INBOUND: Stream(
        7,
        "Contacts stand here in the clear until intake has sealed them, so no longer than an outage over a holiday "
        "needs. It is also how old a backup may be whose reports since then are to be read again.",
        exact=True,
        also={
            # The time of a record must be the broker's: a partner's clock is not evidence of when a report came in.
            "message.timestamp.type": "LogAppendTime",
            # Compressed, a record of 1 MiB may unpack to a gigabyte and end intake at every restart; so the broker
            # unpacks, and takes only what is small enough then.
            "compression.type": "uncompressed",
        },
    ),
    Topic.INCIDENTS: Stream(7, "The reporter's sealed contact travels here to the notifier.", exact=True),
    Topic.COMMANDS: Stream(7, "Words of officials, for three services that read them within seconds.", exact=True),
    Topic.CASES: Stream(30, "A partner that was away for weeks, or is new, reads what it missed. Nobody's contact."),
    Topic.ESCALATIONS: Stream(30, "As cases: partners read it."),
    Topic.NOTIFICATIONS: Stream(30, "As cases: partners read it."),
    Topic.DEAD_LETTERS: Stream(
        30,
        "Somebody has to read them, mend the cause and replay them; what partners wrote is under seal.",
        exact=True,
        # An original of up to 1 MiB, in base 64.
        also={"max.message.bytes": str(DEAD_LETTER_BYTES)},
    ),
}


def settings_of(kind: str) -> dict[str, str]:
    """Return the settings of a kind of topic: a suffix of `Topic`, or INBOUND."""
    return STREAMS[kind].configs
