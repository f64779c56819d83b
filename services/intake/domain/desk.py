"""The front desk: from a message and the topic it came on to a draft or a command, or the reason why not. Pure.

The HTTP gateway asks the same desk before it takes a message, so both ways in refuse the same things.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from services.intake.domain.commands import authorise, district_of, read_command
from services.intake.domain.district import Extent, find_district
from services.intake.domain.model import Draft, Origin
from services.intake.domain.normalise import asked_of, clean_id, fingerprint, normalise
from services.intake.domain.reading import Kind, Message
from services.intake.domain.text import clean_text
from services.intake.sources import parse_report
from shared.classifier.suggester import Suggester
from shared.contracts.commands import Command
from shared.contracts.incidents import Report
from shared.contracts.registry import command_types
from shared.contracts.topics import UNLOCATED
from shared.decision import Poison
from shared.district.lookup import DirectoryIndex
from shared.district.parties import Partner


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message with what is known of it from outside: whose topic it came on, and when."""

    district: str
    partner: str
    received: datetime
    message: Message


@dataclass(frozen=True, slots=True)
class Parsed:
    """A report in our own terms, its district found; not yet normalised."""

    envelope: Envelope
    report: Report
    report_id: str
    content: bytes
    district: str

    @property
    def aggregate(self) -> str:
        """The id under which the report is remembered."""
        return f"{self.district}/{self.envelope.partner}/{self.report_id}"


@dataclass(frozen=True)
class Desk:
    """Everything the desk knows: the newest profile of every district, and what judges the texts of its reports."""

    indexes: Mapping[str, DirectoryIndex]
    suggesters: Mapping[str, Suggester] = field(default_factory=dict)

    @cached_property
    def extents(self) -> tuple[Extent, ...]:
        """Every district with its rectangle."""
        return tuple(Extent.of(index) for index in self.indexes.values())

    def index(self, district: str) -> DirectoryIndex:
        """Return a district's profile.

        Raises:
            Poison: `unknown-district`.
        """
        index = self.indexes.get(district)
        if index is None:
            raise Poison("unknown-district", f"No profile of district {district} has been applied.")
        return index

    def partner(self, district: str, partner: str) -> Partner:
        """Return a partner's entry in a district's profile.

        Raises:
            Poison: `unknown-district` or `unknown-partner`.
        """
        found = self.index(district).partner(partner)
        if found is None:
            raise Poison("unknown-partner", f"The profile of district {district} names no partner {partner}.")
        return found

    def parse(self, envelope: Envelope) -> Parsed:
        """Return the report of an envelope and the district it belongs to.

        Raises:
            Poison: its sender may not report, its fields are wrong, or no district can be found.
        """
        entry = self._entry(envelope)
        if not entry.may_report:
            raise Poison("forbidden", f"{entry.id} may not send reports.")
        report = parse_report(entry.report_format, envelope.message.payload)
        district = envelope.district if envelope.district != UNLOCATED else self._found(envelope, entry, report)
        return Parsed(envelope, report, clean_id(report), fingerprint(envelope.message.payload), district)

    def _entry(self, envelope: Envelope) -> Partner:
        """Return the sender's entry; one who does not know the district is read by the first profile that names it."""
        if envelope.district != UNLOCATED:
            return self.partner(envelope.district, envelope.partner)
        entries = (extent.index.partner(envelope.partner) for extent in self.extents)
        found = next((entry for entry in entries if entry is not None), None)
        if found is None:
            raise Poison("unknown-partner", f"No profile names a partner {envelope.partner}.")
        return found

    def _found(self, envelope: Envelope, entry: Partner, report: Report) -> str:
        there = (extent for extent in self.extents if extent.index.partner(envelope.partner) is not None)
        district = find_district(there, asked_of(report, entry), clean_text(report.text or ""))
        if district is None:
            raise Poison(
                "unknown-district",
                "Neither grid code nor position nor address says in which district of this partner the report is.",
            )
        return district

    def draft(self, parsed: Parsed) -> Draft:
        """Return the report normalised by the profile of its district.

        Raises:
            Poison: `invalid-report` or `unknown-category`.
        """
        envelope = parsed.envelope
        return normalise(parsed.report, parsed.content, self._origin(envelope, parsed.district))

    def command(self, envelope: Envelope) -> Command:
        """Return the command of an envelope as it leaves intake.

        Raises:
            Poison: `forbidden`, `invalid-command`, `unknown-district` or `unknown-partner`.
        """
        district = envelope.district
        if district == UNLOCATED:
            cls = command_types()[envelope.message.type]
            authorise(self._entry(envelope), cls)
            district = district_of(envelope.message.payload, cls) or UNLOCATED
        return read_command(envelope.message, self._origin(envelope, district))

    def _origin(self, envelope: Envelope, district: str) -> Origin:
        index, partner = self.index(district), self.partner(district, envelope.partner)
        return Origin(index, partner, envelope.received, self.suggesters.get(district))

    def check(self, envelope: Envelope) -> str:
        """Check a message as far as it can be without the database; return its key, a report's or a case's id.

        Raises:
            Poison: it would become a dead letter.
        """
        if envelope.message.kind is Kind.COMMAND:
            return self.command(envelope).case_id
        parsed = self.parse(envelope)
        self.draft(parsed)
        return parsed.report_id
