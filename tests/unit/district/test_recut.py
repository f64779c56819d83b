"""A new cut of the grids: what ends in what, whose work that changes, and cuts that cannot be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.district.loader import ProfileError, load
from shared.district.lookup import DirectoryIndex
from shared.district.model import Profile
from shared.district.recut import recut

BASE: dict[str, Any] = {
    "code": "620802",
    "name": "崆峒区",
    "townships": [{"code": "620802001", "name": "街道"}],
    "communities": [{"code": "620802001001", "name": "社区"}],
    "departments": [{"code": "centre", "name": "综治中心", "kind": "centre"}],
    "default": {"lead": "@centre", "accept": "1 clock_hours", "stages": ["x=1 clock_hours"], "verify": "1 clock_hours"},
}
G = "620802001001"


def grid(number: int, *successors: int, worker: str | None = None, **more: Any) -> dict[str, Any]:
    """Return a grid, in force unless it has successors."""
    heirs = [f"{G}{one:03}" for one in successors]
    return {"code": f"{G}{number:03}", "name": f"{number}", "successors": heirs, "worker": worker, **more}


def of(*grids: dict[str, Any]) -> Profile:
    """Return the district with these grids."""
    return Profile.model_validate({**BASE, "grids": grids})


def test_splits_and_merges_are_told_with_heirs_and_workers() -> None:
    """1 is split among 11 and 12, 2 and 3 become 13, whose worker is that of 2; who had 3 has none any more."""
    before = of(grid(1, worker="a"), grid(2, worker="b"), grid(3, worker="c"), grid(4, worker="d"))
    after = of(
        grid(1, 11, 12), grid(2, 13), grid(3, 13), grid(4, worker="d"),
        grid(11, worker="a"), grid(12, worker="e"), grid(13, worker="b"),
    )  # fmt: skip
    found = recut(before, DirectoryIndex(after))
    assert [(one.grid[-2:], [heir[-2:] for heir in one.heirs]) for one in found.cuts] == [
        ("01", ["11", "12"]),
        ("02", ["13"]),
        ("03", ["13"]),
    ]
    assert (found.grids_before, found.grids_after) == (4, 4)
    assert (found.moved, found.left) == (("a", "b", "e"), ("c",))


def test_a_cut_of_a_cut_leads_to_what_is_in_force_and_is_told_once() -> None:
    """What an earlier profile had retired already is no news."""
    before = of(grid(1, 2), grid(2), grid(3))
    after = of(grid(1, 2), grid(2, 4, 3), grid(3), grid(4))
    index = DirectoryIndex(after)
    assert [one.grid[-1] for one in recut(before, index).cuts] == ["2"]
    assert [heir.code[-1] for heir in index.heirs(f"{G}001")] == ["4", "3"]
    assert index.heirs("620802001001999") == ()


@pytest.mark.parametrize(
    ("grids", "line"),
    [
        ([grid(1, 9), grid(2)], "009"),
        ([grid(1, 2), grid(2, 1)], "lead back to it"),
        ([grid(1, 2, 2), grid(2)], "names an heir twice"),
        ([grid(1, 3), grid(2, parent=f"{G}001"), grid(3)], "was re-cut; name what it is part of now"),
        ([grid(1, worker="w"), {**grid(2), "code": "620802002001001", "worker": "w"}], "works in township 620802001"),
    ],
)
def test_a_cut_that_cannot_be_is_refused(grids: list[dict[str, Any]], line: str, tmp_path: Any) -> None:
    """Dangling, going round, an heir twice, a part of what is no more, a worker in two townships."""
    problems = problems_of({**BASE, "grids": grids}, tmp_path)
    assert any(line in one for one in problems), problems


def problems_of(raw: dict[str, Any], folder: Any) -> list[str]:
    """Return what the loader finds wrong with a profile in one file."""
    townships = [*raw["townships"], {"code": "620802002", "name": "二"}]
    communities = [*raw["communities"], {"code": "620802002001", "name": "二"}]
    file = folder / "profile.yaml"
    file.write_text(json.dumps({**raw, "townships": townships, "communities": communities}), encoding="utf-8")
    try:
        load(file)
    except ProfileError as error:
        return [str(one) for one in error.problems]
    return []
