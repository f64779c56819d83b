"""From a report to a case."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.router.domain.decide import decide
from shared.contracts import commands as say
from shared.contracts.base import Instant
from shared.contracts.cases import CaseOpened, CaseTriaged, TaskAssigned, TaskRole
from shared.contracts.incidents import Suggestion
from shared.decision import Decision, Rejected, UnknownCase
from tests.support.routing import CENTRE, HOUR, MINUTE, NINE, Story, dept, merged, report, unmerged


def events(story: Story, kind: type) -> list:  # type: ignore[type-arg]
    """Return the events of one kind so far."""
    return [event for event in story.events if type(event) is kind]


def test_a_report_with_a_category_opens_a_case_with_tasks() -> None:
    """Lead first, then assists, each task with its own limits; the rule that decided is named."""
    story = Story().opened("E06010", text="小区积水没过膝盖")
    assert story.said() == ["case.opened", "task.assigned", "task.assigned", "task.assigned"]
    opened, lead, *assists = story.events
    assert isinstance(opened, CaseOpened)
    assert (opened.rule, opened.lead, opened.assists) == ("flood", "housing", ("civil-affairs", "water"))
    assert (opened.severity, opened.joint, opened.category_name, opened.profile_version) == (2, True, "暴露垃圾", 3)
    assert [str(stage.limit) for stage in opened.limits] == ["2 working_days"]
    assert isinstance(lead, TaskAssigned)
    assert (lead.department, lead.role, str(lead.accept_limit)) == ("housing", TaskRole.LEAD, "30 working_minutes")
    assert lead.task_id == f"{opened.case_id}/housing#1"
    assert [(event.department, event.role) for event in assists if isinstance(event, TaskAssigned)] == [
        ("civil-affairs", TaskRole.ASSIST),
        ("water", TaskRole.ASSIST),
    ]


def test_a_case_that_no_rule_matched_says_default() -> None:
    """The policies of category, class and district decided alone."""
    story = Story().opened("E06010")
    assert story.known().rule == "default"
    assert story.known().lead == "urban"


def test_an_alias_of_a_category_is_the_category() -> None:
    """Whatever intake let through under another name opens the case under its key."""
    assert Story().opened("垃圾").known().category == "E06010"


def test_the_reporters_clock_starts_with_the_report_and_the_tasks_when_they_can_be_known() -> None:
    """A report written down offline hours ago does not take those hours from the department."""
    story = Story(now=NINE + 3 * HOUR)
    story.apply(report(at=NINE, recorded_at=NINE + 2 * HOUR))
    opened, assigned = story.events
    assert isinstance(opened, CaseOpened)
    assert (opened.opened_at, opened.occurred_at, opened.recorded_at) == (NINE, NINE, NINE + 3 * HOUR)
    assert assigned.occurred_at == NINE + 2 * HOUR


def test_a_limit_of_the_reports_own_replaces_the_profiles_for_the_lead() -> None:
    """It stands in the case and in the lead's task, without stages and without a limit to accept."""
    due: Instant = NINE + 48 * HOUR
    story = Story().opened("E03002", due_at=due)
    opened, lead, assist = story.events
    assert isinstance(opened, CaseOpened)
    assert isinstance(lead, TaskAssigned)
    assert isinstance(assist, TaskAssigned)
    assert (opened.due_at, opened.limits, opened.accept_limit) == (due, (), None)
    assert (lead.due_at, lead.stages, lead.accept_limit) == (due, (), None)
    assert (assist.due_at, len(assist.stages)) == (None, 3)


@pytest.mark.parametrize(("category", "reason"), [(None, "no_category"), ("E99999", "unknown_category")])
def test_a_report_without_a_usable_category_waits_in_triage(category: str | None, reason: str) -> None:
    """It keeps what a human needs, and nothing else happens."""
    story = Story().opened(category, address="解放中路12号", grid="620802001001003")
    assert story.said() == ["case.triaged"]
    (event,) = story.events
    assert isinstance(event, CaseTriaged)
    assert (event.reason, event.severity, str(event.limit)) == (reason, 3, "2 working_hours")
    assert (event.address, event.grid) == ("解放中路12号", "620802001001003")
    assert story.known().tasks == ()


def test_classifying_opens_the_case_with_all_that_the_report_said() -> None:
    """The event carries the report's text and place; the state forgets them; the reporter's clock is the report's."""
    story = Story().opened(None, text="小区积水没过膝盖", address="解放中路12号")
    story.now += HOUR
    assert story.say(say.ClassifyCase, CENTRE, category="E06010", at=story.now - MINUTE) == "classified"
    assert story.said() == ["case.opened", *["task.assigned"] * 3]
    (opened,) = events(story, CaseOpened)
    assert (opened.rule, opened.text, opened.address) == ("flood", "小区积水没过膝盖", "解放中路12号")
    assert (opened.opened_at, opened.occurred_at) == (NINE, story.now - MINUTE)
    assert events(story, TaskAssigned)[0].occurred_at == story.now
    assert story.known().waiting is None


def suggested(category: str = "E06010") -> Suggestion:
    """Return what a text suggested."""
    return Suggestion(category=category, confidence=0.6, source="model@2")


def test_who_has_to_classify_is_shown_what_the_text_suggests() -> None:
    """And so is whoever reads what became of it."""
    story = Story().opened(None, suggested=suggested())
    (triaged,) = events(story, CaseTriaged)
    story.say(say.ClassifyCase, CENTRE, category="D0402")
    (opened,) = events(story, CaseOpened)
    assert triaged.suggested == opened.suggested == suggested()
    assert opened.category == "D0402"


def test_what_a_human_answers_is_kept_for_the_next_training() -> None:
    """The masked text and the answer, until the district's retention is over; nothing of a report without a text."""
    story = Story().opened(None, text="楼下有垃圾", suggested=suggested())
    story.say(say.ClassifyCase, CENTRE, category="垃圾")
    assert story.last is not None
    (kept,) = story.last.companions
    assert kept.collection == "answers"
    document = dict(kept.document)
    assert document.pop("expires_at") - document["answered_at"] == timedelta(days=1_095)
    assert document == {
        "_id": story.known().case_id,
        "district": "620802",
        "text": "楼下有垃圾",
        "category": "E06010",
        "suggested": {"category": "E06010", "confidence": 0.6, "source": "model@2"},
        "answered_at": NINE,
    }
    silent = Story().opened(None, text="")
    silent.say(say.ClassifyCase, CENTRE, category="垃圾")
    assert silent.last is not None
    assert silent.last.companions == ()


def test_classifying_with_an_unknown_category_is_refused() -> None:
    """The case stays in triage."""
    story = Story().opened(None)
    with pytest.raises(Rejected) as refusal:
        story.say(say.ClassifyCase, CENTRE, category="E99999")
    assert (refusal.value.error, refusal.value.state_met) == ("unknown-category", "triage")


def test_the_same_report_under_another_id_opens_nothing_twice() -> None:
    """An accepted report belongs to exactly one case."""
    story = Story().opened()
    before = story.case
    assert story.apply(report()) == "opened_before"
    assert story.case is before
    assert story.said() == []


def test_another_report_with_the_same_case_number_is_refused() -> None:
    """Two reports may hash to one number; the second must not disappear into the first."""
    story = Story().opened()
    with pytest.raises(Rejected) as refusal:
        story.apply(report(number=2, case_id=story.known().case_id))
    assert refusal.value.error == "case-id-collision"


def test_a_merged_report_is_counted_in_any_state() -> None:
    """It brings no event: intake has told everybody who needs to know."""
    story = Story().opened()
    assert story.apply(merged(story.known().case_id)) == "merged"
    story.say(say.WithdrawCase, CENTRE, reason="a mistake")
    story.apply(merged(story.known().case_id, number=3, reporter_ref=None))
    assert story.said() == []
    assert (story.known().merged, story.known().reporters) == (2, 2)


def test_a_report_taken_out_again_is_counted_no_more_and_its_number_is_kept() -> None:
    """In any state, a closed one too: how the case ended does not change."""
    story = Story().opened()
    case = story.known().case_id
    for number, ref in ((2, "r-2"), (3, None)):
        story.apply(merged(case, number=number, reporter_ref=ref))
    story.say(say.WithdrawCase, CENTRE, reason="a mistake")
    for ref in ("r-2", None):
        assert story.apply(unmerged(case, reporter_ref=ref)) == "unmerged"
    assert (story.known().merged, story.known().reporters, story.known().state) == (0, 1, "withdrawn")
    assert story.known().apart == ("620802-260701-bbbbbbbb",) * 2


def test_what_comes_before_its_case_waits_for_it() -> None:
    """The engine parks what says `UnknownCase`."""
    story = Story().opened()
    command = story.command(say.AcceptTask, dept("urban"), department="urban")
    for early in (command, merged(story.known().case_id)):
        with pytest.raises(UnknownCase):
            decide(None, early, NINE, story.world)


def test_severity_of_the_report_is_kept_but_a_rule_may_raise_it() -> None:
    """Rules make a matter more serious, never less."""
    assert Story().opened("E06010", severity=4).known().severity == 4
    assert Story().opened("E06010", severity=4, text="积水").known().severity == 2


def test_a_decision_tells_state_events_and_reason() -> None:
    """The same inputs give the same decision."""
    story = Story()
    one, two = (decide(None, report(), NINE, story.world) for _ in range(2))
    assert isinstance(one, Decision)
    assert one == two
