"""What several tests of the notifier begin with."""

import pytest

from tests.unit.notifier.events import accepted, opened
from tests.unit.notifier.world import World


@pytest.fixture
def world() -> World:
    """Give a case that was reported and opened, with nothing queued yet."""
    made = World()
    made.tell(accepted(), opened())
    made.events.clear()
    return made
