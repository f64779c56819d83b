"""The one mechanism behind every stateful step.

Each acknowledged record is applied exactly once to state, and every event it causes is published at least once, with
the same id every time.

`store.py` knows the documents, `fold.py` runs the decisions, `core.py` puts the steps of a batch in order,
`sweep.py` finds what is due and what was left unpublished, `inbox.py` reads records, `outbox.py` makes them.
"""

from shared.infra.engine.core import Engine, EngineObserver
from shared.infra.engine.inbox import Input, read_input
from shared.infra.engine.store import AggregateStore

__all__ = ["AggregateStore", "Engine", "EngineObserver", "Input", "read_input"]
