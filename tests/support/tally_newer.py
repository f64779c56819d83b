"""The tally in its next version: it knows one type of message more, `task.praise`, which the tally cannot read.

Run as `python -m tests.support.tally_newer`, with the same group and database. Never imported by a test: the type would
be known there too.
"""

from __future__ import annotations

from typing import ClassVar

from shared.contracts.commands import ProgressTask
from tests.support import tally


class PraiseTask(ProgressTask):
    """Counted like progress. A message type is known by being defined."""

    type: ClassVar[str] = "gridwhistle.task.praise.v1"


if __name__ == "__main__":
    tally.main()
