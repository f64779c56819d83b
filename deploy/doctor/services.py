"""The services over HTTP: whether they are ready, what time they think it is, what they say of themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
from prometheus_client.parser import text_string_to_metric_families

from deploy.doctor.finding import Finding, failure, ok, skipped, warning

ANSWER_SECONDS = 5.0
ROUNDED = timedelta(seconds=1)
"""The header `Date` has whole seconds."""

AUDIT = timedelta(minutes=5)
Now = Callable[[], datetime]
VERSION, AUDITED = "_profile_version", "gridwhistle_escalation_audit_timestamp_seconds"


@dataclass(slots=True)
class Answer:
    """What one process said; `skew`: how far its clock is ahead of ours."""

    name: str
    url: str
    problem: str = ""
    ready: bool = False
    missing: Sequence[str] = ()
    skew: timedelta = timedelta(0)
    versions: Mapping[str, float] = field(default_factory=dict)
    audited: float | None = None


async def ask(services: Mapping[str, Sequence[str]], now: Now) -> list[Answer]:
    """Ask every process at once."""
    async with httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False) as client:
        pairs = [(name, url) for name, urls in services.items() for url in urls]
        return await asyncio.gather(*(_ask(client, name, url.rstrip("/"), now) for name, url in pairs))


async def _ask(client: httpx.AsyncClient, name: str, url: str, now: Now) -> Answer:
    answer = Answer(name, url)
    try:
        before = now()
        ready = await client.get(f"{url}/readyz")
        after = now()
        metrics = await client.get(f"{url}/metrics")
    except httpx.HTTPError as error:
        answer.problem = type(error).__name__
        return answer
    answer.ready = ready.status_code == httpx.codes.OK
    answer.missing = [] if answer.ready else [ready.text.strip()[:200]]
    if "date" in ready.headers:
        answer.skew = _skew(parsedate_to_datetime(ready.headers["date"]), before, after)
    _read(answer, metrics.text)
    return answer


def _skew(told: datetime, before: datetime, after: datetime) -> timedelta:
    """Return how far a clock that is cut to the second is ahead; none where it may have said it in time."""
    if told > after:
        return told - after
    return min(told + ROUNDED - before, timedelta(0))


def _read(answer: Answer, text: str) -> None:
    versions: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name.endswith(VERSION):
                versions[sample.labels["district"]] = sample.value
            elif sample.name == AUDITED:
                answer.audited = sample.value
    answer.versions = versions


def judge(answers: Sequence[Answer], now: datetime) -> list[Finding]:
    """Say which are not well."""
    if not answers:
        advice = "Say where they are: --service router=http://10.0.0.7:8082, once for each process."
        return [skipped("services", "Nobody said where they answer HTTP.", advice)]
    found = [one for answer in answers for one in _judge(answer)]
    return [*(found or [ok("services", f"{len(answers)} processes are ready.")]), *_audit(answers, now)]


def _judge(answer: Answer) -> Iterable[Finding]:
    check = f"{answer.name} answers"
    if answer.problem:
        advice = f"Start it; if it runs, see its log and whether {answer.url} is its address."
        yield failure(check, f"Nothing at {answer.url} ({answer.problem}).", advice)
    elif not answer.ready:
        advice = "It waits for what is named; its log says since when and why (not_ready_yet)."
        yield failure(check, f"{answer.url} is not ready: {' '.join(answer.missing)}", advice)


def _audit(answers: Sequence[Answer], now: datetime) -> Iterable[Finding]:
    told = [answer.audited for answer in answers if answer.audited is not None]
    if not told:
        return
    newest = max(told)
    age = now.timestamp() - newest
    if newest and age < AUDIT.total_seconds():
        yield ok("watchdog", f"Escalation proved {max(age, 0):.0f} s ago that no open case is forgotten.")
    elif newest:
        said = f"Escalation's last clean proof that no open case is forgotten is {age:.0f} s old."
        yield failure(
            "watchdog", said, "Its log says audit_failed with what is wrong: unwatched cases, or a sweep behind."
        )
    else:
        said = "Escalation has not yet proved that no open case is forgotten."
        yield warning("watchdog", said, "A minute after its start it does; if not, its log says audit_failed and why.")
