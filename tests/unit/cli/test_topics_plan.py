from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.kafka.apply import Found, compare
from deploy.kafka.streams import INBOUND as INBOUND_KIND
from deploy.kafka.streams import STREAMS, settings_of
from deploy.kafka.topics import DistrictPartners, Layout, TopicSpec, plan
from shared.contracts.actors import PartnerKind
from shared.district.parties import Partner

INBOUND = settings_of(INBOUND_KIND)
HOUSING = Partner(id="housing", kind=PartnerKind.DEPARTMENT)
HOTLINE = Partner(id="hotline-12345", kind=PartnerKind.HOTLINE_12345)
SILENT = Partner(id="archive", kind=PartnerKind.OTHER, may_report=False)


def names(districts: Sequence[DistrictPartners]) -> list[str]:
    """Return the planned names."""
    return [spec.name for spec in plan(districts, Layout())]


def test_a_district_has_six_topics_and_one_for_each_partner() -> None:
    """Nothing else may be written, for topics are never made by themselves."""
    planned = [name for name in names([DistrictPartners.of("620802", (HOUSING, HOTLINE))]) if "620802" in name]
    assert planned == [
        "gw.620802.cases",
        "gw.620802.commands",
        "gw.620802.dead-letters",
        "gw.620802.escalations",
        "gw.620802.in.hotline-12345",
        "gw.620802.in.housing",
        "gw.620802.incidents",
        "gw.620802.notifications",
    ]


def test_only_who_may_not_know_the_district_can_report_without_one() -> None:
    """A department works in its own district; a hotline takes calls from anywhere."""
    planned = names([DistrictPartners.of("620802", (HOUSING, HOTLINE, SILENT))])
    assert [name for name in planned if "000000" in name] == [
        "gw.000000.dead-letters",
        "gw.000000.in.hotline-12345",
    ]


def test_two_districts_share_the_topics_of_reports_without_one() -> None:
    """The same partner in two districts has one topic for what it cannot place."""
    planned = names([DistrictPartners.of(code, (HOTLINE,)) for code in ("620802", "620171")])
    assert planned.count("gw.000000.in.hotline-12345") == 1
    assert len(planned) == len(set(planned))


def test_settings_follow_what_a_topic_is_for() -> None:
    """Inbound time is the broker's, dead letters are larger than any record, incidents are kept a week.

    Where persons are in it, files are short as well, or the broker would keep a record for up to two weeks.
    """
    specs = {spec.name: spec.configs for spec in plan([DistrictPartners("620802", ("grid-app",))], Layout())}
    assert specs["gw.620802.in.grid-app"]["message.timestamp.type"] == "LogAppendTime"
    assert specs["gw.620802.in.grid-app"]["compression.type"] == "uncompressed"
    assert specs["gw.620802.dead-letters"]["max.message.bytes"] == str(2 * 1024 * 1024)
    assert specs["gw.620802.incidents"]["retention.ms"] == str(7 * 24 * 3600 * 1000)
    short = {name for name, configs in specs.items() if configs.get("segment.ms") == str(24 * 3600 * 1000)}
    assert {name.removeprefix("gw.620802.") for name in short if "620802" in name} == {
        *("in.grid-app", "incidents", "commands", "dead-letters"),
    }
    assert {(one["cleanup.policy"], one["retention.bytes"]) for one in specs.values()} == {("delete", "-1")}


def test_the_page_says_what_is_set() -> None:
    """What a reader is told about keeping is what the code does."""
    page = (Path(__file__).parents[3] / "docs" / "contracts.md").read_text(encoding="utf-8")
    for kind, stream in STREAMS.items():
        name = "`in.<partner>`" if kind == INBOUND_KIND else f"`{kind}`"
        assert f"| {name} | {stream.days} | {'a day' if stream.exact else 'a week'} |" in page


def test_a_department_has_one_partition_and_whoever_reports_as_many_as_asked_for() -> None:
    """A hundred departments say a few words each; six partitions of each would be asked for in every fetch."""
    specs = plan([DistrictPartners.of("620802", (HOUSING, HOTLINE))], Layout(partitions=4))
    assert {spec.partitions for spec in specs if "housing" in spec.name} == {1}
    assert {spec.partitions for spec in specs if "housing" not in spec.name} == {4}


def test_three_copies_make_an_acknowledgement_mean_two() -> None:
    """With three copies a record is on two disks before a service goes on."""
    three = plan([DistrictPartners("620802", ())], Layout(partitions=12, replication=3))
    assert {spec.configs["min.insync.replicas"] for spec in three} == {"2"}
    assert {spec.partitions for spec in three} == {12}


@pytest.mark.parametrize(
    ("found", "state", "note"),
    [
        (None, "missing", ""),
        (Found(6, INBOUND), "existing", ""),
        (Found(6, {**INBOUND, "cleanup.policy": "delete"}), "existing", ""),
        (Found(3, INBOUND), "existing", "not changed to 6 partitions: the order per case would break"),
        (Found(6, {**INBOUND, "retention.ms": "1"}), "differs", "has other retention.ms"),
    ],
)
def test_what_is_there_is_compared_with_the_plan(found: Found | None, state: str, note: str) -> None:
    """Settings are brought in line; partitions never are."""
    verdict = compare(TopicSpec("gw.620802.in.grid-app", 6, 1, INBOUND), found)
    assert (verdict.state, verdict.note) == (state, note)
