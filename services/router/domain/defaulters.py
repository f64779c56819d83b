"""The defaulter list (失信名单): who enters it, objects, is heard, and has its credit restored (信用修复).

A party is listed in its case, by its name of the file. Who that is, only intake's vault knows.
"""

from __future__ import annotations

from datetime import datetime

from services.router.domain.change import Change, View, illegal, told, unchanged
from services.router.domain.model import Case
from services.router.domain.promises import Listing
from shared.contracts.agreeing import AppealDefaulter, DecideDefaulter, DefaulterCommand, EnterDefaulter
from shared.contracts.agreements import Cleared, DefaulterRecorded, Standing
from shared.decision import Decision, Rejected


def decide_enter(case: Case, command: EnterDefaulter, view: View) -> Decision[Case]:
    """Enter a party that owes something although time and grace have passed."""
    if view.index.profile.agreements.defaulters.entry == "none":
        raise illegal(f"District {case.district} keeps no defaulter list.", case.state)
    if case.promises.listing(command.party) is not None:
        return unchanged(case, "listed_before")
    if not case.promises.in_default(command.party):
        raise illegal(f"{command.party} has broken nothing that is still owed; only who has is listed.", case.state)
    return enter(Change(case), command.party, command.occurred_at, view).decided("listed")


def decide_appeal(case: Case, command: AppealDefaulter, view: View) -> Decision[Case]:
    """Note the objection; a stay on the list is objected to once."""
    listing = _listed(case, command)
    if listing.standing is not Standing.LISTED:
        raise illegal(f"{command.party} has objected before: the appeal is {listing.standing}.", listing.standing)
    at = command.occurred_at
    appealed = listing.changed(standing=Standing.APPEALED, appealed_at=at)
    return _put(Change(case), appealed, at, view).decided("appealed")


def decide_appeal_decision(case: Case, command: DecideDefaulter, view: View) -> Decision[Case]:
    """Decide on the objection; upheld, the party leaves the list."""
    listing = _listed(case, command)
    if listing.standing is not Standing.APPEALED:
        raise illegal(f"There is no appeal of {command.party} to decide on.", listing.standing)
    at = command.occurred_at
    if command.upheld:
        return _leave(Change(case), listing, at, Cleared.APPEAL_UPHELD, view).decided("appeal_upheld")
    dismissed = listing.changed(standing=Standing.DISMISSED, decided_at=at)
    return _put(Change(case), dismissed, at, view).decided("appeal_dismissed")


def _listed(case: Case, command: DefaulterCommand) -> Listing:
    listing = case.promises.listing(command.party)
    if listing is None:
        raise Rejected("unknown-party", f"{command.party} is not on the defaulter list in this case.", case.state)
    return listing


def enter(change: Change, party: str, at: datetime, view: View) -> Change:
    """Return the change with the party on the list, if it is not there already."""
    if change.case.promises.listing(party) is not None:
        return change
    return _put(change, Listing(party=party, entered_at=at), at, view)


def clear(change: Change, party: str, at: datetime, because: Cleared, view: View) -> Change:
    """Return the change with the party off the list, if nothing keeps it there any more."""
    listing = change.case.promises.listing(party)
    if listing is None or change.case.promises.in_default(party):
        return change
    return _leave(change, listing, at, because, view)


def clear_all(change: Change, at: datetime, because: Cleared, view: View) -> Change:
    """Return the change with nobody on the list any more."""
    for listing in change.case.promises.listings:
        if listing.on_the_list:
            change = _leave(change, listing, at, because, view)
    return change


def _leave(change: Change, listing: Listing, at: datetime, because: Cleared, view: View) -> Change:
    """Take a party off; nobody leaves the list before having entered it, whenever what cleared it happened."""
    at = max(at, listing.entered_at)
    left = listing.changed(standing=Standing.CLEARED, left_at=at, because=because)
    return _put(change, left, at, view)


def _put(change: Change, listing: Listing, at: datetime, view: View) -> Change:
    appealed = listing.standing is Standing.APPEALED
    event = DefaulterRecorded(
        **told(change.case, at, view),
        party=listing.party,
        standing=listing.standing,
        because=listing.because,
        decide_within=view.index.profile.agreements.defaulters.decide_within if appealed else None,
    )
    return change.add(event, promises=change.case.promises.put_listing(listing))
