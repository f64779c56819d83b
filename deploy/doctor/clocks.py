"""Whether everybody's clock tells the same time: this machine, the database, the services, the broker.

Kafka tells nobody what time it is. But it stamps what partners send, so a stamp in the future proves that it is ahead;
that it is behind cannot be seen from outside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from deploy.doctor.finding import Finding, failure, or_ok, warning
from deploy.doctor.services import Answer

CHECK = "clocks"
NTP = "Let every machine keep its time by NTP (chrony): limits, leases and what counts as received hang on it."
NOTICEABLE, WRONG = timedelta(seconds=2), timedelta(seconds=30)


def judge(
    database: timedelta | None, services: Sequence[Answer], newest_stamp: datetime | None, now: datetime
) -> list[Finding]:
    """Say who is off, and by how much."""
    said = "Database and services tell this machine's time; the broker is not ahead of it."
    return or_ok(CHECK, said, _off(database, services, newest_stamp, now))


def _off(
    database: timedelta | None, services: Sequence[Answer], newest_stamp: datetime | None, now: datetime
) -> Iterator[Finding]:
    if database is not None and abs(database) > NOTICEABLE:
        yield _finding("The database", database)
    for answer in services:
        if abs(answer.skew) > NOTICEABLE:
            yield _finding(f"{answer.name} at {answer.url}", answer.skew)
    if newest_stamp is not None and newest_stamp - now > NOTICEABLE:
        yield _finding("The broker", newest_stamp - now)


def _finding(who: str, ahead: timedelta) -> Finding:
    way = "ahead of" if ahead > timedelta(0) else "behind"
    said = f"{who} is {abs(ahead).total_seconds():.0f} s {way} this machine."
    return (failure if abs(ahead) > WRONG else warning)(CHECK, said, NTP)
