"""A notifier process of its own for a test, in a district of its own, and what it is told."""

from __future__ import annotations

import json
import os
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from aiokafka import ConsumerRecord
from prometheus_client.parser import text_string_to_metric_families

from deploy.local import LocalStack, probes
from deploy.local.component import Component, Program
from shared.contracts.base import Event
from shared.contracts.ids import event_id
from shared.district.model import Profile
from shared.infra.clock import wall_clock
from shared.infra.directory import DATABASE, ProfileStore
from shared.infra.mongo import connect
from shared.infra.vault import Vault
from tests.support.bus import Bus, data, free_port, header, open_bus
from tests.support.notices import SECRET, secrets_file
from tests.unit.notifier.events import DISTRICT
from tests.unit.notifier.world import raw_profile

TOPICS = ("incidents", "commands", "cases", "escalations", "notifications", "dead-letters")


@dataclass(slots=True)
class District:
    """One district with its profile, its bus and its notifier processes."""

    code: str
    stack: LocalStack
    bus: Bus
    folder: Path
    processes: list[Component] = field(default_factory=list)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What the file channel has written so far."""
        path = self.folder / "notices.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    def case(self, number: int) -> str:
        """Return the id of the n-th case."""
        letters = "".join("abcdefghijklmnop"[int(digit)] for digit in f"{number:06}")
        return f"{self.code}-260701-aa{letters}"

    async def tell(self, *events: Event, case: int = 0) -> None:
        """Send events about a case as the other services would."""
        for event in events:
            renamed = json.loads(
                event.model_dump_json().replace(event.case_id, self.case(case)).replace(DISTRICT, self.code)
            )
            mine = type(event).model_validate({**renamed, "district": self.code})
            name = f"{mine.model_dump_json()}/{type(mine).__name__}"
            await self.bus.emit(mine, event_id(name, 0))

    async def heard(
        self, enough: Callable[[list[dict[str, Any]]], bool], topic: str = "notifications", seconds: float = 60
    ) -> list[dict[str, Any]]:
        """Read the notifications until they are enough, each id once; `type` is the short name."""
        records = await self.bus.read([f"gw.{self.code}.{topic}"], lambda seen: enough(_events(seen)), seconds)
        return _events(records)

    def process(self, *, alone: bool = False, **settings: str) -> Component:
        """Return a notifier process for this district, not yet started; `alone` in a group of its own."""
        number = len(self.processes)
        port = free_port()
        env = {
            **self.stack.env,
            "GW_MODE": "live",
            "GW_DISTRICTS": self.code,
            "GW_HTTP_PORT": str(port),
            "GW_NOTICES_FILE": str(self.folder / "notices.jsonl"),
            "GW_VAULT_KEYS_FILE": str(self.folder / "vault.keys"),
            "GW_WEBHOOK_SECRETS_FILE": str(self.folder / "webhook.secrets"),
            "GW_SMTP_HOST": "",
            "GW_TEST_GROUP": f"notifier-{self.code}",
            **settings,
        }
        module = "tests.support.notifier_alone" if alone else "services.notifier.main"
        program = Program(
            name=f"notifier-{self.code}-{number}",
            argv=(sys.executable, "-m", module),
            log=self.folder / f"{number}.log",
            probe=probes.http(f"http://127.0.0.1:{port}/readyz"),
            port=port,
            env=env,
        )
        self.processes.append(Component(program, self.folder))
        return self.processes[-1]

    def sealed(self, contact: dict[str, str], case: int = 0) -> str:
        """Return a contact as intake seals it."""
        vault = Vault.load(self.folder / "vault.keys")
        return vault.seal(json.dumps(contact, ensure_ascii=False).encode(), self.case(case))


def _events(records: Sequence[ConsumerRecord]) -> list[dict[str, Any]]:
    by_id = {header(one, "ce_id"): {**data(one), "type": header(one, "ce_type").split(".")[-2]} for one in records}
    return list(by_id.values())


async def notices_total(url: str, code: str) -> dict[tuple[str, str], float]:
    """Return the counter of notices of a district by channel and outcome."""
    async with httpx.AsyncClient(trust_env=False) as client:
        text = (await client.get(f"{url}/metrics")).text
    return {
        (sample.labels["channel"], sample.labels["outcome"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "gridwhistle_notifier_notices_total" and sample.labels["district"] == code
    }


@asynccontextmanager
async def district(stack: LocalStack, code: str, folder: Path, **notify: Any) -> AsyncIterator[District]:
    """Prepare a district: topics, keys, an applied profile without quiet hours; end its processes afterwards."""
    (folder / "vault.keys").write_text(f"test-1 {b64encode(os.urandom(32)).decode()}\n", encoding="utf-8")
    secrets_file(folder, f"default {SECRET}\n")
    departments = notify.pop("departments", {})
    raw = {**raw_profile(**{"quiet_hours": None, **notify}), "code": code}
    raw = json.loads(json.dumps(raw).replace(DISTRICT, code))
    for one in raw["departments"]:
        one["duty"] = departments.get(one["code"], one["duty"])
    client = connect(stack.mongo_url)
    await ProfileStore(client[DATABASE]).apply(Profile.model_validate(raw), wall_clock())
    async with open_bus(stack.bootstrap) as bus:
        await bus.create(*(f"gw.{code}.{suffix}" for suffix in TOPICS))
        made = District(code, stack, bus, folder)
        try:
            yield made
        finally:
            for process in made.processes:
                if process.alive:
                    await process.stop()
            client.close()
