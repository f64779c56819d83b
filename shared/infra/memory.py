"""What Python's collector of cycles is spared: profiles are large, stay, and were walked through again and again."""

from __future__ import annotations

import gc

YOUNG = 20_000
"""Objects that come before the collector looks at them. At its default of 700 it looked many times a batch, found
nothing (what a decision leaves behind has no cycles), and took a quarter of the processor."""


def settle() -> None:
    """Take everything that is there now out of the collector's sight; call when something large was loaded to stay."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)
