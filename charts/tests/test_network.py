"""Who can reach whom, as an analyzer of network policies reads them: every pair of pods, allowed
and forbidden.
"""

import re
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
import written
import yaml
from chart import NAMESPACE, RELEASE, SCENARIOS, SERVICES, Object, objects, render

OURS = (*SERVICES, "migrate", "topics", "smoke")
# Pods that are not ours: (namespace, labels).
WORLD = {
    "postgres": ("data", {"app": "postgres"}),
    "kafka": ("data", {"app": "kafka"}),
    "redis": ("data", {"app": "redis"}),
    "prometheus": ("monitoring", {"app": "prometheus"}),
    "ingress": ("ingress", {"app": "ingress"}),
    "collector": ("observability", {"app": "otel"}),
    "dns": ("kube-system", {"k8s-app": "kube-dns"}),
    "apiserver": ("kube-system", {"app": "apiserver"}),
    "neighbour": (NAMESPACE, {"app": "neighbour"}),
    "stranger": (
        "elsewhere",
        {
            "app": "postgres",
            "app.kubernetes.io/name": "eldercare",
            "app.kubernetes.io/component": "gateway",
        },
    ),
}
OUTSIDE = "outside"
LINE = re.compile(r"^(\S+) => (\S+) : (.*)$")
DNS, GRPC, HTTP, MANAGEMENT = "TCP, UDP 53", "TCP 50051", "TCP 8080", "TCP 9000"
Pair = tuple[str, str]


def world() -> list[Object]:
    """The pods and namespaces beside ours."""
    spaces = sorted({space for space, _ in WORLD.values()} | {NAMESPACE})
    made: list[Object] = [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": space, "labels": {"kubernetes.io/metadata.name": space}},
        }
        for space in spaces
    ]
    for name, (space, labels) in WORLD.items():
        spec = {"containers": [{"name": name, "image": name}]}
        made.append(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": name, "namespace": space, "labels": labels},
                "spec": spec,
            }
        )
    return made


def named(text: str) -> str:
    """Our name of a pod that the analyzer tells as namespace/pod; addresses outside the cluster are
    one.
    """
    space, _, pod = text.rpartition("/")
    return (
        re.sub(rf"^{RELEASE}-eldercare-(\w+?)(-\d+)?$", r"\1", pod)
        if space and not space[0].isdigit()
        else OUTSIDE
    )


def reached(found: list[Object], folder: Path) -> dict[Pair, str]:
    """What each pod may say to each other one, by (from, to); absent: nothing. All replicas of a
    service must agree.
    """
    chosen = [
        each for each in found if each["kind"] in ("NetworkPolicy", "Deployment", "Job", "Pod")
    ]
    (folder / "rendered.yaml").write_text(yaml.safe_dump_all([*chosen, *world()]))
    analyzer = str(Path(sys.executable).with_name("nca"))
    options = [
        "--connectivity",
        "-r",
        str(folder),
        "--output_format",
        "txt_no_fw_rules",
        "--output_endpoints",
        "pods",
    ]
    ran = subprocess.run([analyzer, *options], capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    listed: dict[Pair, list[str]] = {}
    for match in filter(None, map(LINE.match, ran.stdout.splitlines())):
        listed.setdefault((match[1], match[2]), []).append(
            re.sub(r"{protocols:(.*),dst_ports:(.*)}", r"\1 \2", match[3])
        )
    ways: dict[Pair, set[str]] = {}
    for (source, target), rules in listed.items():
        ways.setdefault((named(source), named(target)), set()).add("; ".join(sorted(rules)))
    assert not {pair: rules for pair, rules in ways.items() if len(rules) > 1}
    return {pair: rules.pop() for pair, rules in ways.items()}


def expected(*, built_in: bool, tested: bool = True) -> dict[Pair, str]:
    """The full matrix of ours, from the tables of the contracts: all that is not here is
    forbidden.
    """
    known = written.topology()
    ways: dict[Pair, str] = {}
    for name in OURS if tested else (*SERVICES, "migrate", "topics"):
        ways[name, "dns"] = DNS
    for name in SERVICES:
        ways[name, "postgres"], ways[name, "kafka"], ways[name, "collector"] = (
            "TCP 5432",
            "TCP 9093",
            "TCP 4317",
        )
        ways["prometheus", name] = MANAGEMENT
        if name != "gateway":
            ways["gateway", name] = GRPC
            ways["smoke", name] = MANAGEMENT
        if built_in:
            ways[name, "gateway"] = HTTP
    ways |= {(caller, answerer): GRPC for caller, answerer, _ in known.CALLS}
    ways |= {
        ("migrate", "postgres"): "TCP 5432",
        ("topics", "kafka"): "TCP 9093",
        ("smoke", "gateway"): HTTP,
        ("ingress", "gateway"): HTTP,
    }
    return ways


@pytest.mark.parametrize("built_in", [True, False])
def test_every_pair_of_pods_is_allowed_or_forbidden_as_the_contracts_say(
    built_in: bool, tmp_path: Path
) -> None:
    settings = (
        []
        if built_in
        else [
            "identity.builtIn.enabled=false",
            "identity.keysUrl=https://id.example.org/keys",
            "identity.tokenUrl=https://id.example.org/token",
            "networkPolicy.egress.issuer.to[0].ipBlock.cidr=203.0.113.0/24",
        ]
    )
    ways = reached(objects(render(SCENARIOS["networkpolicy"], *settings)), tmp_path)
    wanted = expected(built_in=built_in)

    wrong = []
    for source, target in product([*OURS, *WORLD], repeat=2):
        if source in WORLD and target in WORLD:
            continue
        if ways.get((source, target)) != wanted.get((source, target)):
            wrong.append(
                f"{source} → {target}: {ways.get((source, target))}, not "
                f"{wanted.get((source, target))}"
            )
    assert not wrong, "\n".join(wrong)
    assert len(wanted) > 50


def test_ports_are_those_of_the_addresses_in_the_same_values(tmp_path: Path) -> None:
    ways = reached(
        objects(
            render(
                SCENARIOS["networkpolicy"],
                "database.host=pg",
                "database.port=5433",
                "database.perService.subsidy.port=5440",
                r"kafka.bootstrapServers=kafka-0:9095\,kafka-1:9096",
                "telemetry.otlp.endpoint=https://otel.example.org:14317",
                "identity.builtIn.enabled=false",
                "identity.keysUrl=https://id.example.org:8443/keys",
                "identity.tokenUrl=http://id.example.org/token",
                "networkPolicy.egress.issuer.to[0].ipBlock.cidr=203.0.113.0/24",
            )
        ),
        tmp_path,
    )

    assert {(source, ways[source, "postgres"]) for source in SERVICES} == {
        (source, "TCP 5440" if source == "subsidy" else "TCP 5433") for source in SERVICES
    }
    assert ways["migrate", "postgres"] == "TCP 5433,5440"
    assert {ways[source, "kafka"] for source in (*SERVICES, "topics")} == {"TCP 9095-9096"}
    assert {ways[source, "collector"] for source in SERVICES} == {"TCP 14317"}
    assert {source: ways[source, OUTSIDE] for source in (*SERVICES, "smoke")} == {
        **dict.fromkeys(SERVICES, "TCP 8443"),
        "dispatch": "TCP 80,8443",
        "smoke": "TCP 80",
    }


@pytest.mark.parametrize(
    ("address", "port"),
    [
        ("https://id.example.org/keys", 443),
        ("http://id/keys", 80),
        ("https://[2001:db8::1]:8443/k", 8443),
    ],
)
def test_an_address_without_a_port_has_that_of_its_scheme(address: str, port: int) -> None:
    found = objects(render(SCENARIOS["openshift"], f"identity.keysUrl={address}"))
    (policy,) = [
        each
        for each in found
        if each["kind"] == "NetworkPolicy" and each["metadata"]["name"].endswith("-facility")
    ]

    assert policy["spec"]["egress"][-1]["ports"] == [{"protocol": "TCP", "port": port}]


def test_ports_that_are_named_stand_over_those_of_addresses() -> None:
    """A Service of the cluster may lead to another port of its pods."""
    found = objects(render(SCENARIOS["openshift"], "networkPolicy.egress.kafka.ports[0]=19093"))
    (policy,) = [
        each
        for each in found
        if each["kind"] == "NetworkPolicy" and each["metadata"]["name"].endswith("-topics")
    ]

    assert policy["spec"]["egress"][-1]["ports"] == [{"protocol": "TCP", "port": 19093}]


def test_jobs_before_the_release_find_their_policies_there() -> None:
    """In a namespace that shuts everything out an ordinary policy would come too late for them."""
    found = objects(render(SCENARIOS["networkpolicy"]))
    by_name = {
        (each["kind"], each["metadata"]["name"].rpartition("-")[2]): each["metadata"].get(
            "annotations", {}
        )
        for each in found
        if each["kind"] in ("NetworkPolicy", "Job")
    }

    for component in ("migrate", "topics"):
        policy, job = by_name["NetworkPolicy", component], by_name["Job", component]
        assert policy["helm.sh/hook"] == job["helm.sh/hook"] == "pre-install,pre-upgrade"
        assert int(policy["helm.sh/hook-weight"]) < min(
            int(each["helm.sh/hook-weight"]) for each in (by_name["Job", "migrate"], job)
        )
        assert policy["helm.sh/hook-delete-policy"] == "before-hook-creation,hook-succeeded"
    assert not [
        name
        for (kind, name), annotations in by_name.items()
        if kind == "NetworkPolicy" and name in SERVICES and annotations
    ]


@pytest.mark.parametrize(
    ("settings", "annotations"),
    [
        (["migrations.mode=job"], {}),
        (
            [r"migrations.hookAnnotations.argocd\.argoproj\.io/hook=PreSync"],
            {"argocd.argoproj.io/hook": "PreSync"},
        ),
    ],
)
def test_policies_of_jobs_live_as_their_jobs_do(
    settings: list[str], annotations: dict[str, str]
) -> None:
    found = objects(render(SCENARIOS["networkpolicy"], *settings))

    jobs = [
        each
        for each in found
        if each["kind"] == "NetworkPolicy"
        and each["metadata"]["name"].endswith(("-migrate", "-topics"))
    ]
    assert [each["metadata"].get("annotations", {}) for each in jobs] == [annotations] * 2


def test_nothing_of_ours_reaches_the_outside_but_a_named_issuer(tmp_path: Path) -> None:
    shut = reached(objects(render(SCENARIOS["networkpolicy"])), tmp_path)
    folder = tmp_path / "open"
    folder.mkdir()
    opened = reached(
        objects(
            render(
                SCENARIOS["networkpolicy"],
                "identity.builtIn.enabled=false",
                "identity.keysUrl=https://id.example.org/keys",
                "identity.tokenUrl=https://id.example.org/token",
            )
        ),
        folder,
    )

    assert not [pair for pair in shut if OUTSIDE in pair and set(pair) & set(OURS)]
    assert {source for source, target in opened if target == OUTSIDE and source in OURS} == {
        *SERVICES,
        "smoke",
    }
    assert {opened[source, OUTSIDE] for source in SERVICES} == {"TCP 443"}


def test_without_policies_everything_is_open(tmp_path: Path) -> None:
    """The analyzer does see what is not forbidden."""
    ways = reached(
        objects(render(SCENARIOS["networkpolicy"], "networkPolicy.enabled=false")), tmp_path
    )

    assert {ways[pair] for pair in product(SERVICES, WORLD)} == {"All connections"}


def test_a_rule_of_the_user_opens_one_way_more(tmp_path: Path) -> None:
    rule = "services.gateway.networkPolicy.extraEgress[0]"
    ways = reached(
        objects(
            render(
                SCENARIOS["networkpolicy"],
                rf"{rule}.to[0].namespaceSelector.matchLabels.kubernetes\.io/metadata\.name=elsewhere",
                f"{rule}.ports[0].port=8443",
                f"{rule}.ports[0].protocol=TCP",
            )
        ),
        tmp_path,
    )

    assert {
        pair: way
        for pair, way in ways.items()
        if pair not in expected(built_in=True) and set(pair) & set(OURS)
    } == {
        ("gateway", "stranger"): "TCP 8443",
    }
