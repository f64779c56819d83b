"""The notifier in a consumer group of its own, so that a killed one does not hold up the group of another test.

Run as `python -m tests.support.notifier_alone` with GW_TEST_GROUP.
"""

from __future__ import annotations

import asyncio
import os

from services.notifier.main import NAME, create_app
from services.notifier.settings import NotifierSettings
from shared.infra.app import serve
from shared.infra.log import configure_logging


def main() -> None:
    """Run one process."""
    settings = NotifierSettings()
    configure_logging(settings, NAME)
    asyncio.run(serve(create_app(settings, group=os.environ["GW_TEST_GROUP"]), settings))


if __name__ == "__main__":
    main()
