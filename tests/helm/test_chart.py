"""The Helm chart, rendered for three sizes and judged by what will read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft202012Validator
from typer.main import get_command

from deploy.cli.main import app
from deploy.compose import secrets
from deploy.contracts.flows import FLOWS, INBOUND
from deploy.local.config import FLOW
from tests.support.helm import CHART, KUBERNETES, Manifest, containers, find, helm, parse, rendered, template
from tests.support.known_settings import settings_of
from tests.support.promql import ROOT

pytestmark = pytest.mark.skipif(find() is None, reason="helm is not here: make helm (needs Go)")

EXAMPLES = sorted(path.stem for path in (CHART / "examples").glob("*.yaml"))
CUSTOM: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "crds.yaml").read_text(encoding="utf-8"))
SECRETS = "/var/lib/gridwhistle/secrets"


def test_there_are_values_for_a_district_for_two_and_for_a_province() -> None:
    """Ninety districts are ninety: none is there twice, all have six digits."""
    assert EXAMPLES == ["one-district", "province", "two-districts"]
    province = yaml.safe_load((CHART / "examples" / "province.yaml").read_text(encoding="utf-8"))
    assert len(set(province["districts"])) == len(province["districts"]) == 90


@pytest.mark.parametrize("example", EXAMPLES)
def test_helm_finds_nothing_to_complain_of(example: str) -> None:
    """Strictly: a warning is a failure."""
    done = helm(
        "lint", "--strict", "--kube-version", KUBERNETES, "-f", str(CHART / "examples" / f"{example}.yaml"), str(CHART)
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("example", EXAMPLES)
def test_everything_is_valid_by_the_schemas_of_kubernetes_and_of_the_operators(example: str) -> None:
    """Strictly: a field that the schema lacks is an error, for the cluster would drop it without a word."""
    for one in rendered(example).manifests:
        custom = CUSTOM.get(f"{one['apiVersion']}/{one['kind']}")
        if custom is None:
            kubernetes_validate.validate(dict(one), KUBERNETES, strict=True)
        else:
            Draft202012Validator(custom).validate(one["spec"])


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_pod_is_one_that_a_restricted_namespace_lets_in(example: str) -> None:
    """Pod Security Standards, level restricted; and no more: nothing to write on, no token of the cluster, limits."""
    for name, pod in rendered(example).pods():
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for one in containers(pod):
            own = one["securityContext"]
            assert (own["allowPrivilegeEscalation"], own["readOnlyRootFilesystem"]) == (False, True), name
            assert own["capabilities"] == {"drop": ["ALL"]}, name
            assert set(one["resources"]) == {"requests", "limits"}, name
        assert {next(iter(set(volume) - {"name"})) for volume in pod["volumes"]} <= {
            "secret",
            "emptyDir",
            "persistentVolumeClaim",
        }


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_setting_is_known_and_every_secret_is_the_one_that_docker_hands_over(example: str) -> None:
    """A misspelt setting would be passed over without a word, a missing key would keep the service from starting."""
    hands = secrets.hands()
    for name, pod in rendered(example).pods():
        for one in containers(pod):
            env = {item["name"]: item["value"] for item in one["env"]}
            service = one["name"] if one["name"] in FLOW else "setup"
            assert set(env) - settings_of(service) == set(), name
            assert all(isinstance(value, str) for value in env.values()), name
            keys = {value.removeprefix(f"{SECRETS}/") for value in env.values() if value.startswith(SECRETS)}
            unheard = {"alerts.token"} - ({"alerts.token"} if "GW_ALERTS_DISTRICT" in env else set())
            assert keys == set(hands[service if service in FLOW else "router"].files) - unheard, name
            assert {"name": "secrets", "mountPath": SECRETS, "readOnly": True} in one["volumeMounts"], name
            assert env["GW_KAFKA_USERNAME"] == f"gridwhistle-{service if service in FLOW else 'operator'}"


def test_a_dedicated_worker_is_in_the_pool_s_group_with_its_own_district_alone() -> None:
    """Same service, same secret; other labels, so that no one's budget or spread counts the other's pods."""
    now = rendered("two-districts")
    pool, own = now.one("Deployment", "gw-router"), now.one("Deployment", "gw-router-620802")
    assert _districts(pool) == "620171,620802"
    assert _districts(own) == "620802"
    labels = [one["spec"]["selector"]["matchLabels"] for one in (pool, own)]
    assert labels[0].keys() == labels[1].keys()
    assert (labels[0]["gridwhistle/pool"], labels[1]["gridwhistle/pool"]) == ("all", "620802")
    for one in now.of("PodDisruptionBudget"):
        deployment = now.one("Deployment", one["metadata"]["name"])
        assert one["spec"]["selector"] == deployment["spec"]["selector"]


def _districts(deployment: Manifest) -> str:
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return str(next(item["value"] for item in container["env"] if item["name"] == "GW_DISTRICTS"))


@pytest.mark.parametrize("example", ["two-districts", "province"])
def test_a_worker_is_scaled_by_the_lag_of_the_topics_that_it_reads(example: str) -> None:
    """By the table of who receives what; the pool by the lag of its whole group."""
    now = rendered(example)
    for one in now.of("ScaledObject"):
        name = one["metadata"]["name"]
        service, _, district = name.removeprefix("gw-").partition("-")
        said = [trigger["metadata"] for trigger in one["spec"]["triggers"]]
        assert {trigger["consumerGroup"] for trigger in said} == {service}
        assert one["spec"]["scaleTargetRef"]["name"] == name
        assert "replicas" not in now.one("Deployment", name)["spec"]
        topics = {trigger.get("topic", "") for trigger in said}
        wanted = {f"gw.{district}.{suffix}" for suffix in FLOWS[service].receives if suffix != INBOUND}
        if district and wanted:
            assert topics == wanted
        elif district:
            assert {topic.rpartition(".")[0] for topic in topics} == {f"gw.{district}.in"}
        else:
            assert topics == {""}


def test_keda_asks_the_broker_with_a_secret_that_is_there() -> None:
    """Each trigger names an authentication that is rendered, which names the service's own secret."""
    now = rendered("two-districts")
    made = {one["metadata"]["name"]: one for one in now.of("TriggerAuthentication")}
    for one in now.of("ScaledObject"):
        service = one["spec"]["scaleTargetRef"]["envSourceContainerName"]
        for trigger in one["spec"]["triggers"]:
            how = made[trigger["authenticationRef"]["name"]]["spec"]
            assert {ref["name"] for ref in how["secretTargetRef"]} == {f"gridwhistle-{service}"}
            assert {env["containerName"] for env in how["env"]} == {service}


def test_prometheus_finds_each_service_under_the_name_that_rules_and_dashboards_know() -> None:
    """`job` is the label of the component, and those are the jobs of the configuration that Docker uses."""
    config = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    jobs = {job["job_name"] for job in config["scrape_configs"]} - {"prometheus", "alertmanager", "exporter"}
    now = rendered("two-districts")
    services = {one["metadata"]["labels"]["app.kubernetes.io/component"]: one for one in now.of("Service")}
    assert jobs <= set(services)
    for one in now.of("ServiceMonitor"):
        assert one["spec"]["jobLabel"] == "app.kubernetes.io/component"
        component = one["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"]
        wanted = one["spec"]["selector"]["matchLabels"].items()
        assert wanted <= services[component]["metadata"]["labels"].items()


def test_the_alert_rules_are_those_of_the_one_source() -> None:
    """Word for word: what promtool tested is what the cluster gets."""
    found = [one["spec"] for one in rendered("province").of("PrometheusRule")]
    files = sorted((ROOT / "deploy" / "prometheus" / "rules").glob("*.yml"))
    assert found == [yaml.safe_load(path.read_text(encoding="utf-8")) for path in files]


def test_the_dashboards_are_those_of_the_one_source() -> None:
    """What Docker's Grafana reads from a folder, Grafana's sidecar finds by a label."""
    found: dict[str, str] = {}
    for one in rendered("province").of("ConfigMap"):
        assert one["metadata"]["labels"]["grafana_dashboard"] == "1"
        found |= one["data"]
    files = (ROOT / "deploy" / "grafana" / "dashboards").glob("*.json")
    assert found == {path.name: path.read_text(encoding="utf-8").strip() for path in files}


@pytest.mark.parametrize("service", FLOW)
def test_only_who_has_to_may_talk_to_a_service(service: str) -> None:
    """Metrics for the monitoring, HTTP for intake; broker, database, names, and channels for those who have some."""
    policy = rendered("two-districts").one("NetworkPolicy", f"gw-{service}")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    (entry,) = policy["ingress"]
    assert len(entry["from"]) == (2 if service == "intake" else 1)
    ports = {port["port"] for rule in policy["egress"] for port in rule["ports"]}
    channels = {443, 587} if service in {"escalation", "notifier"} else set()
    assert ports == {53, 9093, 27017} | channels


def test_the_broker_can_be_reached_on_the_ports_that_it_is_said_to_have() -> None:
    """Of the addresses in the values, and of brokers that answer on others; one forgotten would cut everything off."""
    elsewhere = "kafka.bootstrap=a.example.invalid:9094\\,b.example.invalid:9095"
    done = template("two-districts", "--set-string", elsewhere, "--set", "networkPolicy.kafkaPorts={9096}")
    egress = parse(done).one("NetworkPolicy", "gw-router")["spec"]["egress"]
    assert {port["port"] for rule in egress for port in rule["ports"]} == {53, 9094, 9095, 9096, 27017}


@pytest.mark.parametrize(
    ("url", "port"),
    [("http://collector.tracing:4318/v1/traces", 4318), ("https://otlp.example.invalid/v1/traces", 443)],
)
def test_traces_are_made_by_all_services_and_may_leave(url: str, port: int) -> None:
    """A collector that a policy cuts off would cost as much as one that is there, and tell nothing."""
    made = parse(template("one-district", "--set", f"traces.url={url}", "--set-json", "traces.ratio=0.1"))
    first = [pod["containers"][0] for _, pod in made.pods()]
    given = [{one["name"]: one.get("value") for one in own["env"]} for own in first if own["name"] in FLOW]
    assert [(env["GW_TRACES_URL"], env["GW_TRACES_RATIO"]) for env in given] == [(url, "0.1")] * len(FLOW)
    for policy in made.of("NetworkPolicy"):
        assert port in {one["port"] for rule in policy["spec"]["egress"] for one in rule["ports"]}


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_set_up_gives_commands_that_the_command_line_takes(example: str) -> None:
    """Topics, access lists, profiles, in this order; each parsed by the command that it is for."""
    (pod,) = (pod for name, pod in rendered(example).pods() if name == "gw-setup")
    here = str(ROOT / "deploy" / "districts")
    root: Any = get_command(app)
    assert [one["name"] for one in containers(pod)] == ["topics", "acl", "profiles"]
    for one in pod["initContainers"]:
        # Of a province's profiles none is here; any will do to see whether the command takes it.
        group, command, *options = [_here(argument, here) for argument in one["args"]]
        root.commands[group].commands[command].make_context(command, options)
    assert pod["containers"][0]["args"] == _values(example)["setup"]["districts"]


def _here(argument: str, folder: str) -> str:
    return f"{folder}/620802" if argument.startswith("/etc/gridwhistle/districts/") else argument


def _values(example: str) -> Any:
    return yaml.safe_load((CHART / "examples" / f"{example}.yaml").read_text(encoding="utf-8"))
