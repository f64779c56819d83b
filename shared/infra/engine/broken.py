"""Telling what will fail however often it is tried from what will pass: only the first may become a dead letter.

A state that cannot be read, encoded or stored fails again at every redelivery, and with it every record of its batch.
"""

from __future__ import annotations

from bson.errors import BSONError
from pymongo.errors import BulkWriteError, OperationFailure

from shared.decision import Poison
from shared.infra.clock import Clock
from shared.infra.engine.correlation import about
from shared.infra.engine.fold import Rejection
from shared.infra.engine.inbox import Input
from shared.infra.engine.outbox import dead_letter, received_at
from shared.infra.log import get_logger

BREAKING = (
    ArithmeticError,
    AttributeError,
    BSONError,
    LookupError,
    OperationFailure,
    RecursionError,
    TypeError,
    ValueError,
)
"""What to look at; everything else (the database is away, the event loop ends) passes with time."""

_TOO_LARGE = frozenset({10334, 17419, 17420})
"""MongoDB's codes for a document that is or would grow too large."""


def is_broken(error: Exception) -> bool:
    """Say whether the same will happen every time; of what the database says, only that a document is too large."""
    if isinstance(error, BulkWriteError):
        return any(failure["code"] in _TOO_LARGE for failure in (error.details or {}).get("writeErrors", ()))
    return error.code in _TOO_LARGE if isinstance(error, OperationFailure) else True


def broken(service: str, source: Input, error: Exception, clock: Clock) -> Rejection:
    """Return the refusal of an input whose outcome cannot be stored, and log it without its content."""
    get_logger().error("input_breaks", error=type(error).__name__, **about(source))
    poison = Poison("internal-error", f"The outcome could not be stored: {type(error).__name__}.")
    record = source.record
    letter = None if record is None else dead_letter(service, record, poison, received_at(clock, record))
    return Rejection(source, poison, letter)
