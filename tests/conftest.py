"""The real things a test may ask for. They cost seconds, so they are started once a run and shared."""

import gc
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import structlog
from hypothesis import HealthCheck, settings

from deploy.local import LocalStack
from tests.support.stack import chosen_broker, infra_config, secured_config, stack_config

TESTS = Path(__file__).parent
# The folders whose tests need neither a broker nor a database; all others start real processes.
QUICK = {"unit", "contract", "model", "helm"}


# How long an example takes says more about the machine than about the code.
settings.register_profile("gridwhistle", deadline=None, suppress_health_check=[HealthCheck.too_slow])
if "CI" not in os.environ:  # there hypothesis has a profile of its own, whose examples are the same in every run
    settings.load_profile("gridwhistle")

# A shell ignores Ctrl-C for what it runs in the background, and what is ignored here is ignored by every child.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Unconfigured, structlog draws a traceback with every local variable, which takes seconds on a busy machine.
structlog.configure(processors=[structlog.processors.format_exc_info, structlog.dev.ConsoleRenderer()])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by their folder, and skip what only Apache Kafka can show where the run is on another broker."""
    needs_kafka = pytest.mark.skip(reason="needs Apache Kafka: make test-kafka")
    for item in items:
        if item.path.relative_to(TESTS).parts[0] not in QUICK:
            item.add_marker(pytest.mark.integration)
        if item.get_closest_marker("kafka") and chosen_broker() != "kafka":
            item.add_marker(needs_kafka)


def pytest_collection_finish() -> None:
    """Spare what is imported by now the collector of cycles, which would walk through it thousands of times."""
    gc.freeze()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def infra(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalStack]:
    """Give mongod and the broker of GW_TEST_BROKER, and nothing else; use topics and databases of your own."""
    async with LocalStack(infra_config(tmp_path_factory.mktemp("infra"))) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalStack]:
    """Give the whole system with its four services; leave it as whole as you found it."""
    async with LocalStack(stack_config(tmp_path_factory.mktemp("stack"))) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def secured(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalStack]:
    """Give the whole system on Apache Kafka and a mongod that ask everybody who they are."""
    async with LocalStack(secured_config(tmp_path_factory.mktemp("secured"))) as running:
        yield running
