"""Notices as their channel gets them: rendered, addressed, alone or as a digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.notifier.adapters.contacts import Person
from services.notifier.domain.grouping import Message
from services.notifier.domain.keys import message_id
from services.notifier.domain.model import AddressKind
from services.notifier.domain.notice import NoticeState
from services.notifier.domain.outcome import Member, Notice
from services.notifier.domain.rendering import Templates, Text
from services.notifier.domain.surroundings import Profiles

People = Mapping[str, Person | None]


@dataclass(frozen=True, slots=True)
class Letters:
    """Writes what leaves."""

    templates: Templates
    profiles: Profiles

    def write(self, message: Message, people: People, takes: AddressKind) -> Notice:
        """Return a message in the form of a channel.

        Raises:
            Unspeakable: a template is missing or asks for too much.
        """
        first = message.notices[0]
        index = self.profiles.current(first.district)
        person = people.get(first.reporter) if first.reporter else None
        texts = [self.templates.notice(one, index, person.name if person else None) for one in message.notices]
        text = texts[0] if len(texts) == 1 else self._digest(first, texts)
        members = zip(message.notices, texts, strict=True)
        return Notice(
            id=message_id([one.id for one in message.notices]),
            district=first.district,
            audience=first.audience,
            recipient=first.recipient,
            address=first.address or (person.address(takes) if person else None) or "",
            subject=text.subject,
            text=text.body,
            members=tuple(Member(one.id, one.key, one.case_id, one.step, said.subject) for one, said in members),
            at=max(one.queued_at for one in message.notices),
            severity=min(one.severity for one in message.notices),
            language=first.languages[0],
            policy=index.profile.notify,
        )

    def _digest(self, first: NoticeState, texts: list[Text]) -> Text:
        subjects = [text.subject for text in texts]
        return self.templates.digest(subjects, first.languages, self.profiles.current(first.district))
