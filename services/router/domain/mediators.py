"""Who mediates: a choice by area, speciality, load and conflict of interest, with the reasons in words.

Deterministic: the same case and the same loads give the same mediator. Loads are what the database counted before the
batch; disputes of one batch do not see each other, so among equals the case's own number decides, which spreads them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from services.router.domain.change import View
from services.router.domain.dispute import Dispute
from services.router.domain.model import Case
from shared.contracts.disputes import TierName
from shared.decision import Rejected
from shared.district.mediation import Mediator

_NEAR = ("serves the community", "serves the township", "serves the district")


@dataclass(frozen=True, slots=True)
class Choice:
    """A mediator, or none where nobody can; and why."""

    mediator: Mediator | None
    explanation: tuple[str, ...]


def choose(case: Case, dispute: Dispute, tier: TierName, view: View) -> Choice:
    """Return the best mediator of a tier for a dispute.

    Who has as many disputes as are enough comes after everybody who has not. Then counts, next door, how near a
    mediator is, and further up whether the matter is a speciality; then the load.
    """
    serving = list(view.index.mediators.serving(tier, dispute.township, dispute.community))
    fit = [one for one in serving if not is_partial(one, case, dispute)]
    place = dispute.community or dispute.township or case.district
    if not fit:
        left_out = f"; {len(serving)} who serve it are partial" if serving else ""
        return Choice(None, (f"no mediator of tier {tier} can take it at {place}{left_out}; the centre names one",))
    best = min(fit, key=lambda one: _rank(one, case, dispute, view))
    said = f"{best.code}: {', '.join(_reasons(best, case, dispute, view))}"
    return Choice(best, (said, f"chosen of {len(fit)}; {len(serving) - len(fit)} left out as partial"))


def is_partial(mediator: Mediator, case: Case, dispute: Dispute) -> bool:
    """Say whether a mediator has an interest in the dispute (利益冲突), or was taken off it."""
    kind, _, name = (dispute.subject or "").partition(":")
    touched = {case.partner, name, f"{kind}:{name}"} - {"", ":"}
    return mediator.code in dispute.excluded or not touched.isdisjoint(mediator.interests)


def _rank(one: Mediator, case: Case, dispute: Dispute, view: View) -> tuple[bool, tuple[int, int], float, bytes]:
    load = view.load(one.code)
    near = one.nearness(dispute.township, dispute.community) or 0
    known = _foreign(one, case)
    order = (near, known) if one.tier is TierName.COMMUNITY else (known, near)
    return load >= one.capacity, order, load / one.capacity, sha256(f"{case.case_id}/{one.code}".encode()).digest()


def _foreign(one: Mediator, case: Case) -> int:
    """Return 0 for a speciality, 1 for somebody without any, 2 for somebody with others."""
    if not one.specialities:
        return 1
    return 0 if one.knows(case.category or "") else 2


def _reasons(one: Mediator, case: Case, dispute: Dispute, view: View) -> Iterable[str]:
    yield _NEAR[one.nearness(dispute.township, dispute.community) or 0]
    yield (f"knows {case.category}", "has no speciality", f"has other specialities than {case.category}")[
        _foreign(one, case)
    ]
    load = view.load(one.code)
    yield f"{load} of {one.capacity} open" + (", as nobody has fewer" if load >= one.capacity else "")


def named(case: Case, dispute: Dispute, code: str, view: View) -> Choice:
    """Return the mediator whom the centre names.

    Raises:
        Rejected: `unknown-mediator`, `wrong-mediator` (another tier or place) or `conflict-of-interest`.
    """
    tier = dispute.tier.name
    one = view.index.mediators.get(code)
    if one is None or not one.active:
        raise Rejected("unknown-mediator", f"The profile of {case.district} has no mediator {code!r}.", dispute.state)
    if one.tier is not tier:
        raise Rejected("wrong-mediator", f"{code} is of tier {one.tier}; the dispute is in tier {tier}.", dispute.state)
    if one not in view.index.mediators.serving(tier, dispute.township, dispute.community):
        raise Rejected("wrong-mediator", f"{code} does not serve the place of the dispute.", dispute.state)
    if is_partial(one, case, dispute):
        raise Rejected("conflict-of-interest", f"{code} has an interest in this dispute.", dispute.state)
    return Choice(one, (f"{code}: named by the centre",))
