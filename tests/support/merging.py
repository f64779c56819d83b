"""What of a random history is about merging: a neighbour says it again, the centre takes it out of the case again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.history import History, Sent


def take_apart(history: History) -> Sent:
    """The centre takes a merged report out of its case; or one that was never merged, or another does.

    Where nothing is merged somebody says again what was said last.
    """
    pick, reports = history.chance.pick, list(history.model.reception.reports.values())
    if not any(one.into for one in reports):
        return say_again(history)
    report = pick([one for one in reports if one.into] * 9 + reports)
    case = history.model.cases[pick([report.into or report.apart_from or report.case] * 9 + list(history.model.cases))]
    content: dict[str, Any] = {
        "partner": report.partner,
        "report_id": pick([report.id] * 9 + ["none"]),
        "reason": "another house",
    }
    content |= {"case_id": case.id, "occurred_at": history.claim()}
    return history.send(pick(["centre"] * 6 + ["housing"]), "case.unmerge", content)


def say_again(history: History) -> Sent:
    """A neighbour reports what was reported last, now and a few metres on, so that it is merged where it can be."""
    old = [one for one in history.sent if one.name is None][-1]
    place = old.content.get("location")
    near = {"location": {**place, "lon": place["lon"] + 0.0001}} if place and "lon" in place else {}
    content = {name: value for name, value in old.content.items() if name not in ("occurred_at", "due_at")}
    content |= {"report_id": f"r{len(history.sent)}", "reporter": {"phone": "13800000001"}, **near}
    return history.send(history.chance.pick(["grid-app", "hotline"]), None, content)
