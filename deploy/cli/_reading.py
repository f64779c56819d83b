"""Reading partitions without a group, from now on or up to now.

Where a partition ends is taken from what the broker says with each fetch. What it answers when asked for the end itself
is wrong on Tansu by all but one record of the last batch.
"""

from collections.abc import AsyncIterator, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.infra.clock import monotonic

POLL_MS = 200
QUIET_SECONDS = 15.0
"""A broker that says nothing of a partition for so long is away."""


def partitions_of(topics: Mapping[str, int]) -> list[TopicPartition]:
    """Return every partition of the topics."""
    return [TopicPartition(name, number) for name, count in topics.items() for number in range(count)]


async def from_now(client: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> None:
    """Take the partitions where they end now; what is said after this returns is not missed.

    Raises:
        TimeoutError: the broker does not answer.
    """
    client.assign(partitions)
    await client.seek_to_end()
    deadline = monotonic() + QUIET_SECONDS
    while any(client.highwater(one) is None for one in partitions):
        await client.getmany(timeout_ms=POLL_MS)
        _not_after(deadline)


async def up_to_now(
    client: AIOKafkaConsumer, partitions: Sequence[TopicPartition], since_ms: int | None = None
) -> AsyncIterator[ConsumerRecord]:
    """Yield what the partitions hold, those appended before `since_ms` (epoch) left out.

    Raises:
        TimeoutError: the broker does not answer.
    """
    client.assign(partitions)
    await client.seek_to_beginning()
    deadline = monotonic() + QUIET_SECONDS
    while not await _read_up(client, partitions):
        for records in (await client.getmany(timeout_ms=POLL_MS)).values():
            deadline = monotonic() + QUIET_SECONDS
            for record in records:
                if since_ms is None or record.timestamp >= since_ms:
                    yield record
        _not_after(deadline)


async def _read_up(client: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> bool:
    for one in partitions:
        end = client.highwater(one)
        if end is None or await client.position(one) < end:
            return False
    return True


def _not_after(deadline: float) -> None:
    if monotonic() > deadline:
        raise TimeoutError(f"no answer for {QUIET_SECONDS:.0f} s")
