"""A case that lies in another grid since its own was re-cut: who classifies or mediates it hears of the new place."""

from __future__ import annotations

from services.router.domain.change import Change, View, unchanged
from services.router.domain.model import Case
from shared.contracts.moves import CaseMoved
from shared.decision import Decision


def decide_moved(case: Case, moved: CaseMoved, view: View) -> Decision[Case]:
    """Note the new place where the router still needs one: in triage, and for the choice of mediators."""
    del view
    area = {"township": moved.township, "community": moved.community}
    if case.waiting is not None:
        waiting = case.waiting.model_copy(update={**area, "grid": moved.grid})
        return Change(case).add(waiting=waiting).decided("moved")
    if case.dispute is not None:
        return Change(case).add(dispute=case.dispute.model_copy(update=area)).decided("moved")
    return unchanged(case, "moved_without_us")
