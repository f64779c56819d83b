"""Files on what keeps coming back (源头治理): an advisory proposed, issued by a human, answered within its time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.contracts import advisories as say
from shared.district.governance import AdvisoryRule
from tests.support.model.case import CaseFile, Clock, Refused
from tests.support.model.telling import Heard

if TYPE_CHECKING:
    from tests.support.model.district import DistrictModel


@dataclass(eq=False)
class SourceFile(CaseFile):
    """One source, and the advisory on it; `issued` is when a human let it go."""

    rule: AdvisoryRule | None = None
    kind: str = ""
    proposed: datetime | None = None
    issued: datetime | None = None
    replied: datetime | None = None


@dataclass(eq=False)
class Files:
    """All files of a district. Windows are longer than any history here: how they end is tested where time is."""

    district: DistrictModel
    seen: dict[str, list[CaseFile]] = field(default_factory=dict)
    files: dict[str, SourceFile] = field(default_factory=dict)

    def note(self, case: CaseFile) -> None:
        """A case was opened: count it for every rule that it fits, and propose where there are enough of it."""
        for rule in self.district.profile.advisories.rules:
            area = self.district.profile.code if rule.area == "district" else case.place.get(rule.area)
            if rule.by != "cause" or not rule.is_about(case.category or "") or area is None:
                continue
            source = f"{self.district.profile.code}/{rule.id}/{case.category}/{area}"
            there = self.seen.setdefault(source, [])
            there.append(case)
            number = say.file_number(self.district.profile.code, source)
            if len(there) >= rule.count and number not in self.files:
                self.propose(number, rule, max(there, key=lambda one: (one.opened_at, one.id)))

    def propose(self, number: str, rule: AdvisoryRule, case: CaseFile) -> None:
        """Whoever leads the newest case can end it, unless the rule names another."""
        addressee = rule.addressee or case.lead
        profile, now = self.district.profile, self.district.now
        file = SourceFile(profile, number, "", "", now, 3, {}, {}, lead=addressee, rule=rule, kind=str(rule.kind))
        file.state, file.proposed = "open", self.district.now
        self.files[number] = file
        self.district.telling.heard[number] = Heard(lead=addressee)
        self.tell(file, "advisory.proposed")

    def tell(self, file: SourceFile, what: str) -> None:
        """Count it, and let the addressee and the centre hear."""
        word = what.partition(".")[2]
        self.district.count("advisories", str(file.kind), word)
        self.district.happened(file, what, self.district.now, owner=file.lead)

    def of(self, number: str) -> SourceFile:
        """The file under a number; a case is none."""
        if number not in self.files:
            raise Refused("illegal-transition" if number in self.district.cases else "unknown-case")
        return self.files[number]

    def issue(self, file: SourceFile, command: say.IssueAdvisory) -> None:
        """A human lets it go, as proposed or otherwise."""
        self.must(file.open and file.issued is None)
        addressee = command.addressee or file.lead
        if not self.district.casework.knows(file, addressee):
            raise Refused("unknown-department")
        assert file.rule is not None
        file.lead, file.kind, file.issued = addressee, str(command.kind or file.kind), self.district.now
        limit = command.reply_within or file.rule.reply
        self.district.time.start(file, Clock("reply#1", "reply", addressee, self.district.now, limit))
        self.tell(file, "advisory.issued")

    def decline(self, file: SourceFile, _: say.DeclineAdvisory) -> None:
        """A human does not."""
        self.must(file.open and file.issued is None)
        file.state = "closed"
        self.tell(file, "advisory.declined")

    def reply(self, file: SourceFile, command: say.ReplyAdvisory) -> None:
        """The addressee answers, or the centre enters its letter, as of when it came."""
        by_centre = command.actor.kind == "centre"
        self.must(file.issued is not None and file.replied is None)
        if not by_centre and command.actor.department != file.lead:
            raise Refused("forbidden")
        assert file.issued is not None
        at = min(command.occurred_at, self.district.now) if by_centre else self.district.now
        file.replied = at
        for clock in file.live_clocks("reply"):
            self.district.time.stop(file, clock, max(at, file.issued))
        self.tell(file, "advisory.replied")

    @staticmethod
    def must(holds: bool) -> None:  # noqa: FBT001 - reads as a sentence
        """Refuse unless it holds."""
        if not holds:
            raise Refused("illegal-transition")


RULES: dict[type, Callable[[Files, SourceFile, Any], None]] = {
    say.IssueAdvisory: Files.issue,
    say.DeclineAdvisory: Files.decline,
    say.ReplyAdvisory: Files.reply,
}
