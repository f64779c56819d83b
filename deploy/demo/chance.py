"""Seeded chance: the same words give the same dice, whatever happened before, so that a day can be played again."""

from random import Random  # noqa: TID251 - a play needs dice; decisions of the system never see them


def dice(*words: object) -> Random:
    """Return dice that depend on the words alone."""
    return Random("/".join(str(word) for word in words))  # noqa: S311 - nothing cryptographic
