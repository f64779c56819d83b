from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from shared.contracts.actors import PartnerKind
from shared.district.base import Period, format_span
from shared.district.model import Audience, Department, Profile, Quorum
from shared.district.notices import Notify
from shared.district.parties import DutyRole
from shared.district.roster import on_duty

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_body_read_back_is_the_same_profile(raw: dict[str, Any]) -> None:
    """What is stored says all there is to say: nothing is lost or added by a round trip."""
    profile = Profile.model_validate(raw)
    assert Profile.model_validate(profile.body()) == profile
    assert "version" not in profile.body()


def test_every_department_is_a_partner_of_the_right_kind(raw: dict[str, Any]) -> None:
    """Departments publish under their own code; one that is named as a partner keeps what is said of it."""
    raw["partners"].append({"id": "housing", "kind": "department", "department": "housing", "datum": "bd09"})
    partners = {one.id: one for one in Profile.model_validate(raw).partners}
    assert partners["centre"].kind is PartnerKind.CENTRE
    assert partners["east"].kind is PartnerKind.TOWNSHIP
    assert partners["east-police"].kind is PartnerKind.DEPARTMENT
    assert partners["east-police"].department == "east-police"
    assert partners["housing"].datum == "bd09"


def test_a_field_nobody_knows_is_refused(raw: dict[str, Any]) -> None:
    """A typing mistake in a profile never passes silently, not even inside a limit."""
    raw["triage"] = {"limit": {"amount": 1, "unit": "clock_hours", "units": 2}}
    with pytest.raises(ValidationError, match="not units"):
        Profile.model_validate(raw)


@pytest.mark.parametrize(
    ("text", "moment", "inside"),
    [
        ("08:30-12:00", time(8, 30), True),
        ("08:30-12:00", time(12, 0), False),
        ("22:00-06:00", time(23, 59), True),
        ("22:00-06:00", time(5, 59), True),
        ("22:00-06:00", time(6, 0), False),
        ("00:00-24:00", time(0, 0), True),
        ("18:00-00:00", time(23, 59), True),
    ],
)
def test_periods_hold_their_start_and_not_their_end(text: str, moment: time, inside: bool) -> None:  # noqa: FBT001
    """Also over midnight; the minutes a rule compares with say the same."""
    period = Period.model_validate(text)
    assert period.contains(moment) is inside
    assert (moment.hour * 60 + moment.minute in period.minutes()) is inside


@pytest.mark.parametrize("text", ["8:30", "25:00-26:00", "08:60-09:00", "night"])
def test_a_period_that_is_none_is_refused(text: str) -> None:
    """Hours and minutes must exist."""
    with pytest.raises(ValidationError):
        Period.model_validate(text)


@pytest.mark.parametrize(
    ("quorum", "required", "needed"),
    [("2/3", 3, 2), ("2/3", 4, 3), ("0.5", 3, 2), ("all", 3, 3), ("2", 3, 2), ("5", 3, 3), ("2/3", 1, 1), (2, 4, 2)],
)
def test_quorum_rounds_up_and_stays_within_the_team(quorum: str | int, required: int, needed: int) -> None:
    """A fraction of a person is a whole one, and nobody beyond the team is waited for."""
    assert Quorum.model_validate(quorum).needed(required) == needed


@pytest.mark.parametrize("quorum", ["0", "3/2", "most", "0/3", {"number": 1, "fraction": "1/2"}, {}])
def test_a_quorum_that_nobody_could_reach_or_miss_is_refused(quorum: object) -> None:
    """Zero, more than all, and words."""
    with pytest.raises(ValidationError):
        Quorum.model_validate(quorum)


def test_default_roster_is_filled_in_for_departments_without_their_own(raw: dict[str, Any]) -> None:
    """The department's code and name stand in its addresses and persons."""
    contact = {"channel": "email", "address": "duty-{code}@example.invalid"}
    raw["default_duty"] = [{"role": "head", "person": "{name}负责人", "channels": [contact]}]
    housing = next(one for one in Profile.model_validate(raw).departments if one.code == "housing")
    assert housing.duty[0].person == "住建局负责人"
    assert housing.duty[0].channels[0].address == "duty-housing@example.invalid"


def test_night_duty_belongs_to_the_day_it_began_on() -> None:
    """Friday's night duty answers on Saturday at five, and not on Friday at five."""
    night = {"role": "duty_officer", "person": "夜班", "hours": "20:00-08:00", "weekdays": [5],
             "channels": [{"channel": "file", "address": "x"}]}  # fmt: skip
    department = Department.model_validate({"code": "a", "name": "a", "kind": "department", "duty": [night]})

    def answered(day: int, hour: int) -> bool:
        at = datetime(2026, 7, day, hour, tzinfo=SHANGHAI).astimezone(UTC)
        return bool(on_duty(department, DutyRole.DUTY_OFFICER, at, SHANGHAI))

    assert answered(3, 21)  # Friday evening
    assert answered(4, 5)  # the night after it
    assert not answered(3, 5)
    assert not answered(4, 21)
    assert not on_duty(department, DutyRole.HEAD, datetime(2026, 7, 3, 21, tzinfo=SHANGHAI), SHANGHAI)


def test_a_notice_policy_changes_only_the_steps_it_names() -> None:
    """All other steps are told as in the district."""
    notify = Notify.model_validate({"policies": {"hotline": {"audiences": {"case.closed": ["centre"]}}}})
    assert notify.audience("case.closed", "hotline") == (Audience.CENTRE,)
    assert notify.audience("case.closed") == (Audience.REPORTER,)
    assert notify.audience("task.returned", "hotline") == notify.audience("task.returned")
    assert notify.audience("nothing.known") == ()


@pytest.mark.parametrize(
    ("span", "text"),
    [(timedelta(minutes=90), "90 minutes"), (timedelta(hours=48), "2 days"), (timedelta(0), "0 seconds")],
)
def test_spans_are_written_as_they_are_read(span: timedelta, text: str) -> None:
    """In the largest whole unit."""
    assert format_span(span) == text


@pytest.mark.parametrize(
    "calendar",
    [
        {"hours": ["22:00-06:00"]},
        {"hours": ["08:00-12:00", "11:00-13:00"]},
        {"weekend": [1, 2, 3, 4, 5, 6, 7]},
        {"extra_workdays": ["2026-10-01"], "extra_holidays": ["2026-10-01"]},
    ],
)
def test_a_calendar_that_cannot_be_is_refused(raw: dict[str, Any], calendar: dict[str, Any]) -> None:
    """Hours over midnight or over each other, a week without work, a day that is both."""
    with pytest.raises(ValidationError):
        Profile.model_validate(raw | {"calendar": calendar})


@pytest.mark.parametrize(
    "escalation",
    [
        {"warn_fractions": [0.8, 0.5]},
        {"ladder": [{"level": 2, "audience": ["head"]}, {"level": 1, "audience": ["head"]}]},
    ],
)
def test_a_ladder_that_does_not_rise_is_refused(raw: dict[str, Any], escalation: dict[str, Any]) -> None:
    """Warnings and levels come in order."""
    with pytest.raises(ValidationError):
        Profile.model_validate(raw | {"escalation": escalation})
