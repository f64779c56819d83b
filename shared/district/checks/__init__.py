"""What must hold between the parts of a profile; each check looks at the valid part and yields what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from shared.district.checks import areas, governance, handling, mediators, parties, polygons, rules, work
from shared.district.problems import Finding
from shared.district.shape import Shaped

Check = Callable[[Shaped], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    areas.unique_codes,
    areas.prefixes,
    areas.grid_links,
    polygons.outlines,
    polygons.overlaps,
    parties.departments,
    parties.a_centre,
    parties.partners,
    handling.policies,
    handling.stage_order,
    handling.overrides,
    handling.names,
    handling.targets,
    handling.owners,
    mediators.mediators,
    mediators.ladder,
    rules.references,
    rules.reachable,
    governance.advisories,
    work.obligations,
    work.workers,
)
