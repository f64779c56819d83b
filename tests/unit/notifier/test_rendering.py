import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.notifier.adapters.templates import FOLDER, TemplatesError, allowed_templates, load_templates
from services.notifier.domain.alerts import AlertResolved
from services.notifier.domain.facts import Facts, mask, shorten, visible
from services.notifier.domain.grammar import refusals
from services.notifier.domain.notice import NoticeState
from services.notifier.domain.rendering import MAX_LINES, Templates, Unspeakable
from services.notifier.domain.steps import TOLD_EVENTS, asked
from shared.contracts.base import Event
from shared.contracts.cases import CaseWithdrawn
from shared.contracts.incidents import Suggestion
from shared.district.model import Audience
from tests.unit.notifier.events import (
    NOON,
    absent,
    accepted,
    assigned,
    breached,
    case_event,
    closed,
    escalated,
    extension_ignored,
    extension_requested,
    hold_requested,
    merged,
    moved,
    muster_failed,
    on_scene,
    opened,
    reopened,
    resolved,
    returned,
    stood_down,
    substituted,
    summoned,
    triaged,
    warned,
)
from tests.unit.notifier.events_of_files import (
    advisories,
    agreement_breached,
    defaulter_appealed,
    promise_warned,
    work_missed,
)
from tests.unit.notifier.mediating import batch_progressed, mediator_assigned, tier_entered
from tests.unit.notifier.surging import surge_detected, surge_ended
from tests.unit.notifier.test_alerts import alert
from tests.unit.notifier.world import World, around, index_of, raw_profile

LANGUAGES = ("zh-CN", "en")
TEMPLATES = Templates(load_templates())
INDEX = index_of(raw_profile())
TWO_MESSAGES = 2 * 67
"""Characters of a text message in two parts (UCS-2)."""

EVERY_EVENT: tuple[Event, ...] = (
    accepted(), merged(), triaged(), opened(), moved(), assigned(), returned(), hold_requested(), extension_requested(),
    warned(), breached(), extension_ignored(), escalated(), summoned(), substituted(), absent(), on_scene(),
    muster_failed(), stood_down(),
    surge_detected(), surge_ended(),
    promise_warned(), agreement_breached(), defaulter_appealed(),
    tier_entered(), mediator_assigned(), batch_progressed(),
    resolved(), closed(), reopened(), case_event(CaseWithdrawn, reason="误报", episode=2),
    work_missed(),
    *advisories(), alert(), alert(AlertResolved),
)  # fmt: skip
OFFICIALS = ["duty_officer", "head", "centre", "centre_director", "township", "grid_worker"]


def everything() -> list[NoticeState]:
    """Return a notice of every step to every audience that it can have."""
    wanted = {asked(event): [*OFFICIALS, "reporter"] for event in EVERY_EVENT}
    raw = raw_profile(audiences=wanted)
    raw["escalation"]["ladder"][0]["audience"] = ["head"]
    found: dict[str, NoticeState] = {}
    for by in ("grid", "reporter"):
        world = World(around({**raw, "verification": {"by": by}}))
        world.tell(*EVERY_EVENT)
        found |= world.notices
    return list(found.values())


NOTICES = everything()


def test_every_event_that_tells_something_is_in_these_tests() -> None:
    """A new event needs a sample here."""
    assert {type(event) for event in EVERY_EVENT} == TOLD_EVENTS


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_template_renders_for_every_audience_it_can_have(language: str) -> None:
    """With a subject and a body, and without a trace of the template."""
    rendered = set()
    for notice in NOTICES:
        text = TEMPLATES.notice(notice.model_copy(update={"languages": (language,)}), INDEX, "王某")
        assert text.subject
        assert text.body
        assert not re.search(r"[{}]|None|\bhousing\b|E06010", text.subject + text.body), text
        rendered.add(notice.template)
    assert rendered | {"digest"} == {path.stem for path in (FOLDER / language).glob("*.txt")}


def test_both_languages_have_the_same_templates() -> None:
    """And there is no third one without them."""
    files = {path.name: {one.name for one in path.glob("*.txt")} for path in FOLDER.iterdir() if path.is_dir()}
    assert set(files) == set(LANGUAGES)
    assert files["zh-CN"] == files["en"]


@pytest.mark.parametrize("absent_facts", [True, False])
def test_a_template_does_without_what_an_event_left_out(*, absent_facts: bool) -> None:
    """Place, text, category and limits may be missing; the facts that make the step may not."""
    optional = {"category", "place", "summary", "limit", "until"} if absent_facts else set()
    for notice in NOTICES:
        facts = {name: value for name, value in notice.facts.items() if name not in optional}
        if notice.template == "summoned":
            facts["until"] = NOON
        for language in LANGUAGES:
            bare = notice.model_copy(update={"facts": facts, "languages": (language,)})
            assert TEMPLATES.notice(bare, INDEX).body


def test_what_a_reporter_gets_fits_into_two_text_messages_and_tells_nothing_internal() -> None:
    """Short, without the text, the place or the reasons of others."""
    for notice in NOTICES:
        if notice.audience != "reporter":
            continue
        assert set(notice.facts) <= {
            "case_id", "episode", "category", "department", "outcome", "merged", "apart", "report_id", "audience",
        }  # fmt: skip
        body = TEMPLATES.notice(notice.model_copy(update={"languages": ("zh-CN",)}), INDEX, "王某").body
        assert len(body) <= TWO_MESSAGES


def test_two_languages_stand_one_below_the_other_and_the_first_gives_the_subject() -> None:
    """For a recipient who reads either."""
    [notice] = [one for one in NOTICES if one.template == "warned" and one.recipient == "housing/duty_officer"]
    text = TEMPLATES.notice(notice.model_copy(update={"languages": LANGUAGES}), INDEX)
    assert text.subject == "【预警】620802-260701-aaaaaaaa 办理时限已用50%"
    assert text.body.startswith("housing局：7月1日 16:00到期")
    assert "Housing: due 1 Jul 16:00." in text.body


def test_a_name_that_is_not_given_is_an_error_and_not_a_gap() -> None:
    """So a template cannot tell a reporter what only officials may see."""
    sources = {"zh-CN/solved": "s\n{{ summary }}", "zh-CN/worse": "s\n{{ ''.__class__.__mro__ }}"}
    templates = Templates(sources)
    notice = next(one for one in NOTICES if one.template == "solved")
    for template in ("solved", "worse", "missing"):
        with pytest.raises(Unspeakable):
            templates.notice(notice.model_copy(update={"template": template, "languages": ("zh-CN",)}), INDEX)


def test_only_officials_and_reporters_see_anything() -> None:
    """An audience nobody has thought about sees the number of the case."""
    facts = Facts(case_id="c", summary="text", due_at=NOON + timedelta(hours=1))
    assert set(visible(facts, Audience.PARTY)) == {"case_id", "audience"}
    assert "summary" not in visible(facts, Audience.REPORTER)
    assert visible(facts, Audience.HEAD)["summary"] == "text"


def test_a_digest_names_some_and_counts_the_rest() -> None:
    """One line each up to a bound."""
    text = TEMPLATES.digest([f"line {number}" for number in range(50)], ("zh-CN",), INDEX)
    assert text.subject == "崆峒区综治中心：50条通知"
    assert text.body.count("line") == MAX_LINES
    assert text.body.endswith("另有30条，请登录平台查看。")
    assert "more" not in TEMPLATES.digest(["a", "b"], ("en",), INDEX).body


def test_a_subject_is_one_line() -> None:
    """Whatever a field contains; a header may not be made out of a reason."""
    dirty: dict[str, Any] = {"case_id": "c", "reason": shorten("a\r\nBcc: x@y.z\n\x0bb", 80)}
    assert dirty["reason"] == "a Bcc: x*** b"
    text = Templates({"en/t": "a\tb  {{ case_id }}\nbody"}).render("en", "t", {"case_id": "c"})
    assert text.subject == "a b c"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("请回电13800000000", "请回电13****00"),
        ("138-0000-0000", "13****00"),
        ("身份证62080219900101123X。", "身份证62****3X。"),
        ("a.b@example.com", "a***"),
        ("3号楼2单元501室", "3号楼2单元501室"),
        ("2026-07-01", "20****01"),
        ("", ""),
    ],
)
def test_numbers_and_addresses_of_people_are_masked(text: str, expected: str) -> None:
    """Rather a date too many than a telephone number too few."""
    assert mask(text) == expected


ESCAPES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ()|attr('__class__') }}",
    "{{ case_id.__init__.__globals__ }}",
    "{{ case_id['__class__'] }}",
    "{{ case_id.format_map(place) }}",
    "{{ self.__init__ }}",
    "{{ lipsum.__globals__ }}",
    "{{ cycler }}",
    "{{ 'x' * 1000000000 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ 'x'.ljust(1000000000) }}",
    "{{ '%1000000000d'|format(1) }}",
    "{{ case_id ~ case_id }}",
    "{% for i in range(1000000000) %}{{ i }}{% endfor %}",
    "{% for a in departments %}{% for b in departments %}x{% endfor %}{% endfor %}",
    "{% for a in departments recursive %}{{ loop(departments) }}{% endfor %}",
    "{% for a in departments %}{{ loop.cycle }}{% endfor %}",
    "{% for a in departments %}{{ loop }}{% endfor %}",
    "{% for a in [1, 2, 3] %}x{% endfor %}",
    "{% include 'en/closed' %}",
    "{% import 'en/closed' as x %}",
    "{% extends 'en/closed' %}",
    "{% macro x() %}{% endmacro %}",
    "{% set x = 1 %}",
    "{% block x %}{% endblock %}",
    "{{ contact }}",
    "{{ address }}",
    "{{ config }}",
    "{% if %}",
    "{{ " + "(" * 2_000 + ")" * 2_000 + " }}",
    "x" * 4_001,
    "{{ '" + "x" * 201 + "' }}",
)


@pytest.mark.parametrize("escape", ESCAPES, ids=range(len(ESCAPES)))
def test_a_template_that_is_more_than_a_template_is_refused_unseen(escape: str, tmp_path: Path) -> None:
    """At start, with its name and line; and where it is there all the same, it says nothing."""
    source = f"subject\n{escape}"
    templates = Templates({"en/solved": source})
    assert templates.refused["en/solved"]
    notice = next(one for one in NOTICES if one.template == "solved")
    with pytest.raises(Unspeakable):
        templates.notice(notice.model_copy(update={"languages": ("en",)}), INDEX)
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "solved.txt").write_text(source)
    with pytest.raises(TemplatesError, match=r"en/solved: "):
        allowed_templates(tmp_path)


def test_what_the_templates_of_the_product_do_is_allowed() -> None:
    """All of them, and nothing that is allowed is needed by none."""
    assert TEMPLATES.refused == {}
    assert refusals("{% if a == 'b' and not c %}{{ a if c else 'd' }}{% endif %}", {"a", "c"}) == []
    assert refusals("{% for one in a %}{{ loop.index }}{{ one }}{% endfor %}", {"a"}) == []


def test_templates_are_read_by_language_and_step(tmp_path: Path) -> None:
    """A folder a language, a file a step."""
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "x.txt").write_text("s\nb", encoding="utf-8")
    assert load_templates(tmp_path) == {"en/x": "s\nb"}


@pytest.mark.parametrize(("language", "line"), [("zh-CN", "建议类别：暴露垃圾（把握 62%）"), ("en", "62% sure")])
def test_who_has_to_classify_reads_what_the_text_suggests(language: str, line: str) -> None:
    """In words, with how sure it is."""
    world = World(around(raw_profile(audiences={"case.triaged": ["centre"]})))
    world.tell(triaged(suggested=Suggestion(category="E06010", confidence=0.62, source="words@1")))
    (notice,) = world.notices.values()
    assert line in TEMPLATES.notice(notice.model_copy(update={"languages": (language,)}), INDEX).body
