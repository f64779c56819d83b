"""Which topics a district has and how each is laid out. Pure: no broker in sight."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from deploy.kafka.streams import INBOUND, settings_of
from shared.contracts.actors import PartnerKind
from shared.contracts.topics import DEFAULT_PARTITIONS, UNLOCATED, Topic, inbound_name, topic_name
from shared.district.parties import Partner

_ANSWERING = frozenset({PartnerKind.DEPARTMENT, PartnerKind.TOWNSHIP})
"""A district has a hundred of them, and each says a few words a case: with six partitions each, intake asked the broker
for six hundred partitions a district in every fetch, nearly always for nothing."""

_KNOWS_ITS_DISTRICT = frozenset({PartnerKind.CENTRE, PartnerKind.DEPARTMENT, PartnerKind.TOWNSHIP})


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic as it should be."""

    name: str
    partitions: int
    replication: int
    configs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DistrictPartners:
    """The partners of a district by id.

    `roaming` ones may send reports whose district they do not know; `answering` ones only answer what they are given.
    """

    district: str
    partners: tuple[str, ...]
    roaming: tuple[str, ...] = ()
    answering: frozenset[str] = frozenset()

    @classmethod
    def of(cls, district: str, partners: Iterable[Partner]) -> DistrictPartners:
        """Take them from a profile: a department knows its district, a hotline or a camera may not."""
        found = tuple(partners)
        roaming = tuple(one.id for one in found if one.may_report and one.kind not in _KNOWS_ITS_DISTRICT)
        answering = frozenset(one.id for one in found if one.kind in _ANSWERING)
        return cls(district, tuple(one.id for one in found), roaming, answering)


@dataclass(frozen=True, slots=True)
class Layout:
    """How every topic is laid out; more partitions let more replicas share a district.

    The inbound topic of a department has one, whatever the number.
    """

    partitions: int = DEFAULT_PARTITIONS
    replication: int = 1

    def topic(self, name: str, configs: Mapping[str, str], partitions: int | None = None) -> TopicSpec:
        """Return one topic in this layout."""
        # With three copies an acknowledgement means two disks; with fewer there is nothing to ask for.
        safety = {"min.insync.replicas": "2"} if self.replication > 2 else {}  # noqa: PLR2004
        return TopicSpec(name, partitions or self.partitions, self.replication, {**configs, **safety})


def plan(districts: Iterable[DistrictPartners], layout: Layout) -> list[TopicSpec]:
    """Return every topic of the districts and those of reports without a district, sorted by name."""
    found = tuple(districts)
    specs = [layout.topic(topic_name(UNLOCATED, Topic.DEAD_LETTERS), settings_of(Topic.DEAD_LETTERS))]
    roaming = {id_ for district in found for id_ in district.roaming}
    specs += [layout.topic(inbound_name(UNLOCATED, one), settings_of(INBOUND)) for one in roaming]
    for one in found:
        specs += [layout.topic(topic_name(one.district, suffix), settings_of(suffix)) for suffix in Topic]
        specs += [_inbound(one, partner, layout) for partner in one.partners]
    return sorted(specs, key=lambda spec: spec.name)


def _inbound(district: DistrictPartners, partner: str, layout: Layout) -> TopicSpec:
    partitions = 1 if partner in district.answering else None
    return layout.topic(inbound_name(district.district, partner), settings_of(INBOUND), partitions)
