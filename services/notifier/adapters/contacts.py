"""The reporters' contacts: sealed in the database, opened in memory for as long as a notice takes to leave."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from motor.motor_asyncio import AsyncIOMotorCollection

from services.notifier.domain.model import AddressKind
from services.notifier.domain.queueing import reporter_document
from services.notifier.domain.surroundings import Unreadable
from shared.infra.vault import SealError, Vault


@dataclass(frozen=True, slots=True)
class Person:
    """A reporter in clear text; never stored, never logged. One who stays anonymous has no name."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None

    def address(self, kind: AddressKind) -> str | None:
        """Return the address of a kind; a channel that takes anything needs none."""
        return {AddressKind.EMAIL: self.email, AddressKind.PHONE: self.phone, AddressKind.ANY: ""}.get(kind)


@dataclass(frozen=True, slots=True)
class Contacts:
    """Opens contacts with the vault's keys; without keys nobody can be reached, and every notice says so."""

    vault: Vault | None
    collection: AsyncIOMotorCollection[dict[str, Any]]

    def reach(self, sealed: str, owners: Sequence[str]) -> tuple[str, tuple[AddressKind, ...]]:
        """Return which of the cases a contact is bound to, and how the person can be reached.

        Raises:
            Unreadable: with none of the cases and keys at hand.
        """
        for owner in owners:
            try:
                person = self.open(sealed, owner)
            except Unreadable:
                continue
            return owner, tuple(kind for kind in (AddressKind.EMAIL, AddressKind.PHONE) if person.address(kind))
        raise Unreadable

    def open(self, sealed: str, owner: str) -> Person:
        """Return the person behind a sealed contact.

        Raises:
            Unreadable: the keys do not fit, or the content is no contact.
        """
        if self.vault is None:
            raise Unreadable
        try:
            content = json.loads(self.vault.open(sealed, owner))
            name = None if content.get("anonymous") else content.get("name")
            return Person(name or None, content.get("phone") or None, content.get("email") or None)
        except (SealError, ValueError, AttributeError):
            raise Unreadable from None

    async def erase(self, case_id: str, ref: str | None, until: datetime) -> None:
        """Delete the contacts of a case that came until an instant, or the one of a single reporter."""
        ids: Any = {"$regex": f"^{re.escape(case_id)}/"} if ref is None else reporter_document(case_id, ref)
        await self.collection.delete_many({"_id": ids, "recorded_at": {"$lte": until}})

    async def people(self, ids: Iterable[str]) -> dict[str, Person | None]:
        """Return the persons by the id of their document; one that cannot be opened is None, an erased one missing."""
        found: dict[str, Person | None] = {}
        async for document in self.collection.find({"_id": {"$in": list(ids)}}):
            try:
                found[document["_id"]] = self.open(document["sealed"], document["owner"])
            except Unreadable:
                found[document["_id"]] = None
        return found
