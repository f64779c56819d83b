from __future__ import annotations

from typing import Any

from shared.district.diff import diff, vanished_grids
from shared.district.model import Profile


def test_nothing_differs_from_itself(raw: dict[str, Any]) -> None:
    """Also under another version number."""
    profile = Profile.model_validate(raw)
    assert diff(profile.at_version(3), profile) == ()


def test_changes_are_told_by_section_entry_and_field(raw: dict[str, Any]) -> None:
    """Old and new value, in the words of a profile."""
    old = Profile.model_validate(raw)
    raw["categories"][0]["accept"] = "15 clock_minutes"
    raw["categories"].append({"key": "L09999", "name": "新"})
    raw["communities"] = raw["communities"][1:]
    raw["refusals"] = {"max": 3}
    raw["aliases"]["0103"] = "E06010"
    told = [str(change) for change in diff(old, Profile.model_validate(raw))]
    assert told == [
        "communities 110101001001: removed",
        "categories E06010 accept: nothing -> 15 clock_minutes",
        "categories L09999: added",
        "aliases 0103: nothing -> E06010",
        "refusals max: 2 -> 3",
    ]


def test_against_nothing_everything_is_added(raw: dict[str, Any]) -> None:
    """A first version has no old values."""
    changes = diff(None, Profile.model_validate(raw))
    assert {change.kind for change in changes} == {"added", "changed"}
    assert all(change.old is None for change in changes)


def test_a_long_list_is_told_by_its_length(raw: dict[str, Any]) -> None:
    """A polygon in a terminal helps nobody."""
    old = Profile.model_validate(raw)
    raw["grids"][0]["polygon"] = ", ".join(f"{n / 100} 0" for n in range(90)) + ", 0 1"
    (change,) = diff(old, Profile.model_validate(raw))
    assert str(change).endswith("-> [91 entries]")


def test_a_grid_that_is_simply_gone_is_noticed(raw: dict[str, Any]) -> None:
    """Its code would no longer resolve; retiring it with successors is fine."""
    old = Profile.model_validate(raw)
    gone = Profile.model_validate(raw | {"grids": raw["grids"][1:]})
    raw["grids"][0]["successors"] = ["110101001001002"]
    assert vanished_grids(old, gone) == ("110101001001001",)
    assert vanished_grids(old, Profile.model_validate(raw)) == ()
    assert vanished_grids(None, old) == ()
