"""A migration that fails leaves the old release serving, whatever the mode; each mode installs with
--wait.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from cluster.api import eventually
from cluster.chart import CHART
from cluster.helm import HelmFailed, settings
from cluster.life import Life
from cluster.namespaces import Namespace
from cluster.objects import Object
from cluster.rendered import hook

FAILS = settings({"image.tag": "2-fails", "migrations.backoffLimit": "0"})
IMPATIENT = "20s"


@pytest.fixture
def life(namespace: Namespace, tmp_path: Path, kubeconfig: Path) -> Life:
    return Life("minimal", CHART, namespace, "helm4", tmp_path, kubeconfig)


def replica_sets(namespace: Namespace) -> dict[str, tuple[int, int]]:
    """(wanted, ready) pods by ReplicaSet, those that want none left out."""
    found: list[Object] = namespace.api.list("apps/v1", "ReplicaSet", namespace.name)
    return {
        s["metadata"]["name"]: (s["spec"]["replicas"], s["status"].get("readyReplicas", 0))
        for s in found
        if s["spec"]["replicas"]
    }


def events(namespace: Namespace, reason: str, kind: str) -> list[Object]:
    """Oldest first."""
    found = [
        e
        for e in namespace.api.list("v1", "Event", namespace.name)
        if (e["reason"], e["involvedObject"]["kind"]) == (reason, kind)
    ]
    return sorted(found, key=lambda event: str(event["firstTimestamp"]))


@pytest.mark.parametrize("mode", ["hook", "job", "external"])
def test_each_mode_installs_upgrades_and_leaves_nothing(
    mode: str, life: Life, old_chart: Path
) -> None:
    values = [*life.values, *settings({"migrations.mode": mode})]

    life.helm.install(old_chart, *values)
    life.helm.upgrade(CHART, *values)
    jobs = {
        event["involvedObject"]["name"]
        for event in events(life.namespace, "SuccessfulCreate", "Job")
    }
    life.helm.uninstall()

    assert bool([name for name in jobs if "migrate" in name]) == (mode != "external"), jobs
    eventually(life.gone, "an empty namespace")


def test_the_hook_has_migrated_before_any_pod_of_the_release_exists(life: Life) -> None:
    life.helm.install(CHART, *life.values, *settings({"migrations.mode": "hook"}))

    done = events(life.namespace, "Completed", "Job")
    scaled = events(life.namespace, "ScalingReplicaSet", "Deployment")
    assert done
    assert scaled
    assert max(event["lastTimestamp"] for event in done) <= scaled[0]["firstTimestamp"]


def test_a_first_installation_whose_migration_fails_starts_nothing(life: Life) -> None:
    with pytest.raises(HelmFailed, match=r"(?i)failed"):
        life.helm.install(CHART, *life.values, *settings({"migrations.mode": "hook"}), *FAILS)

    assert not life.namespace.deployments()


@pytest.mark.parametrize("mode", ["hook", "job"])
def test_a_failing_migration_leaves_the_old_release_serving(mode: str, life: Life) -> None:
    values = [*life.values, *settings({"migrations.mode": mode})]
    life.helm.install(CHART, *values)
    serving, sets = life.namespace.ready_pods(), replica_sets(life.namespace)

    with pytest.raises(HelmFailed):
        life.helm.upgrade(
            CHART, *values, *FAILS, **({"timeout": IMPATIENT} if mode == "job" else {})
        )

    assert serving, "the old release has no ready pod"
    assert life.namespace.ready_pods() == serving
    assert {name: replica_sets(life.namespace).get(name) for name in sets} == sets
    if mode == "hook":
        assert replica_sets(life.namespace) == sets, "the new release has begun"
    life.helm.upgrade(CHART, *values)
    assert life.namespace.ready_pods() == serving, "what did not change was replaced"


def test_a_failing_migration_is_rolled_back_where_that_is_asked_for(life: Life) -> None:
    life.helm.install(CHART, *life.values)
    serving = life.namespace.ready_pods()

    with pytest.raises(HelmFailed, match=r"rolled back|rollback"):
        life.helm.upgrade(CHART, *life.values, *FAILS, "--rollback-on-failure")

    assert life.namespace.ready_pods() == serving
    assert '"status":"deployed"' in life.helm.run(
        "status", life.helm.release, "--output", "json"
    ).text.replace(" ", "")


def test_a_release_that_never_becomes_ready_does_not_take_the_old_one_away(life: Life) -> None:
    life.helm.install(CHART, *life.values)
    serving = life.namespace.ready_pods()

    with pytest.raises(HelmFailed):
        life.helm.upgrade(
            CHART, *life.values, *settings({"image.tag": "2-unready"}), timeout=IMPATIENT
        )

    assert life.namespace.ready_pods() == serving


def test_pods_scaled_by_hand_against_a_fixed_number_are_a_conflict_that_names_the_field(
    life: Life,
) -> None:
    values = [*life.values, *settings({"defaults.replicas": "2"})]
    life.helm.install(CHART, *values)
    fixed = next(
        t
        for t in life.helm.render(CHART, *values)
        if t["kind"] == "Deployment" and not hook(t) and "replicas" in t["spec"]
    )
    life.scale(fixed["metadata"]["name"], 3)

    with pytest.raises(HelmFailed, match=r"conflict.*\.spec\.replicas"):
        life.helm.upgrade(CHART, *values)
