"""Templates into text: a subject in the first line, a body below. Sandboxed; a name that is not given is an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import DictLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.notifier.domain.facts import Facts
from services.notifier.domain.grammar import refusals
from services.notifier.domain.notice import NoticeState
from services.notifier.domain.wording import Speech, in_words
from shared.district.lookup import DirectoryIndex
from shared.district.model import Audience

DIGEST = "digest"
MAX_LINES = 20
"""Notices that a digest names one by one; the rest is a number."""


class Unspeakable(Exception):  # noqa: N818 - a visible word for the notice, not a failure of the process
    """A template is missing, or asks for what its audience may not see."""


@dataclass(frozen=True, slots=True)
class Text:
    """A rendered notice."""

    subject: str
    body: str


FACTS = frozenset(Facts.model_fields) | {"audience", "district", "name"}
DIGEST_FACTS = frozenset({"count", "district", "lines", "more"})


class Templates:
    """All templates by `language/step`. One that is more than a template may be is refused unseen; see grammar.py."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        judged = ((name, refusals(source, _facts(name))) for name, source in sorted(sources.items()))
        self.refused = {name: wrong for name, wrong in judged if wrong}
        self._environment = ImmutableSandboxedEnvironment(
            loader=DictLoader({name: source for name, source in sources.items() if name not in self.refused}),
            undefined=StrictUndefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.clear()

    def render(self, language: str, template: str, context: Mapping[str, Any]) -> Text:
        """Return one template in one language.

        Raises:
            Unspeakable: there is no such template, it was refused, or it asks for what is not in the context.
        """
        try:
            rendered = self._environment.get_template(f"{language}/{template}").render(context)
        except TemplateError as error:
            raise Unspeakable(f"{language}/{template}: {type(error).__name__}") from error
        subject, _, body = rendered.strip().partition("\n")
        return Text(" ".join(subject.split()), body.strip())

    def notice(self, state: NoticeState, index: DirectoryIndex, name: str | None = None) -> Text:
        """Return the text of a notice in its languages, one below the other; `name` is the reporter's own.

        Raises:
            Unspeakable: as above.
        """
        facts = Facts.model_validate(state.facts)
        audience = Audience(state.audience)
        own = {"name": name} if audience is Audience.REPORTER else {}
        texts = [
            self.render(language, state.template, {**in_words(facts, audience, Speech(language, index)), **own})
            for language in state.languages
        ]
        return _joined(texts)

    def digest(self, subjects: Sequence[str], languages: Sequence[str], index: DirectoryIndex) -> Text:
        """Return the text of many notices as one.

        Raises:
            Unspeakable: as above.
        """
        lines = {"lines": subjects[:MAX_LINES], "count": len(subjects), "more": max(0, len(subjects) - MAX_LINES)}
        texts = [
            self.render(language, DIGEST, {**lines, "district": Speech(language, index).district})
            for language in languages
        ]
        return _joined(texts)


def _facts(name: str) -> frozenset[str]:
    return DIGEST_FACTS if name.rpartition("/")[2] == DIGEST else FACTS


def _joined(texts: Sequence[Text]) -> Text:
    return Text(texts[0].subject, "\n\n".join(text.body for text in texts))
