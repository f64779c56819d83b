"""The publisher when the broker refuses something for good, or is gone for good; and what a broker is to refuse."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import MessageSizeTooLargeError

from deploy.kafka.streams import INBOUND, settings_of
from deploy.local import LocalStack
from shared.decision import Transient
from shared.infra import kafka
from shared.infra.engine.outbox import Outgoing
from shared.infra.kafka import KafkaPublisher
from shared.infra.settings import ServiceSettings
from tests.support.bus import header, open_bus
from tests.support.stack import infra_config

pytestmark = [pytest.mark.integration, pytest.mark.kafka]


def settings(stack: LocalStack) -> ServiceSettings:
    """Return the settings of an idempotent publisher."""
    return ServiceSettings(kafka_bootstrap=stack.bootstrap, kafka_idempotent=True)


async def test_a_refused_record_does_not_close_its_partition_for_ever(infra: LocalStack) -> None:
    """The batch that the broker refuses fails; what comes behind it is taken, by the same publisher."""
    admin = AIOKafkaAdminClient(bootstrap_servers=infra.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic("gw-narrow", 1, 1, topic_configs={"max.message.bytes": "2000"})])
    await admin.close()
    publisher = KafkaPublisher(settings(infra))
    await publisher.start()
    try:
        await publisher.publish([Outgoing("gw-narrow", b"k", b"fits", [])])
        with pytest.raises(Transient):
            await publisher.publish([Outgoing("gw-narrow", b"k", b"x" * 5_000, [])])
        await publisher.publish([Outgoing("gw-narrow", b"k", b"fits too", [])])
    finally:
        await publisher.stop()


async def test_what_is_sent_again_after_half_of_it_was_refused_keeps_its_order(infra: LocalStack) -> None:
    """Behind a refused batch of a partition nothing of the same call is taken; an event never overtakes its cause.

    All is sent again. A reader that drops ids it has seen then reads first things first.
    """
    first = Outgoing("gw-order", b"k", random.Random(1).randbytes(250_000), [("n", b"1")])
    second = Outgoing("gw-order", b"k", random.Random(2).randbytes(50_000), [("n", b"2")])
    admin = AIOKafkaAdminClient(bootstrap_servers=infra.bootstrap)
    await admin.start()
    publisher = KafkaPublisher(settings(infra))
    await publisher.start()
    try:
        await admin.create_topics([NewTopic("gw-order", 1, 1, topic_configs={"max.message.bytes": "200000"})])
        with pytest.raises(Transient):
            await publisher.publish([first, second])
        wider = ConfigResource(ConfigResourceType.TOPIC, "gw-order", configs={"max.message.bytes": "1000000"})
        await admin.alter_configs([wider])
        await publisher.publish([first, second])
    finally:
        await publisher.stop()
        await admin.close()
    async with open_bus(infra.bootstrap) as bus:
        records = await bus.read(["gw-order"], lambda seen: {header(one, "n") for one in seen} == {"1", "2"})
    assert [header(one, "n") for one in records][:2] == ["1", "2"]


async def test_a_publisher_gives_up_and_ends_without_its_broker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In bounded time, so that its batch goes back to the broker, and a process that is told to end does."""
    monkeypatch.setattr(kafka, "PUBLISH_SECONDS", 1.0)
    monkeypatch.setattr(kafka, "STOP_SECONDS", 1.0)
    async with LocalStack(infra_config(tmp_path)) as stack:
        publisher = KafkaPublisher(settings(stack))
        await publisher.start()
        admin = AIOKafkaAdminClient(bootstrap_servers=stack.bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic("gw-lost", 1, 1)])
        await admin.close()
        await publisher.publish([Outgoing("gw-lost", b"k", b"taken", [])])
        stack.broker.kill()
        with pytest.raises(Transient):
            await publisher.publish([Outgoing("gw-lost", b"k", b"lost", [])])
        await publisher.stop()


async def test_what_unpacks_to_more_than_a_record_may_have_is_not_taken(infra: LocalStack) -> None:
    """A hundred megabytes of zeros fit into a hundred kilobytes; an inbound topic measures what comes out."""
    topic = NewTopic("gw-inbound", 1, 1, topic_configs={"compression.type": settings_of(INBOUND)["compression.type"]})
    admin = AIOKafkaAdminClient(bootstrap_servers=infra.bootstrap)
    await admin.start()
    await admin.create_topics([topic])
    await admin.close()
    large = 64 * 1024 * 1024
    partner = AIOKafkaProducer(
        bootstrap_servers=infra.bootstrap, compression_type="gzip", max_request_size=2 * large, max_batch_size=2 * large
    )
    await partner.start()
    try:
        await partner.send_and_wait("gw-inbound", b"0" * 500_000)
        with pytest.raises(MessageSizeTooLargeError):
            await partner.send_and_wait("gw-inbound", b"0" * large)
    finally:
        await partner.stop()
