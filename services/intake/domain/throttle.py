"""How much one client may send: a bucket of tokens that fills at a steady rate. Time is an argument."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Throttle:
    """A bucket of `burst` tokens for each client, filled with `rate` tokens a second."""

    rate: float
    burst: float
    _levels: dict[Hashable, tuple[float, float]] = field(default_factory=dict)

    def take(self, client: Hashable, tokens: float, now: float) -> float:
        """Take tokens and return 0, or take none and return in how many seconds they would be there.

        Who asks for more than a bucket holds is asked for a full one.
        """
        level, at = self._levels.get(client, (self.burst, now))
        level = min(self.burst, level + (now - at) * self.rate)
        wanted = min(tokens, self.burst)
        enough = level >= wanted
        self._levels[client] = (level - wanted if enough else level, now)
        return 0.0 if enough else (wanted - level) / self.rate
