"""What the dashboards and rules ask Prometheus for, and what the services really have to answer with."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

import services
from deploy.exporter.metrics import ExporterMetrics
from shared.infra.metrics import EngineMetrics
from shared.infra.resealing import SealMetrics

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "rules"
DASHBOARDS = sorted((ROOT / "deploy" / "grafana" / "dashboards").glob("*.json"))

KEEPERS = {"intake", "notifier"}  # of something under seal
SCRAPED = {"job", "instance"}
SUFFIXES = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}
METRIC = re.compile(r"\bgridwhistle[\w:]+")
MATCHERS = re.compile(r"\b(gridwhistle[\w:]+)\{([^}]*)\}")
LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
GROUPED = re.compile(r"\bby \(([^)]*)\)")
VARIABLES = {
    "$__rate_interval": "1m", "$__range": "1h", "$__interval": "1m", "$district": "620802", "$department": "housing",
    "$channel": "email", "$service": "router",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """One expression and where it stands."""

    where: str
    expr: str

    def metrics(self) -> set[str]:
        """Return the metrics of ours that it names."""
        return set(METRIC.findall(self.expr))

    def labels(self) -> Iterator[tuple[str, str]]:
        """Yield each metric with each label that it is selected by."""
        for metric, matchers in MATCHERS.findall(self.expr):
            for label in LABEL.findall(re.sub(r'"[^"]*"', '""', matchers)):
                yield metric, label


def rules() -> list[dict[str, Any]]:
    """Return every rule."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(RULES.glob("*.yml"))]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def panels() -> Iterator[dict[str, Any]]:
    """Yield every panel of every dashboard that shows something."""
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            if panel["type"] != "row":
                yield panel


def asked() -> list[Asked]:
    """Return every expression of rules and dashboards, Grafana's variables filled in."""
    found = [Asked(rule.get("alert") or rule["record"], rule["expr"]) for rule in rules()]
    found += [Asked(panel["title"], target["expr"]) for panel in panels() for target in panel["targets"]]
    return [Asked(one.where, _filled_in(one.expr)) for one in found]


def _filled_in(expr: str) -> str:
    for name, value in VARIABLES.items():
        expr = expr.replace(name, value)
    return expr


@cache
def there_is() -> dict[str, set[str]]:
    """Return every metric that can be asked for, with its labels: those of the services and the recorded ones."""
    found = {name: labels for metric in _registered() for name, labels in _samples(metric)}
    for rule in rules():
        if "record" in rule:
            grouped = {label.strip() for group in GROUPED.findall(rule["expr"]) for label in group.split(",")}
            # Without a grouping the labels are those of what it is made of.
            made_of = [] if grouped else [found[name] for name in METRIC.findall(rule["expr"]) if name in found]
            found.setdefault(rule["record"], set(SCRAPED)).update(grouped, rule.get("labels", {}), *made_of)
    return found


def catalogue() -> dict[str, set[str]]:
    """Return every metric of the services with the names under which it is asked for, without those recorded."""
    return {metric._name: {name for name, _ in _samples(metric)} for metric in _registered()}


def _samples(metric: MetricWrapperBase) -> Iterator[tuple[str, set[str]]]:
    for suffix in SUFFIXES[str(metric._type)]:
        extra = {"le"} if suffix == "_bucket" else set()
        yield f"{metric._name}{suffix}", {*metric._labelnames, *SCRAPED, *extra}


def _registered() -> Iterator[MetricWrapperBase]:
    outside = CollectorRegistry()
    ExporterMetrics.create(outside)
    yield from (one for one in outside._collector_to_names if isinstance(one, MetricWrapperBase))
    for name in service_names():
        registry = CollectorRegistry()
        EngineMetrics.create(registry, name)
        for catalogue in _catalogues(name):
            catalogue(registry)
        if name in KEEPERS:
            SealMetrics.create(registry, name)
        yield from (one for one in registry._collector_to_names if isinstance(one, MetricWrapperBase))


def service_names() -> list[str]:
    """Return the services there are."""
    folders = [Path(path) for path in services.__path__]
    found = {module.name for module in pkgutil.iter_modules(services.__path__)}
    return sorted(name for name in found if any((folder / name / "metrics.py").is_file() for folder in folders))


def _catalogues(service: str) -> Iterator[Callable[[CollectorRegistry], Any]]:
    """Yield what registers the metrics of a service; what a catalogue wants to know besides may be empty."""
    module = importlib.import_module(f"services.{service}.metrics")
    for _, cls in inspect.getmembers(module, inspect.isclass):
        create = getattr(cls, "create", None)
        if cls.__module__ == module.__name__ and create is not None:
            first, *more = inspect.signature(create).parameters
            # What takes a prefix is a part of a catalogue, and registered by the whole.
            if first == "registry" and "prefix" not in more:
                yield partial(create, **dict.fromkeys(more, ()))
