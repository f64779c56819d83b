"""Who is granted what, and what is taken away again."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from deploy.kafka.grants import Grant, compare, concerns, group_prefix, plan
from deploy.kafka.protocol import salted
from shared.contracts.actors import PartnerKind
from shared.district.parties import Partner

HOUSING = Partner(id="housing", kind=PartnerKind.DEPARTMENT)
HOTLINE = Partner(id="hotline-12345", kind=PartnerKind.HOTLINE_12345)
CAMERA = Partner(id="video-ai", kind=PartnerKind.VIDEO_AI, reads=())
PLAN = plan([("620802", (HOUSING, HOTLINE, CAMERA)), ("620171", (HOUSING,))])


def of(principal: str) -> set[str]:
    """Return a principal's grants as short texts."""
    star = {"literal": "", "prefixed": "*"}
    return {f"{one.operation} {one.name}{star[one.pattern]}" for one in PLAN if one.principal == principal}


def test_intake_has_its_row_of_each_district_and_what_has_no_district() -> None:
    """It also writes inbound topics: over HTTP it speaks for the partner of the key."""
    districts = {
        f"{what} gw.{code}.{topic}"
        for code in ("620802", "620171")
        for what, topic in (
            *(("read", "in.*"), ("write", "in.*")),
            *(("write", "incidents"), ("write", "commands"), ("write", "dead-letters")),
        )
    }
    unlocated = {"read gw.000000.in.*", "write gw.000000.in.*", "write gw.000000.dead-letters"}
    assert of("gridwhistle-intake") == districts | unlocated | {"read intake"}


def test_no_other_service_writes_where_partners_do_or_reads_what_they_say() -> None:
    """Whoever could would be a partner."""
    others = {"gridwhistle-router", "gridwhistle-escalation", "gridwhistle-notifier"}
    assert not [one for one in PLAN if one.principal in others and (".in." in one.name or ".000000." in one.name)]


@pytest.mark.parametrize(
    ("partner", "granted"),
    [
        (
            "620802-housing",
            {
                "write gw.620802.in.housing",
                "read gw.620802.cases",
                "read gw.620802.escalations",
                "read gw.620802.notifications",
                "read 620802-housing.*",
            },
        ),
        ("620802-video-ai", {"write gw.620802.in.video-ai", "write gw.000000.in.video-ai"}),
    ],
)
def test_a_partner_writes_its_own_topics_and_reads_what_its_profile_says(partner: str, granted: set[str]) -> None:
    """A camera that reads nothing needs no consumer group either."""
    assert of(partner) == granted


@pytest.mark.parametrize("topic", ["incidents", "commands", "dead-letters", "in.housing"])
def test_a_profile_cannot_give_a_partner_what_is_not_for_partners(topic: str) -> None:
    """Dead letters hold what others sent, byte for byte."""
    with pytest.raises(ValidationError, match="reads"):
        Partner.model_validate({"id": "housing", "kind": "department", "reads": [topic]})


def test_no_partner_s_groups_begin_like_another_s() -> None:
    """`housing` must not be in a group of `housing-2`."""
    assert not group_prefix("620802", "housing-2").startswith(group_prefix("620802", "housing"))


STRAY = Grant("620802-housing", "write", "topic", "gw.620802.cases")
STRANGER = Grant("somebody", "write", "topic", "gw.620802.cases")


def test_what_is_as_planned_changes_nothing() -> None:
    """Applied again it is asked for again, and nothing is done."""
    change = compare(PLAN, PLAN | {STRANGER}, None)
    assert (change.grant, change.revoke) == ((), ())


def test_what_is_not_planned_is_taken_from_ours_and_from_nobody_else() -> None:
    """The same broker may serve others."""
    missing = min(PLAN)
    change = compare(PLAN, (PLAN - {missing}) | {STRAY, STRANGER}, None)
    assert change.grant == (missing,)
    assert change.revoke == (STRAY,)


def test_a_district_alone_leaves_the_others_as_they_are() -> None:
    """Whoever applies one has no word in the next; what a service has on no district is everybody's."""
    only = plan([("620802", (HOUSING, HOTLINE, CAMERA))])
    wide = Grant("gridwhistle-router", "read", "topic", "gw.", "prefixed")
    change = compare(only, PLAN | {STRAY, wide}, frozenset({"620802"}))
    assert change.grant == ()
    assert set(change.revoke) == {STRAY, wide}


def test_a_partner_that_is_gone_loses_everything() -> None:
    """Its department was dissolved, or its contract ended."""
    without = plan([("620802", (HOTLINE, CAMERA)), ("620171", (HOUSING,))])
    assert {one.principal for one in compare(without, PLAN, None).revoke} == {"620802-housing"}
    assert not compare(without, PLAN, frozenset({"620171"})).revoke


def test_a_group_is_a_matter_of_its_partner_s_district() -> None:
    """Not of the district that a name happens to begin with."""
    assert not concerns(Grant("620171-housing", "read", "group", "620802-x.", "prefixed"), frozenset({"620802"}))


def test_the_broker_gets_the_salted_hash_of_the_standard() -> None:
    """RFC 5802's `Hi` with SHA-512 and our count of rounds, computed once by another hand (openssl kdf)."""
    assert salted("pencil", b"salt-of-sixteen!").hex().startswith("e0a263f65cddcc120dfef6e74ca19668")
