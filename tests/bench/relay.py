"""The floor: a bare relay, one process that reads records and writes them to another topic, keyed, acknowledged.

`python -m tests.bench.relay BOOTSTRAP COUNT TO TOPIC…` prints the seconds from its first record to the last
acknowledgement.
"""

from __future__ import annotations

import asyncio
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shared.infra.clock import monotonic

MAX_RECORDS = 500


async def relay(bootstrap: str, count: int, to: str, topics: list[str]) -> float:
    """Relay so many records; return the seconds it took."""
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, group_id=None, auto_offset_reset="earliest")
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=2, max_batch_size=256 * 1024)
    await consumer.start()
    await producer.start()
    moved, begun = 0, None
    try:
        while moved < count:
            found = await consumer.getmany(timeout_ms=1000, max_records=MAX_RECORDS)
            begun = begun or monotonic()
            records = [record for part in found.values() for record in part]
            sent = [await producer.send(to, one.value, one.key, headers=list(one.headers)) for one in records]
            await asyncio.gather(*sent)
            moved += len(records)
        return monotonic() - (begun or monotonic())
    finally:
        await producer.stop()
        await consumer.stop()


if __name__ == "__main__":
    where, number, target, *sources = sys.argv[1:]
    sys.stdout.write(f"{asyncio.run(relay(where, int(number), target, sources)):.6f}\n")
