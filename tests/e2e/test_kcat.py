"""A partner that has never seen our code: kcat publishes reports in the three forms, and the same case comes out."""

from __future__ import annotations

import asyncio
import json
import shutil
from typing import Any

import pytest

from deploy.local import LocalStack
from shared.contracts.topics import Topic, inbound_name, topic_name
from tests.support.bus import data, header, open_bus

# Not on Tansu: librdkafka does not understand what it answers to ApiVersions.
pytestmark = [
    pytest.mark.kafka,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(shutil.which("kcat") is None, reason="kcat is not on PATH (Debian: apt-get install kcat)"),
]

DISTRICT = "620802"
TOPIC = inbound_name(DISTRICT, "grid-app")
TYPE = "gridwhistle.report.submit.v1"
FORMS = ("bare", "binary", "structured")
OWN = {"case_id", "task_id", "occurred_at", "recorded_at", "opened_at", "lon", "lat"}
"""What differs between cases by right."""


def report(form: str) -> dict[str, Any]:
    """Return the report of a form; each lies a kilometre from the others, or they would be one case."""
    north = 0.01 * FORMS.index(form)
    return {
        "report_id": f"kcat-{form}",
        "category": "E06010",
        "text": "解放中路社区3号楼旁暴露垃圾",
        "location": {"lon": 106.6651, "lat": 35.5428 + north, "datum": "gcj02", "grid": "620802001001003"},
    }


def envelope(form: str) -> dict[str, str]:
    """Return the attributes of the CloudEvent."""
    return {"specversion": "1.0", "id": f"kcat-{form}-1", "source": "/partner/kcat", "type": TYPE}


async def kcat(bootstrap: str, value: dict[str, Any], headers: dict[str, str]) -> None:
    """Publish one record with kcat itself."""
    options = [option for name, text in headers.items() for option in ("-H", f"{name}={text}")]
    command = ["kcat", "-P", "-b", bootstrap, "-t", TOPIC, "-k", "kcat", *options]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await process.communicate(json.dumps(value, ensure_ascii=False).encode())
    assert process.returncode == 0, errors.decode()


async def publish(bootstrap: str, form: str) -> None:
    """Publish the report of a form in that form."""
    if form == "bare":
        await kcat(bootstrap, report(form), {})
    elif form == "binary":
        named = {f"ce_{name}": text for name, text in envelope(form).items()}
        await kcat(bootstrap, report(form), {**named, "content-type": "application/json"})
    else:
        whole = {**envelope(form), "datacontenttype": "application/json", "data": report(form)}
        await kcat(bootstrap, whole, {"content-type": "application/cloudevents+json"})


async def test_report_in_any_form_gives_the_same_case(stack: LocalStack) -> None:
    """Bare JSON, binary and structured CloudEvents differ in nothing that the system says of the case."""
    for form in FORMS:
        await publish(stack.bootstrap, form)
    async with open_bus(stack.bootstrap) as bus:
        incidents = await bus.read(
            [topic_name(DISTRICT, Topic.INCIDENTS)], lambda found: len(_cases(found)) >= len(FORMS)
        )
        numbers = _cases(incidents)
        cases = await bus.read(
            [topic_name(DISTRICT, Topic.CASES)],
            lambda found: all(len(_said(found, number)) >= 2 for number in numbers.values()),
        )
    said = [_said(cases, numbers[f"kcat-{form}"]) for form in FORMS]
    assert len(set(numbers.values())) == len(FORMS)
    assert [kind for kind, _ in said[0]] == ["gridwhistle.case.opened.v1", "gridwhistle.task.assigned.v1"]
    assert said[0] == said[1] == said[2]


def _cases(records: list[Any]) -> dict[str, str]:
    """Return the case of each of our reports."""
    told = (data(record) for record in records)
    return {one["report_id"]: one["case_id"] for one in told if one["report_id"] in {f"kcat-{form}" for form in FORMS}}


def _said(records: list[Any], case_id: str) -> list[tuple[str, dict[str, Any]]]:
    """Return what is said of a case, without what is its own."""
    own = [record for record in records if data(record)["case_id"] == case_id]
    return [
        (header(one, "ce_type"), {name: value for name, value in data(one).items() if name not in OWN}) for one in own
    ]
