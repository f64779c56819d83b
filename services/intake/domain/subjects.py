"""What a report is about (主体): an organisation by its name, a person by a reference that only intake can make."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from services.intake.domain.masking import mask
from services.intake.domain.text import clean_line
from shared.contracts.incidents import Subject
from shared.district.governance import Advisories

REF_DIGITS = 16

Refer = Callable[[bytes], str]
"""Makes the reference of a content with a secret: the same for the same, and nobody else can try names against it."""


def read_subject(said: Subject | None, policy: Advisories) -> Subject | None:
    """Return the subject as intake goes on with it; that of a person has its name still, and no reference yet."""
    name = clean_line(said.name) if said else ""
    if said is None or not name:
        return None
    kind = mask(clean_line(said.kind)).lower()
    if kind not in policy.organisations:
        return Subject(kind=kind, name=name)
    return Subject(kind=kind, name=mask(name), ref=sha256(_content(kind, name)).hexdigest()[:REF_DIGITS])


def is_person(subject: Subject | None) -> bool:
    """Say whether a subject that was read must not be named outside; of a kind nobody knows, it must not."""
    return subject is not None and subject.ref is None


def told_subject(subject: Subject, refer: Refer) -> Subject:
    """Return the subject as the bus may carry it: an organisation as it is, a person without the name."""
    if not is_person(subject):
        return subject
    return Subject(kind=subject.kind, name="", ref=refer(_content(subject.kind, subject.name))[:REF_DIGITS])


def _content(kind: str, name: str) -> bytes:
    """Return what makes two namings the same: blanks and capitals do not part them."""
    return f"{kind}\n{''.join(name.split()).casefold()}".encode()
