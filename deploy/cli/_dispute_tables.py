"""A dispute as tables for people: the tiers it has been in, and of a batch how far its households are."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from deploy.cli._console import print_table
from deploy.cli._live import ZONE
from services.router.domain.dispute import Dispute, Tier
from services.router.domain.model import Case

NOTHING = "-"
COLUMNS = ("tier", "mediator", "department", "entered", "due", "consents", "outcome")


def show_dispute(case: Case) -> None:
    """Print what the router keeps of a dispute that is mediated; nothing for any other case."""
    dispute = case.dispute
    if dispute is None:
        return
    print_table(COLUMNS, map(_tier, dispute.tiers), title=_title(dispute))
    if dispute.is_batch:
        print_table(("batch", ""), _files(dispute))


def _files(dispute: Dispute) -> Iterator[Sequence[str]]:
    expected = f" of {dispute.expected}" if dispute.expected else ""
    yield "households", f"{sum(dispute.counts.values())}{expected}"
    yield from ((how, str(number)) for how, number in sorted(dispute.counts.items()))


def _title(dispute: Dispute) -> str:
    due = f", mediation ends {_local(dispute.total_due_at)}" if dispute.total_due_at else ""
    batch = f", a file of {dispute.batch}" if dispute.batch else ""
    return f"Dispute: {dispute.state}, {dispute.hearings} hearings, {dispute.extensions} extensions{due}{batch}"


def _tier(tier: Tier) -> Sequence[str]:
    who = tier.mediator or ", ".join(tier.members) or NOTHING
    beside = f" with {tier.co_mediator}" if tier.co_mediator else ""
    consents = ", ".join(tier.consents) or NOTHING
    times = (_local(tier.entered_at), _local(tier.due_at))
    return f"{tier.number} {tier.name}", f"{who}{beside}", tier.owner, *times, consents, tier.outcome or "runs"


def _local(instant: datetime | None) -> str:
    return NOTHING if instant is None else f"{instant.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"
