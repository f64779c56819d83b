"""Tying a case to another of its district, e.g. a safety event to the dispute behind it.

A link holds both ways: a case that is no dispute does not close while a dispute at either end is open.
"""

from __future__ import annotations

import re

from services.router.domain.change import Change, View, illegal, invalid, told, unchanged
from services.router.domain.model import Case
from shared.contracts.cases import CaseLinked
from shared.contracts.commands import LinkCase
from shared.decision import Decision, Rejected

MAX_LINKS = 50
"""Links of one case: each is read whenever the case would close, so a script gone wild must not add them for ever."""

_CASE_ID = re.compile(r"[0-9]{6}-[0-9]{6}-[a-z2-7]{8}")


def decide_link(case: Case, command: LinkCase, view: View) -> Decision[Case]:
    """Note the link; the same one again changes nothing."""
    if command.other in case.links:
        return unchanged(case, "linked_before")
    _must_be_another(case, command.other)
    if view.other_missing:
        raise Rejected("unknown-case", f"There is no case {command.other} to link with.", case.state)
    if len(case.links) >= MAX_LINKS:
        raise illegal(f"The case has {len(case.links)} links; no case may have more than {MAX_LINKS}.", case.state)
    event = CaseLinked(**told(case, command.occurred_at, view), other=command.other, reason=command.reason)
    return Change(case).add(event, links=(*case.links, command.other)).decided("linked")


def _must_be_another(case: Case, other: str) -> None:
    if not _CASE_ID.fullmatch(other) or not other.startswith(f"{case.district}-"):
        raise invalid(f"{other!r} is not the number of a case of district {case.district}.", case.state)
    if other == case.case_id:
        raise invalid("A case cannot be linked with itself.", case.state)
