"""A merge undone, beside the model: open, closed, twice, of the first report; and random histories that undo much."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.history import HERE, PHOTO, STARTS, Seeded, Sent
from tests.support.merging import take_apart
from tests.support.model.place import district
from tests.support.side_by_side import SideBySide

NEAR = {"location": {"lon": HERE[0], "lat": HERE[1], "datum": "wgs84"}, "category": "E06010"}
REPORTER = {"reporter": {"phone": "13800000000"}}


class Story:
    """Two reports of one matter, the second merged into the first's case, in the model and in the services."""

    def __init__(self) -> None:
        chance = Seeded(0)
        self.both = SideBySide(district(), STARTS[0], chance, chance)
        self.tell("r0", "grid-app", None, report_id="r0", text="楼道里堆满了垃圾", **NEAR, **REPORTER)
        self.wait(20)
        self.tell("r1", "hotline", None, report_id="r1", text="楼道里堆满了垃圾", **NEAR, **REPORTER)
        (self.first,) = self.both.model.cases.values()
        assert self.first.merged == 1

    def tell(self, id_: str, who: str, name: str | None, **content: Any) -> None:
        """Let somebody speak, and compare."""
        self.both.hear(Sent(id_, who, name, content))
        self.both.cores.sweep()
        self.both.compare()

    def wait(self, minutes: int) -> None:
        """Let time pass, and compare."""
        end = self.both.model.now + timedelta(minutes=minutes)
        self.both.model.until(end)
        self.both.cores.advance(end)
        self.both.cores.sweep()
        self.both.compare()

    def undo(self, id_: str, report: str = "r1", partner: str = "hotline") -> None:
        """Let the centre take a report out of the first case."""
        say = {"case_id": self.first.id, "partner": partner, "report_id": report, "reason": "another house"}
        self.tell(id_, "centre", "case.unmerge", **say)

    def close(self) -> None:
        """Complete and verify the first case."""
        (task,) = self.first.tasks
        done = {"case_id": self.first.id, "task_id": task.id, "evidence": [PHOTO]}
        self.tell("done", task.department, "task.complete", **done)
        self.tell("seen", "grid-app", "case.verify", case_id=self.first.id, ok=True)
        assert self.first.state == "closed"

    def letters(self) -> list[tuple[str, str]]:
        """Return what was refused so far."""
        return self.both.model.letters


def test_the_report_goes_its_own_way_from_its_own_beginning() -> None:
    """Its reporter hears of its own case and no more of the other; the other goes on without it."""
    story = Story()
    begun = story.both.model.now
    story.wait(30)
    story.undo("u1")
    other = next(one for one in story.both.model.cases.values() if one is not story.first)
    assert (other.opened_at, story.first.merged) == (begun, 0)
    story.close()
    heard = {(one.case, one.step) for one in story.both.model.telling.notices if one.recipient == "reporter/hotline:r1"}
    assert heard == {(story.first.id, "received"), (other.id, "received"), (other.id, "assigned")}
    story.wait(3_000)


def test_it_is_undone_once_and_the_first_report_stays() -> None:
    """Again, of the report that opened the case, and of one that nobody knows."""
    story = Story()
    story.undo("u1")
    story.undo("u2")
    story.undo("u3", "r0", "grid-app")
    story.undo("u4", "r9")
    expected = [("u2", "illegal-transition"), ("u3", "illegal-transition"), ("u4", "unknown-report")]
    assert story.letters() == expected


def test_a_report_is_taken_out_of_a_closed_case() -> None:
    """The closed one stays closed, and is verified, reopened and counted without it."""
    story = Story()
    story.close()
    story.undo("u1")
    assert story.first.state == "closed"
    assert len(story.both.model.cases) == 2
    story.tell("again", "centre", "case.reopen", case_id=story.first.id, reason="not solved")
    story.wait(500)


def test_what_comes_later_is_merged_into_the_likest_of_both() -> None:
    """The report that was taken out lies on the map again; a third of the same words goes to one of the two."""
    story = Story()
    story.undo("u1")
    story.tell("r2", "grid-app", None, report_id="r2", text="楼道里堆满了垃圾", **NEAR)
    assert len(story.both.model.cases) == 2


@pytest.mark.parametrize("seed", [20, 27])
def test_histories_that_merge_and_undo_end_alike(seed: int) -> None:
    """Whatever else happens to both cases: pushed around, held, late, closed, opened again."""
    chance = Seeded(seed)
    both = SideBySide(district(), chance.pick(STARTS), chance, Seeded(seed + 1_000_000))
    for _ in range(60):
        move = chance.pick(["speak", "speak", "undo", "undo", "time"])
        if move == "time":
            both.pass_time()
        elif move == "undo" and both.model.cases:
            both.hear(take_apart(both.history))
            both.cores.sweep()
        else:
            both.speak()
        both.compare()
    assert both.model.figures["cases", "unmerged"] >= 5
