"""Every scenario of the chart is installed, tested, upgraded, scaled, rolled back and uninstalled,
and leaves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cluster.api import Api, Refused, eventually
from cluster.chart import CHART, WRAPPER, installed, scenarios, values, version
from cluster.helm import Helm
from cluster.life import Life
from cluster.namespaces import Namespace
from cluster.rendered import users_own

NOW = version((CHART / "Chart.yaml").read_text())
LIVES = [(scenario, "helm4") for scenario in scenarios()] + [
    (WRAPPER, "helm4"),
    ("minimal", "helm3"),
]


@pytest.mark.parametrize("scenario", scenarios())
def test_the_server_takes_every_object_strictly_and_without_a_warning(
    scenario: str, namespace: Namespace, api: Api, kubeconfig: Path, tmp_path: Path
) -> None:
    objects = Helm("helm4", kubeconfig, namespace.name, tmp_path).render(CHART, *values(scenario))
    namespace.furnish(users_own(objects))

    refused = []
    for thing in objects:
        try:
            api.apply(thing, namespace.name, dry=True)
        except (Refused, KeyError) as refusal:
            refused.append(f"{thing['kind']} {thing['metadata']['name']}: {refusal}")

    assert not refused, "\n".join(refused)


@pytest.mark.parametrize(("scenario", "tool"), LIVES)
def test_a_release_lives_and_leaves_nothing(
    scenario: str,
    tool: str,
    namespace: Namespace,
    kubeconfig: Path,
    old_chart: Path,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    old, new = (
        installed(scenario, chart, tmp_path / name)
        for name, chart in (("old", old_chart), ("new", CHART))
    )
    life = Life(scenario, new, namespace, tool, tmp_path, kubeconfig)
    helm, was = life.helm, version((old_chart / "Chart.yaml").read_text())
    life.check_hardened()

    life.timed("install", helm.install(old, *life.values))
    eventually(lambda: life.serves(was), f"{scenario} serves with {was}")
    life.timed("test", helm.test())
    life.timed("upgrade", helm.upgrade(new, *life.values))
    eventually(lambda: life.serves(NOW), f"{scenario} serves with {NOW}")
    for deployment in life.autoscaled():
        life.scale(deployment, 4)
    life.timed("again", helm.upgrade(new, *life.values))
    assert all(life.replicas(deployment) == 4 for deployment in life.autoscaled()), (
        "an upgrade took back what an autoscaler did"
    )
    life.timed("rollback", helm.rollback(1))
    eventually(lambda: life.serves(was), f"{scenario} serves with {was}")
    life.timed("uninstall", helm.uninstall())
    eventually(life.gone, "an empty namespace")

    record_property("life", life.line())
