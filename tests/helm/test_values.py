"""Values that are wrong are refused before anything reaches a cluster, with a sentence that says where."""

from __future__ import annotations

import pytest

from tests.support.helm import find, template

pytestmark = pytest.mark.skipif(find() is None, reason="helm is not here: make helm (needs Go)")

WRONG = {
    "servces.router.port=1": "additional properties 'servces' not allowed",
    "services.router.replicas=3": "additional properties 'replicas' not allowed",
    "kafka.bootstrap=kafka": "at '/kafka/bootstrap'",
    "kafka.bootstrap=": "at '/kafka/bootstrap'",
    "image.tag=latest": "at '/image/tag'",
    "districts[0]=620": "at '/districts/0'",
    "dedicated[0].district=6208": "at '/dedicated/0/district'",
    "dedicated[0].services.mailer.maxReplicas=1": "additional properties 'mailer' not allowed",
    "dedicated[0].services.router.maxReplicas=7": "maxReplicas is larger than kafka.partitions (6)",
    "dedicated[0].services.router.minReplicas=7": "minReplicas is larger than maxReplicas",
    "services.router.maxReplicas=1": "gw-router: minReplicas is larger than maxReplicas",
    'dedicated[0].services.intake={"maxReplicas":1}': "missing property 'partners'",
    "services.router.env.GW_KAFKA_BOOTSTRAP=x": "invalid propertyName 'GW_KAFKA_BOOTSTRAP'",
    "services.router.env.PATH=x": "invalid propertyName 'PATH'",
    "services.intake.secret=Not_A_Name": "at '/services/intake/secret'",
    "setup.districts=[]": "at '/setup/districts'",
    "networkPolicy.kafkaPorts[0]=0": "at '/networkPolicy/kafkaPorts/0'",
    "monitoring.interval=often": "at '/monitoring/interval'",
}
"""Each is one change to the values of the two districts, which are right."""

TWICE = "dedicated[1].district=620802"
NOT_SERVED = "dedicated[1].district=620105"


def test_the_values_that_the_others_differ_from_are_right() -> None:
    """So that each refusal below has one cause."""
    assert template("two-districts").returncode == 0


@pytest.mark.parametrize("change", WRONG)
def test_a_wrong_value_is_refused_where_it_stands(change: str) -> None:
    """By the schema, or by the template where two values do not fit together."""
    path, _, value = change.partition("=")
    how = "--set-json" if value[:1] in {"[", "{"} else "--set-string" if "district" in path else "--set"
    done = template("two-districts", how, change)
    assert done.returncode != 0
    assert WRONG[change] in done.stderr


@pytest.mark.parametrize(
    ("change", "said"),
    [(TWICE, "dedicated: 620802 is there twice"), (NOT_SERVED, "dedicated: 620105 is not in districts")],
)
def test_districts_that_do_not_fit_together_are_refused(change: str, said: str) -> None:
    """Two lists of workers for one district, or workers whose partitions no pool would take over."""
    done = template("two-districts", "--set-string", change)
    assert done.returncode != 0
    assert said in done.stderr
