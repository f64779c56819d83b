"""Every figure, in the order in which a director reads them."""

from __future__ import annotations

from deploy.figures import advisories, disputes, patrols, teams, telling, work
from deploy.figures.items import Figure

FIGURES: tuple[Figure, ...] = (
    *work.FIGURES,
    *disputes.FIGURES,
    *teams.FIGURES,
    *telling.FIGURES,
    *advisories.FIGURES,
    *patrols.FIGURES,
)
BY_NAME = {one.name: one for one in FIGURES}
