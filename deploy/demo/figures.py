"""The figures of one department and of one team, filled in as events are heard."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from shared.contracts.cases import Outcome
from shared.contracts.escalations import Verdict


@dataclass(slots=True)
class DepartmentFigures:
    """What one department had to do and how it did; the handling clocks of its tasks give the verdicts."""

    tasks: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    overdue: set[str] = field(default_factory=set)
    breaches: int = 0
    handling: dict[str, float] = field(default_factory=dict)

    @property
    def on_time_rate(self) -> float | None:
        """Return the share done in time, of what is done or overdue; None when nothing is yet."""
        late = self.verdicts[Verdict.LATE] + len(self.overdue)
        judged = self.verdicts[Verdict.ON_TIME] + late
        return self.verdicts[Verdict.ON_TIME] / judged if judged else None

    @property
    def mean_hours(self) -> float | None:
        """Return the mean time from report to the lead's completion, of its closed cases, in hours."""
        return sum(self.handling.values()) / len(self.handling) / 3600 if self.handling else None


@dataclass(slots=True)
class TeamFigures:
    """One joint team from the whistle to the end."""

    case_id: str
    reason: str
    blown: datetime
    members: tuple[str, ...]
    rounds: int = 1
    answered: set[str] = field(default_factory=set)
    present: dict[str, float] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    mustered: float | None = None
    stood_down: float | None = None


@dataclass(slots=True)
class CaseFigures:
    """Where one case stands; `surge`: it is the parent of one."""

    state: str
    text: str = ""
    category: str = ""
    outcome: Outcome | None = None
    handling: float | None = None
    surge: bool = False
