"""Who may do what on a secured broker, derived from who writes and reads what and from the profiles' partners. Pure.

One principal a service, `gridwhistle-router`; one a partner of a district, `620802-grid-app`. Everything is granted
district by district: intake's row is a prefix of each, never of the whole bus.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from deploy.contracts.flows import FLOWS, INBOUND
from deploy.kafka.topics import DistrictPartners
from shared.contracts.topics import UNLOCATED, Topic, inbound_name, topic_name
from shared.district.parties import Partner

SERVICE_PREFIX = "gridwhistle-"
OPERATOR = f"{SERVICE_PREFIX}operator"
"""The super user of a secured broker: it needs no grant, and has none."""

SERVICES = {f"{SERVICE_PREFIX}{name}": name for name, flow in FLOWS.items() if flow.is_service}
INTAKE = f"{SERVICE_PREFIX}intake"

_PARTNER = re.compile(r"^(?P<district>\d{6})-[a-z0-9-]{1,40}$")
_DISTRICT_TOPIC = re.compile(r"^gw\.(?P<district>\d{6})\.")


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One permission: to read or write a topic or to be in a group; prefixed, `name` is where the names begin."""

    principal: str
    operation: str
    resource: str
    name: str
    pattern: str = "literal"


def partner_principal(district: str, partner: str) -> str:
    """Return who a partner of a district is to the broker."""
    return f"{district}-{partner}"


def group_prefix(district: str, partner: str) -> str:
    """Return how the consumer groups of a partner begin; a partner's id has no dot, so none begins another's."""
    return f"{partner_principal(district, partner)}."


def plan(districts: Iterable[tuple[str, Iterable[Partner]]]) -> set[Grant]:
    """Return every grant of the services and of the districts' partners."""
    grants = {Grant(principal, "read", "group", name) for principal, name in SERVICES.items()}
    grants.update(_unlocated())
    for district, partners in districts:
        found = tuple(partners)
        grants.update(_services_on(district))
        roaming = DistrictPartners.of(district, found).roaming
        for one in found:
            grants.update(_partner(district, one, roams=one.id in roaming))
    return grants


def _services_on(district: str) -> Iterator[Grant]:
    """Yield each service's row of the table for one district."""
    for principal, name in SERVICES.items():
        for operation, topics in (("read", FLOWS[name].receives), ("write", FLOWS[name].sends)):
            for topic in topics:
                if topic != INBOUND:
                    yield Grant(principal, operation, "topic", topic_name(district, topic))
    yield from _inbound(district)


def _unlocated() -> Iterator[Grant]:
    """Yield what intake needs for reports without a district; from there on each has one."""
    yield from _inbound(UNLOCATED)
    yield Grant(INTAKE, "write", "topic", topic_name(UNLOCATED, Topic.DEAD_LETTERS))


def _inbound(district: str) -> Iterator[Grant]:
    """Yield intake's two: what comes over HTTP it writes to the topic of the partner whose key was used."""
    for operation in ("read", "write"):
        yield Grant(INTAKE, operation, "topic", inbound_name(district, ""), "prefixed")


def _partner(district: str, partner: Partner, *, roams: bool) -> Iterator[Grant]:
    principal = partner_principal(district, partner.id)
    for code in (district, UNLOCATED) if roams else (district,):
        yield Grant(principal, "write", "topic", inbound_name(code, partner.id))
    for topic in partner.reads:
        yield Grant(principal, "read", "topic", topic_name(district, topic))
    if partner.reads:
        yield Grant(principal, "read", "group", group_prefix(district, partner.id), "prefixed")


def is_ours(principal: str) -> bool:
    """Say whether a principal is a service's or a partner's; all others are left alone."""
    return principal in SERVICES or _PARTNER.match(principal) is not None


def concerns(grant: Grant, districts: frozenset[str] | None) -> bool:
    """Say whether a grant is a matter of these districts (all when None), or of no district alone."""
    if districts is None:
        return True
    of_partner = _PARTNER.match(grant.principal)
    match = of_partner or (_DISTRICT_TOPIC.match(grant.name) if grant.resource == "topic" else None)
    return match is None or match["district"] in {*districts, UNLOCATED}


@dataclass(frozen=True, slots=True)
class Change:
    """What has to be granted and what taken away for a broker to be as planned."""

    grant: tuple[Grant, ...]
    revoke: tuple[Grant, ...]


def compare(planned: set[Grant], found: set[Grant], districts: frozenset[str] | None) -> Change:
    """Return the way from what is found to what is planned, within the districts; others' grants are never touched."""
    within = {one for one in found if is_ours(one.principal) and concerns(one, districts)}
    return Change(tuple(sorted(planned - found)), tuple(sorted(within - planned)))
