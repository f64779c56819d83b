"""Batch disputes (群体性纠纷): one parent, one file a household, progress counted.

A file is a case of its own, from a report of its own that names its parent; it shares the parent's mediators and time,
and has its own agreement. The parent keeps no list of them, or it would grow with every household: it counts them every
hour, from an index, and tells only what has changed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.router.domain.change import Change, View, illegal, told
from services.router.domain.dispute import UNDER_WAY
from services.router.domain.disputes import ENDED_FILES, end
from services.router.domain.model import Case
from services.router.domain.tiers import CLOCK, dispute_of, leave
from shared.contracts.cases import Outcome
from shared.contracts.disputes import BatchProgressed, TierOutcome
from shared.contracts.mediation import OpenBatch
from shared.decision import Decision

RECOUNT = timedelta(hours=1)
"""How often a parent counts its files. They are other documents, so nothing tells it; and if each of them did, two
thousand households would wait for one another at one document."""


def named_batch(case: Case) -> str | None:
    """Return the parent that a case is a file of, or asks to be while it waits for its category."""
    if case.dispute is not None:
        return case.dispute.batch
    return case.waiting.batch if case.waiting is not None else None


def decide_batch(case: Case, command: OpenBatch, view: View) -> Decision[Case]:
    """Let files be opened under a dispute; said again, it corrects how many there will be."""
    dispute = dispute_of(case)
    if not case.open or dispute.batch is not None:
        raise illegal("Only an open dispute that is no file of another takes files.", dispute.state)
    if dispute.state not in UNDER_WAY or case.promises.binding is not None:
        raise illegal("The dispute is agreed on as a whole; only one that is mediated takes files.", dispute.state)
    batch = dispute.changed(is_batch=True, expected=command.expected, count_at=view.now + RECOUNT)
    return _told(Change(case).add(dispute=batch), view).decided("batch_opened")


def recount(change: Change, view: View) -> Change:
    """Count the files of a batch again if that is due; when all have ended, so does their parent.

    However late a sweep comes, the next count is a whole number of hours after the batch was opened.
    """
    dispute = change.case.dispute
    if dispute is None or dispute.count_at is None or dispute.count_at > view.now:
        return change
    counts = dict(view.mediation.files)
    hours = 1 + (view.now - dispute.count_at) // RECOUNT
    counted = change.add(dispute=dispute.changed(count_at=dispute.count_at + hours * RECOUNT))
    if counts != dispute.counts:
        counted = _told(counted, view)
    return _ended(counted, view) if _all_ended(counts, dispute.expected) else counted


def _told(change: Change, view: View) -> Change:
    dispute = dispute_of(change.case)
    counts: dict[str, Any] = dict(view.mediation.files)
    event = BatchProgressed(
        **told(change.case, view.now, view),
        **counts,
        files=sum(counts.values()),
        expected=dispute.expected,
        counted_at=view.now,
    )
    return change.add(event, dispute=dispute.changed(counts=counts))


def _all_ended(counts: dict[str, int], expected: int | None) -> bool:
    files = sum(counts.values())
    return files >= max(1, expected or 1) and not any(
        number for how, number in counts.items() if how not in ENDED_FILES
    )


def _ended(change: Change, view: View) -> Change:
    """End a batch: fulfilled where an agreement of at least one household was, else withdrawn."""
    dispute = dispute_of(change.case)
    fulfilled = dispute.counts.get("fulfilled", 0) > 0
    if dispute.tier.ended_at is None:
        outcome = TierOutcome.AGREEMENT if fulfilled else TierOutcome.WITHDRAWN
        change = leave(change, outcome, view.now, CLOCK, view, reason="all_files_ended")
    return end(change, Outcome.FULFILLED if fulfilled else Outcome.DISPUTE_WITHDRAWN, view.now, view)
