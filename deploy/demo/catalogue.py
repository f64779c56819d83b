"""What gets reported and in which words: catalogue.yaml as values, and the writing of one text."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random  # noqa: TID251 - the type of the dice that chance.py makes

import yaml
from pydantic import BaseModel, ConfigDict

from shared.contracts.actors import PartnerKind

FILE = Path(__file__).with_name("catalogue.yaml")
SIDES = "东南西北"


class Matter(BaseModel):
    """One kind of matter: its category key, how often it comes, who reports it, what is said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    category: str
    name: str
    weight: float
    label: str | None = None
    signs: tuple[str, ...]
    by: dict[PartnerKind, float]
    things: tuple[str, ...]
    texts: tuple[str, ...]


class Catalogue(BaseModel):
    """Everything that is reported on an ordinary day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slots: dict[str, tuple[str, ...]]
    voices: dict[PartnerKind, tuple[str, ...]]
    matters: tuple[Matter, ...]

    def matter(self, category: str) -> Matter:
        """Return the matter of a category."""
        return next(one for one in self.matters if one.category == category)

    def pick(self, dice: Random, kind: PartnerKind) -> Matter:
        """Return a matter as this kind of partner reports them."""
        weights = [one.weight * one.by.get(kind, 0) for one in self.matters]
        return dice.choices(self.matters, weights)[0]

    def write(self, dice: Random, matter: Matter, kind: PartnerKind, place: str) -> str:
        """Return what this kind of partner says about the matter at a place."""
        text = dice.choice(matter.texts)
        thing = dice.choice(matter.things)
        voice = dice.choice(self.voices[kind])
        spot = self._fill(dice, dice.choice(self.slots["spot"]))
        said = self._fill(dice, text.replace("{thing}", thing), place=place, spot=spot)
        words = {key: dice.choice(self.slots[key]) for key in ("since", "ask")}
        return self._fill(dice, voice, text=said, name=matter.name, place=place, spot=spot, **words)

    @staticmethod
    def _fill(dice: Random, template: str, **words: str) -> str:
        numbers = {"n": dice.randint(1, 28), "m": dice.randint(1, 4), "c": dice.randint(71, 98)}
        for name, word in {**numbers, "side": dice.choice(SIDES), **words}.items():
            template = template.replace(f"{{{name}}}", str(word))
        return template

    def recognise(self, text: str) -> str | None:
        """Return the category whose signs a text shows most of, as the duty desk of a centre would tell it."""
        found = {one.category: sum(sign in text for sign in one.signs) for one in self.matters}
        best = max(found, key=lambda category: found[category])
        return best if found[best] else None


@cache
def catalogue() -> Catalogue:
    """Return the catalogue of the file."""
    return Catalogue.model_validate(yaml.safe_load(FILE.read_text(encoding="utf-8")))
