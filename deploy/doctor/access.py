"""Who may do what on the broker beside what the contracts and profiles say."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from aiokafka.client import AIOKafkaClient

from deploy.doctor.finding import Finding, failure, or_ok, skipped, warning
from deploy.kafka.access import Access, AccessRefusedError
from deploy.kafka.grants import Change, Grant, compare, plan
from shared.district.model import Profile

CHECK = "access lists"


async def look(client: AIOKafkaClient, profiles: Collection[Profile]) -> list[Finding]:
    """Compare.

    Raises:
        KafkaError: the broker does not answer.
    """
    try:
        granted = await Access(client).grants()
    except AccessRefusedError as refused:
        advice = "Secure it before anybody else can reach it (docs/security.md); where it is, come as the operator."
        return [skipped(CHECK, str(refused), advice)]
    wanted = plan((one.code, one.partners) for one in profiles)
    return or_ok(CHECK, f"{len(wanted)} grants, as planned.", _differing(compare(wanted, granted, None)))


def _differing(change: Change) -> Iterator[Finding]:
    for one in change.grant:
        yield failure(CHECK, f"{_words(one)} is missing.", "gridwhistle acl apply")
    for one in change.revoke:
        yield warning(
            CHECK, f"{_words(one)} is granted and not planned.", "gridwhistle acl plan, then acl apply takes it away."
        )


def _words(grant: Grant) -> str:
    name = f"{grant.name}*" if grant.pattern == "prefixed" else grant.name
    return f"{grant.operation} on {grant.resource} {name} for {grant.principal}"
