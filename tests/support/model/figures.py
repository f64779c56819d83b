"""The figures of DOMAIN §10, counted from what there is: slow, obvious, and without a ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

from tests.support.model.case import CaseFile, Clock
from tests.support.model.days import BEIJING
from tests.support.model.dispute_figures import of_disputes
from tests.support.model.district import DistrictModel

Ratio = tuple[int, int]
Found = dict[str, Any]


def figures_of(model: DistrictModel) -> Found:
    """Return every figure: (n, of), counts by state, or the times in order."""
    cases, closed = list(model.cases.values()), [one for one in model.cases.values() if one.state == "closed"]
    kept = [one for one in cases if one.state != "withdrawn"]
    return {
        "cases": Counter(_state(one) for one in cases),
        "closing_rate": (len(closed), len(kept)),
        "closing_rate by category": _by(kept, lambda one: one.category or "", lambda one: one.state == "closed"),
        "closing_rate by source": _by(kept, lambda one: one.partner, lambda one: one.state == "closed"),
        "closing_rate by day": _by(kept, _day, lambda one: one.state == "closed"),
        "on_time_rate": _ratio(_judged(model, "verdict")),
        "on_time_rate_original": _ratio(_judged(model, "original_verdict")),
        "on_time_rate by department": _by(_judged(model, "verdict"), lambda one: one[0], lambda one: one[1]),
        "handling_time": sorted(_took(one) for one in closed),
        "refusals": (_happened(model, "tasks", "returned"), sum(len(one.tasks) for one in cases)),
        "reports": +_reports(model),
        "muster_time": _happened(model, "attendance", "present") + _happened(model, "attendance", "late"),
        "notices_delivered": _told(model),
        **of_disputes(cases),
    }


def _reports(model: DistrictModel) -> Counter[str]:
    """Reports by whether they have a case of their own; one that was taken out of another's has it after all."""
    apart = _happened(model, "cases", "unmerged")
    accepted, merged = (_happened(model, "reports", part) for part in ("accepted", "merged"))
    return Counter({"accepted": accepted + apart, "merged": merged - apart})


def _state(case: CaseFile) -> str:
    return "open" if case.open else case.state


def _day(case: CaseFile) -> str:
    return case.opened_at.astimezone(BEIJING).date().isoformat()


def _by(things: Iterable[Any], key: Callable[[Any], str], counts: Callable[[Any], bool]) -> dict[str, Ratio]:
    found: dict[str, Ratio] = {}
    for one in things:
        n, of = found.get(key(one), (0, 0))
        found[key(one)] = (n + counts(one), of + 1)
    return found


def _ratio(things: Iterable[tuple[str, bool]]) -> Ratio:
    found = [counts for _, counts in things]
    return sum(found), len(found)


def _judged(model: DistrictModel, verdict: str) -> Iterator[tuple[str, bool]]:
    """Yield each task's handling clock that has ended or is overdue: whose, and whether in time."""
    for clock in _handling(model):
        said = getattr(clock, verdict)
        if said in ("on_time", "late"):
            yield clock.owner, said == "on_time"
        elif clock.live and clock.breached is not None:
            yield clock.owner, False


def _handling(model: DistrictModel) -> Iterator[Clock]:
    return (clock for case in model.cases.values() for clock in case.clocks if clock.kind == "handle")


def _took(case: CaseFile) -> int:
    """From the report to the lead's completion, of a dispute to its agreement or end, in milliseconds."""
    done = [one.completed for one in reversed(case.current()) if one.role == "lead" and one.completed]
    end = done[0] if done else case.ended_at
    if case.outcome == "fulfilled" and case.pledges and case.pledges.signed_at:
        end = case.pledges.signed_at[len(case.pledges.signed_at)]
    assert end is not None
    return max(0, (end - case.opened_at) // timedelta(milliseconds=1))


def _happened(model: DistrictModel, what: str, outcome: str) -> int:
    """Return how often something happened, as the model counted it when it did."""
    return sum(number for key, number in model.figures.items() if key[0] == what and key[-1] == outcome)


def _told(model: DistrictModel) -> Ratio:
    ended = [one for one in model.telling.notices if one.outcome != "queued"]
    return sum(one.outcome == "delivered" for one in ended), len(ended)
