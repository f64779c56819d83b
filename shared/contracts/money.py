"""Money on the bus: yuan with two places, exact. In documents it is whole fen (分), for BSON has no decimals of Python.

A JSON number is read too: with 14 digits at most whatever a sender can write comes through a binary float unchanged,
and one that a program has added up in floats (0.30000000000000004) has too many digits and is refused.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field, PlainSerializer

_FEN = Decimal("0.01")


def yuan(fen: int) -> Decimal:
    """Return an amount of fen in yuan, with both places."""
    return (fen * _FEN).quantize(_FEN)


def fen(amount: Decimal) -> int:
    """Return an amount of yuan in whole fen."""
    return int(amount.scaleb(2))


def in_words(fen: int) -> str:
    """Return an amount for a sentence: `12,000.00`."""
    return f"{yuan(fen):,}"


def _two_places(amount: Decimal) -> str:
    return f"{amount:.2f}"


_Text = PlainSerializer(_two_places, return_type=str, when_used="json")

Money = Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=2), _Text]
"""A positive amount of yuan, e.g. `"12000.00"`."""

Amount = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2), _Text]
"""An amount of yuan that may be nothing."""
