"""A district's classifier: at work without history, taught by one, replaced, damaged, and taken back."""

from __future__ import annotations

import asyncio
import gzip
import json
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import ConsumerRecord

from deploy.local import LocalStack
from deploy.local.config import ROOT
from shared.contracts.base import format_instant
from shared.contracts.topics import Topic, inbound_name, topic_name
from shared.infra.classifiers import ClassifierCache, ClassifierStore, Facts
from shared.infra.clock import wall_clock
from shared.infra.directory import DATABASE, ProfileStore
from shared.infra.mongo import connect
from tests.support.bus import Bus, data, header, open_bus, until
from tests.support.cli import Cli
from tests.unit.intake.world import profile, to_json

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

D = "930071"
TAUGHT = {
    "E06010": ("瓜皮果壳", "厨余袋子", "快递纸屑", "烂菜叶子"),
    "E06036": ("旧沙发", "废木板", "破自行车", "装修剩料"),
    "D0402": ("电梯费", "停车押金", "维修基金", "保安不管事"),
}
"""What people say there, in words that no table has."""

BEGINS = 5
"""Characters by which a test tells its texts apart."""


def history(tails: str = "东南西北里外前后左右上下") -> str:
    """Return a centre's history: each thing at twelve places, labelled by key."""
    rows = ["text,label"]
    for key, things in TAUGHT.items():
        for thing in things:
            rows += [f"{place}号院{tail}{thing}、{tail}看一看,{key}" for place, tail in enumerate(tails)]
    return "\n".join([*rows, ""])


@dataclass(slots=True)
class World:
    """An intake and a router of one district, the command line, and a reader of what is said of cases."""

    bus: Bus
    cli: Cli
    url: str
    mongo_url: str
    sent: int = 0

    async def report(self, text: str) -> dict[str, Any]:
        """Report something without a category; return the first event of its case."""
        self.sent += 1
        fields = {"report_id": f"C-{self.sent}", "occurred_at": format_instant(wall_clock()), "text": text}
        await self.bus.send(inbound_name(D, "grid-app"), to_json(fields), "k")
        topic = topic_name(D, Topic.CASES)

        def about(records: list[ConsumerRecord]) -> list[ConsumerRecord]:
            return [one for one in records if data(one).get("text", "").startswith(text[:BEGINS])]

        record = about(await self.bus.read([topic], lambda records: bool(about(records))))[0]
        return {**data(record), "type": header(record, "ce_type")}

    async def metric(self, name: str, **labels: str) -> float:
        """Return one of intake's figures for the district."""

        def fetch() -> str:
            with urllib.request.urlopen(f"{self.url}/metrics", timeout=5) as answer:  # noqa: S310
                return str(answer.read().decode())

        wanted = ",".join(f'{key}="{value}"' for key, value in {"district": D, **labels}.items())
        for line in (await asyncio.to_thread(fetch)).splitlines():
            if line.startswith(f"gridwhistle_intake_{name}{{{wanted}}}"):
                return float(line.rpartition(" ")[2])
        return -1

    async def until_metric(self, name: str, value: float) -> None:
        """Wait for a figure."""

        async def there() -> bool:
            return await self.metric(name) == value

        await until(there, 30, f"{name} to be {value}")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(infra: LocalStack) -> AsyncIterator[World]:
    """Give intake and router of a district of their own."""
    client = connect(infra.mongo_url)
    await ProfileStore(client[DATABASE]).apply(profile(D, 109.0, "学习区"), wall_clock())
    client.close()
    async with open_bus(infra.bootstrap) as bus:
        await bus.create(*(topic_name(D, suffix) for suffix in Topic if suffix != "in"))
        await bus.create(*(inbound_name(D, partner) for partner in ("grid-app", "centre")))
        parts = [await infra.add_replica(name, {"GW_DISTRICTS": D}) for name in ("intake", "router")]
        try:
            yield World(bus, Cli(infra.bootstrap, {"GW_MONGO_URL": infra.mongo_url}), parts[0].url, infra.mongo_url)
        finally:
            for part in parts:
                await part.stop()


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the history as a file."""
    path = tmp_path_factory.mktemp("history") / "history.csv.gz"
    path.write_bytes(gzip.compress(history().encode("utf-8-sig")))
    return path


async def test_without_history_the_words_of_the_tables_open_a_case(world: World) -> None:
    """And a text that names nothing waits for a human."""
    opened = await world.report("三号楼下面乱堆杂物没有人管")
    assert (opened["type"], opened["category"]) == ("gridwhistle.case.opened.v1", "E06036")
    assert opened["suggested"]["source"] == "words@1"
    triaged = await world.report("十五号院里的旧沙发，里面看一看")
    assert triaged["type"] == "gridwhistle.case.triaged.v1"
    assert await world.metric("suggestions_total", outcome="opened") == 1
    assert await world.metric("suggestions_total", outcome="silent") == 1


async def test_what_a_human_answers_can_be_exported_masked(world: World) -> None:
    """With the category, for the next training."""
    triaged = await world.report("院里的梧桐倒了，电话13800000000")
    answer = {"command": "case.classify", "case_id": triaged["case_id"], "category": "积水内涝"}
    await world.bus.send(inbound_name(D, "centre"), to_json(answer), "k")

    async def exported() -> str:
        result = await world.cli.run("classifier", "export", "--district", D)
        assert result.exit_code == 0, result.output
        return result.stdout if "梧桐" in result.stdout else ""

    written: str = await until(exported, 30, "the answer")
    assert written.splitlines() == ["text,label", '"院里的梧桐倒了,电话138****0000",L0401']


async def test_a_trained_model_is_at_work_within_seconds(world: World, taught: Path) -> None:
    """What triage needed a human for opens by itself, under the version that judged it; the unsure still waits."""
    learnt = await world.cli.json("classifier", "train", str(taught), "--district", D)
    assert (learnt["version"], learnt["rows"], learnt["categories"]) == (1, 144, 3)
    assert learnt["accuracy"] > 0.95
    await world.until_metric("classifier_version", 1)
    opened = await world.report("十六号院里的旧沙发，里面看一看")
    assert (opened["type"], opened["category"]) == ("gridwhistle.case.opened.v1", "E06036")
    assert opened["suggested"]["source"] == "model@1"
    assert 0.8 <= opened["suggested"]["confidence"] <= 1
    unsure = await world.report("旧沙发和烂菜叶子，还有停车押金")
    assert unsure["type"] == "gridwhistle.case.triaged.v1"
    assert unsure["suggested"]["confidence"] < 0.8
    shown = await world.cli.json("case", "show", unsure["case_id"])
    assert shown["router"]["waiting"] == {"suggested": unsure["suggested"]}
    (said,) = await world.cli.json("classifier", "suggest", "十六号院里的旧沙发，里面看一看", "--district", D)
    assert said["suggested"] == opened["suggested"]
    assert said["opens"]


async def test_a_damaged_model_is_refused_and_the_one_before_goes_on(world: World) -> None:
    """Also in a process that starts anew; intake shows it, the command line says in a sentence what is wrong."""
    client = connect(world.mongo_url)
    store = ClassifierStore(client[DATABASE])
    body = await store.body(D, 1)
    assert body is not None
    damaged = body[:200] + bytes([body[200] ^ 1]) + body[201:]
    assert (await store.put(D, damaged, Facts(), wall_clock())).version == 2
    anew = ClassifierCache(store)
    await anew.refresh()
    assert (found := anew.get(D)) is not None
    assert found.version == 1
    client.close()
    await world.until_metric("classifier_refused", 1)
    opened = await world.report("十七号院里的旧沙发，里面看一看")
    assert opened["suggested"]["source"] == "model@1"
    result = await world.cli.run("classifier", "suggest", "旧沙发", "--district", D)
    assert result.exit_code == 1
    assert "its checksum is wrong" in result.output


async def test_an_older_version_or_none_can_be_put_back(world: World) -> None:
    """As a new version: history is never rewritten."""
    assert (await world.cli.run("classifier", "revert", "--district", D, "--version", "1")).exit_code == 0
    await world.until_metric("classifier_version", 3)
    assert await world.metric("classifier_refused") == 0
    assert (await world.report("十八号院里的旧沙发，里面看一看"))["suggested"]["source"] == "model@3"
    assert (await world.cli.run("classifier", "revert", "--district", D, "--version", "0")).exit_code == 0
    await world.until_metric("classifier_version", 0)
    assert (await world.report("十九号院里的旧沙发，里面看一看"))["type"] == "gridwhistle.case.triaged.v1"
    listed = await world.cli.json("classifier", "list", "--district", D)
    assert [one["version"] for one in listed] == [1, 2, 3, 4]
    assert (await world.cli.run("classifier", "revert", "--district", D, "--version", "9")).exit_code == 2


async def test_a_label_that_is_no_category_is_not_learnt(world: World, tmp_path: Path) -> None:
    """It is named, with how to make it one."""
    path = tmp_path / "other.csv"
    path.write_text(history().replace("D0402", "城乡建设"))
    result = await world.cli.run("classifier", "train", str(path), "--district", D)
    assert result.exit_code == 1
    assert "城乡建设 (48 rows)" in result.output
    left = await world.cli.json("classifier", "train", str(path), "--district", D, "--skip-unknown", "--dry-run")
    assert (left["version"], left["categories"]) == (None, 2)


async def test_any_labels_can_be_measured(taught: Path, tmp_path: Path) -> None:
    """Without a district, a broker or a database: every figure, by the code that services run."""
    path = tmp_path / "any.csv"
    path.write_text(history().replace("D0402", "any label at all"))
    cli = Cli("127.0.0.1:1", {"GW_MONGO_URL": "mongodb://127.0.0.1:1"})
    found = await cli.json("classifier", "evaluate", str(path), "--folds", "3")
    assert {"macro_f1", "accuracy", "coverage", "accuracy_at_90"} <= found.keys()
    assert found["rows"] == 144
    assert [one["label"] for one in found["classes"]] == ["E06010", "E06036", "any label at all"]
    assert sum(map(sum, found["confusion"]["rows"])) == 144
    assert [one["coverage"] for one in found["curve"]][:3] == [1.0, 0.95, 0.9]
    path.write_text(history("年月日时分秒晨昏朝暮晴雨"))
    other = await cli.json("classifier", "evaluate", str(path), "--trained-on", str(taught))
    assert (other["method"], other["learnt_from"], other["rows"]) == ("trained on history.csv.gz", 144, 144)
    assert other["accuracy"] > 0.95


async def test_a_complaint_sent_twice_is_never_learnt_from_and_measured(tmp_path: Path) -> None:
    """Labels that only memory could tell: with copies on both sides they would be told."""
    words = [f"{a}{b}{c}{a}{c}" for a in "甲乙丙丁戊" for b in "子丑寅卯辰巳" for c in "天地人"]
    rows = [f"{word},{'AB'[sha256(word.encode()).digest()[0] % 2]}" for word in words]
    path = tmp_path / "twice.csv"
    path.write_text("\n".join(["text,label", *rows, *rows, *rows]) + "\n")
    found = await Cli("127.0.0.1:1").json("classifier", "evaluate", str(path))
    assert found["repeated"] == 2 * len(rows)
    assert found["accuracy"] < 0.75


async def test_no_service_and_no_other_command_loads_what_learns() -> None:
    """It would take half of the memory that a service may have."""
    script = (
        "import services.intake.main, deploy.cli.main, sys; print([n for n in ('sklearn','scipy') if n in sys.modules])"
    )
    command = [sys.executable, "-c", script]
    done = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
