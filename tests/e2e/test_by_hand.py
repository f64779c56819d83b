"""A case walked by hand: everything that is typed is what the command line itself printed before."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from deploy.local import LocalStack
from tests.support.bus import until
from tests.support.cli import Cli

pytestmark = pytest.mark.asyncio(loop_scope="session")

DISTRICT = "620802"
REPORT = {"report_id": "by-hand-1", "category": "E06010", "text": "老年活动中心门口暴露垃圾"}
PHOTO = {"url": "https://media.example.invalid/1.jpg", "mime": "image/jpeg"}
TASK = re.compile(r"620802-\d{6}-[0-9a-z]{8}/[a-z-]+#\d+")


async def test_what_case_show_prints_is_what_commands_take(stack: LocalStack) -> None:
    """A task id copied from the table is accepted; a mistyped one is answered with the right ones."""
    cli = Cli(stack.bootstrap)
    await cli.json("send", "-", "--partner", "grid-app", "--district", DISTRICT, stdin=json.dumps(REPORT))
    case = await _case_of(cli, "by-hand-1")
    shown = await until(lambda: _show(cli, stack, case, TASK))
    task = shown[0]
    department = task.split("/")[1].split("#")[0]

    async def say(partner: str, **command: Any) -> None:
        line = json.dumps({"case_id": case, **command})
        await cli.json("send", "-", "--partner", partner, "--district", DISTRICT, stdin=line)

    await say(department, type="task.accept", task_id=f"{department}#1")
    letters = await until(lambda: _letters(cli, case))
    assert letters[0]["error"] == "unknown-task"
    assert task in letters[0]["message"]

    await say(department, type="task.accept", task_id=task)
    await say(department, type="task.complete", task_id=task, evidence=[PHOTO])
    await until(lambda: _show(cli, stack, case, re.compile("verifying|resolved")))
    await say("centre", type="case.verify", ok=True)
    await until(lambda: _show(cli, stack, case, re.compile(r"closed \(solved\)")))


async def _case_of(cli: Cli, report_id: str) -> str:
    where = ("--district", DISTRICT, "--topic", "incidents", "--from-beginning", "--seconds", "1", "--json")

    async def accepted() -> list[str]:
        said = [json.loads(line) for line in (await cli.run("watch", *where)).stdout.splitlines()]
        return [one["key"] for one in said if one["value"].get("report_id") == report_id]

    found: list[str] = await until(accepted)
    return found[0]


async def _show(cli: Cli, stack: LocalStack, case: str, wanted: re.Pattern[str]) -> list[str]:
    shown = await cli.run("case", "show", case, "--mongo-url", stack.mongo_url)
    return wanted.findall(shown.stdout)


async def _letters(cli: Cli, case: str) -> list[dict[str, Any]]:
    listed = await cli.json("dead-letters", "list", "--district", DISTRICT)
    return [letter for letter in listed["letters"] if case in (letter["text"] or "")]
