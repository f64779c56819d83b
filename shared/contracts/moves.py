"""What is said of a case whose grid was re-cut."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from shared.contracts.escalations import EscalationEvent


class CaseMoved(EscalationEvent):
    """An open case lies in another grid since its own was cut into others (网格调整); its clocks go on as they were.

    Whoever works in `grid` verifies it from here on. Departments keep their tasks; the centre may assign anew.
    """

    type: ClassVar[str] = "gridwhistle.case.moved.v1"

    from_grid: str
    grid: str
    community: str
    township: str
    from_township: str | None = None
    profile_version: int = Field(description="the cut by which it lies there")
