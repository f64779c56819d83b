"""What the parties of a dispute promised, as tables for people: agreements, obligations, the defaulter list."""

from collections.abc import Sequence
from datetime import datetime

from deploy.cli._console import print_table
from deploy.cli._live import ZONE
from services.router.domain.model import Case
from services.router.domain.promises import Agreement, Listing, Obligation
from shared.contracts.agreements import Duty
from shared.contracts.money import in_words

NOTHING = "-"


def show_promises(case: Case) -> None:
    """Print what was promised in a case, if anything was."""
    kept = case.promises
    if not kept.agreements:
        return
    print_table(
        ("agreement", "signed", "state", "principal", "confirmation", "route"),
        map(_agreement, kept.agreements),
        title="Agreements",
    )
    print_table(
        ("obligation", "of", "party", "what", "owed", "paid", "due", "state"),
        map(_obligation, kept.obligations),
        title="Obligations",
    )
    if kept.listings:
        print_table(("party", "standing", "since", "left"), map(_listing, kept.listings), title="Defaulters")


def _agreement(one: Agreement) -> Sequence[str]:
    principal = in_words(one.principal) if one.principal else NOTHING
    return (
        str(one.number),
        _local(one.signed_at),
        one.state,
        principal,
        one.confirmation or NOTHING,
        one.route or NOTHING,
    )


def _obligation(one: Obligation) -> Sequence[str]:
    money = (in_words(one.fen), in_words(one.paid)) if one.what is Duty.PAY else (NOTHING, NOTHING)
    late = ", broken" if one.breached else ""
    of = str(one.agreement)
    return f"obligation#{one.number}", of, one.party, one.what, *money, _local(one.due_at), f"{one.state}{late}"


def _listing(one: Listing) -> Sequence[str]:
    left = f"{_local(one.left_at)} ({one.because})" if one.left_at else NOTHING
    return one.party, one.standing, _local(one.entered_at), left


def _local(instant: datetime) -> str:
    return f"{instant.astimezone(ZONE):%Y-%m-%d %H:%M}"
