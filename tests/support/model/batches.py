"""Batch disputes (群体性纠纷): one dispute of many households, a file for each, counted by the hour.

A file is a case like any other. It has the mediators of its batch, and its own agreement, its own way to court or home.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shared.contracts.mediation import OpenBatch
from tests.support.model.case import CaseFile, Refused
from tests.support.model.mediators import UNDER_WAY, Tier

if TYPE_CHECKING:
    from tests.support.model.district import DistrictModel

HOUR = timedelta(hours=1)


class Batches:
    """What is special about batches and their files."""

    def __init__(self, district: DistrictModel) -> None:
        self.district = district

    # ---- a file and its batch

    def parent(self, case: CaseFile) -> CaseFile | None:
        """The case of which this one is a file, or would be one if somebody named its category."""
        named = case.report["batch"] if case.state == "triage" else case.dispute and case.dispute.batch
        return self.district.cases.get(named or "")

    @staticmethod
    def takes_files(batch: CaseFile | None) -> bool:
        """Say whether files may be opened under a case."""
        return batch is not None and batch.open and batch.dispute is not None and batch.dispute.is_batch

    def file(self, case: CaseFile) -> bool:
        """Make a new dispute the file that its report says it is, if there is such a batch; else it is its own."""
        named = self.district.cases.get(case.report["batch"] or "")
        if named is None or not self.takes_files(named):
            return False
        case.dispute.batch = named.id
        return True

    def who_mediates(self, case: CaseFile, tier: Tier) -> Tier:
        """The tier that says who mediates: for a file that is mediated with its batch that of the batch."""
        batch = self.parent(case) if tier.name == "batch" else None
        return batch.dispute.tier if batch is not None else tier

    # ---- a batch and its files

    def declare(self, case: CaseFile, command: OpenBatch) -> None:
        """The centre lets files be opened under a dispute that nobody has agreed on for all, or says how many come."""
        dispute = self.district.mediation.of(case)
        bound = case.pledges is not None and case.pledges.binding is not None
        if not case.open or dispute.batch is not None or dispute.state not in UNDER_WAY or bound:
            raise Refused("illegal-transition")
        dispute.is_batch, dispute.expected = True, command.expected
        self.tell(case)

    def tell(self, case: CaseFile) -> None:
        """Say how far it is; the next count is in an hour."""
        now = self.district.now
        case.dispute.counts, case.dispute.count_at = self.stand(case), now + HOUR
        self.district.happened(case, "batch.progressed", now)

    def stand(self, case: CaseFile) -> dict[str, int]:
        """How many files stand how."""
        disputes = [one for one in self.district.cases.values() if one.dispute is not None]
        return dict(Counter(self.stands(one) for one in disputes if one.dispute.batch == case.id))

    @staticmethod
    def stands(file: CaseFile) -> str:
        """How one file stands: mediating, agreed, court, fulfilled, or ended otherwise."""
        if file.open:
            return str(file.dispute.state)
        return "fulfilled" if file.outcome == "fulfilled" else "ended"

    def has_open_files(self, case: CaseFile) -> bool:
        """Say whether a case is a batch with files that are open."""
        return case.dispute.is_batch and any(how not in ("fulfilled", "ended") for how in self.stand(case))

    def count(self, case: CaseFile) -> None:
        """Count the files when it is time, tell what has changed, and end the batch with the last of them."""
        dispute = case.dispute
        if dispute is None or dispute.count_at is None or dispute.count_at > self.district.now:
            return
        if self.stand(case) != dispute.counts:
            self.tell(case)
        dispute.count_at = self.district.now + HOUR
        enough = sum(dispute.counts.values()) >= (dispute.expected or 1)
        if enough and not self.has_open_files(case):
            self.end(case)

    def end(self, case: CaseFile) -> None:
        """Fulfilled if one household at least got what it was promised; else they have all gone."""
        now, kept = self.district.now, "fulfilled" in case.dispute.counts
        self.district.mediation.end(case, case.dispute.tier, "agreement" if kept else "withdrawn", now)
        self.district.mediation.over(case, "fulfilled" if kept else "dispute_withdrawn", now)


RULES: dict[type[Any], Callable[[Batches, CaseFile, Any], None]] = {OpenBatch: Batches.declare}
