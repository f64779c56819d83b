"""Taking personal data out of what leaves: a sealed contact for the notifier, everything else for intake's vault."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pydantic_core import from_json, to_json

from services.intake.domain.model import Sealed, Submission
from services.intake.domain.subjects import told_subject
from shared.contracts.ids import event_id
from shared.contracts.incidents import Reporter
from shared.decision import Companion
from shared.infra.vault import Vault

COLLECTION = "vault"


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals with the newest key. The nonce is random, so this happens before the decision, which is pure."""

    vault: Vault

    def seal(self, submission: Submission) -> Submission:
        """Return the submission with its personal data sealed; unchanged when it holds none."""
        draft = submission.draft
        if not draft.private:
            return submission
        reporter_ref = reference(draft.aggregate)
        contact = _contact(draft.reporter)
        sealed = Sealed(
            reporter_ref=reporter_ref if draft.reporter else None,
            contact=self.vault.seal(contact, submission.case_id) if contact else None,
            vault=Companion(COLLECTION, self._document(reporter_ref, submission)),
            subject=draft.subject and told_subject(draft.subject, self.vault.refer),
        )
        return replace(submission, sealed=sealed)

    def again(self, sealed: str, reporter_ref: str, case_id: str) -> str | None:
        """Return the contact in a document of the vault, sealed for another case; None where nobody can be reached.

        Raises:
            SealError: the key is not among ours any more.
        """
        said = from_json(self.vault.open(sealed, reporter_ref)).get("reporter")
        contact = _contact(Reporter.model_validate(said)) if said else None
        return self.vault.seal(contact, case_id) if contact else None

    def _document(self, reporter_ref: str, submission: Submission) -> dict[str, Any]:
        """Return the vault's document: what the bus does not carry, sealed for this one reference.

        `number` is the report's own case number, `case_id` the case it went to.
        """
        draft = submission.draft
        content = to_json(draft.private, exclude_none=True)
        return {
            "_id": reporter_ref,
            "case_id": submission.case_id,
            "number": draft.case_id,
            "key": self.vault.sealing,
            "sealed": self.vault.seal(content, reporter_ref),
            "day": draft.origin.received.toordinal(),
            "created_at": draft.origin.received,
        }


def reference(aggregate: str) -> str:
    """Return the reference under which the vault keeps the person behind a report."""
    return event_id(f"reporter/{aggregate}", 0)


def _contact(reporter: Reporter | None) -> bytes | None:
    """Return what the notifier needs to reach somebody; an identity number does not help in that and stays here."""
    if reporter is None or not (reporter.phone or reporter.email):
        return None
    reach = {"name": reporter.name, "phone": reporter.phone, "email": reporter.email, "anonymous": reporter.anonymous}
    return to_json(reach, exclude_none=True)
