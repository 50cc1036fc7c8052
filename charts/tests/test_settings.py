"""A container gets exactly the environment that the settings of its service read: no more, and all
that has no default.
"""

import ast
import json
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from chart import (
    CHART,
    ROOT,
    SCENARIOS,
    SERVICES,
    container_of,
    containers,
    env,
    objects,
    pods,
    render,
    text_of,
    the,
)

# What the libraries below the settings read by themselves: the database's driver, the telemetry
# SDK, and what a value of it is made from.
BELOW = re.compile(
    r"PG(HOST|PORT|DATABASE|USER|PASSWORD|SSLMODE|SSLROOTCERT)|OTEL_[A-Z_]+|POD_(NAME|NAMESPACE)"
)
ONE_BOX = {"ONE_BOX", "CLOCK_FILE", "PEERS"}
every = pytest.mark.parametrize("scenario", SCENARIOS)


class Field(NamedTuple):
    """A setting. needed: it has no default."""

    name: str
    needed: bool


def _fields(path: Path) -> dict[str, list[Field]]:
    """The fields of each class of a module, in the upper case of their variables."""
    classes = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef):
            classes[node.name] = [
                Field(each.target.id.upper(), _needed(each.value))
                for each in node.body
                if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
            ]
    return classes


def _needed(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call) and getattr(value.func, "id", "") == "Field":
        return not value.args and not {"default", "default_factory"} & {
            keyword.arg for keyword in value.keywords
        }
    return value is None


@cache
def settings(service: str) -> dict[str, bool]:
    """Whether a service needs it, by variable; what its own class says goes over the kit's."""
    kit = [
        field
        for fields in _fields(ROOT / "services/kit/kit/runtime/settings.py").values()
        for field in fields
    ]
    (own,) = _fields(ROOT / f"services/{service}/{service}/settings.py").values()
    return {field.name: field.needed for field in [*kit, *own]}


@every
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_gets_nothing_that_it_does_not_read(scenario: str, service: str) -> None:
    unread = {
        name
        for name in env(container_of(scenario, service))
        if name not in settings(service) and not BELOW.fullmatch(name)
    }

    assert not unread


@every
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_gets_all_that_it_cannot_do_without(scenario: str, service: str) -> None:
    needed = {name for name, needed in settings(service).items() if needed}

    assert needed
    assert needed <= set(env(container_of(scenario, service))) | {
        "SERVICE"
    }  # each class says its own name


@every
def test_nothing_of_a_single_box_reaches_a_cluster(scenario: str) -> None:
    for service in SERVICES:
        assert not ONE_BOX & set(env(container_of(scenario, service)))


@every
def test_only_who_calls_a_neighbour_can_get_a_token_of_its_own(scenario: str) -> None:
    assert {
        service for service in SERVICES if "CLIENT_SECRET" in env(container_of(scenario, service))
    } == {"dispatch"}


@every
def test_a_service_has_only_the_keys_of_personal_data_that_it_uses(scenario: str) -> None:
    sealing = {
        service for service in SERVICES if "PERSONAL_KEYS" in env(container_of(scenario, service))
    }
    hashing = {
        service for service in SERVICES if "HASH_KEYS" in env(container_of(scenario, service))
    }

    assert sealing == {"assessment", "dispatch", "facility", "subsidy", "supervision"}
    assert hashing == {"assessment", "facility", "gateway"}


@every
def test_the_ports_that_a_service_listens_on_are_those_it_declares(scenario: str) -> None:
    for service in SERVICES:
        container = container_of(scenario, service)
        listened = {
            int(env(container)[name].rpartition(":")[2])
            for name in ("GRPC", "LISTEN", "MANAGEMENT")
            if name in env(container)
        }
        assert listened == {port["containerPort"] for port in container["ports"]}


@every
def test_sasl_has_a_user_and_plain_text_has_none(scenario: str) -> None:
    for service in SERVICES:
        variables = env(container_of(scenario, service))
        sasl = variables["KAFKA_SECURITY"].startswith("SASL")
        assert {
            name in variables for name in ("KAFKA_USERNAME", "KAFKA_PASSWORD", "KAFKA_MECHANISM")
        } == {sasl}
        assert "KAFKA_CA" not in variables or variables["KAFKA_SECURITY"].endswith("SSL")


def variables_of_the_jobs() -> dict[str, set[str]]:
    """What the verbs of a container read, as their source and help name it."""
    jobs = (ROOT / "services/city/city/cli/jobs.py").read_text()
    smoke = (ROOT / "services/city/city/operations/smoke.py").read_text()
    kafka = {
        field.name
        for field in _fields(ROOT / "services/kit/kit/runtime/settings.py")["KafkaSettings"]
    }
    return {
        "migrate": {"DATABASE", "RUNTIME_ROLE"},
        "topics": {
            *re.findall(r'envvar="([A-Z]+)"', jobs[jobs.index("def topics_apply") :]),
            *kafka,
        },
        "smoke": {
            "GATEWAY",
            *re.findall(r"\b(?:CLIENT_ID|CLIENT_SECRET|TOKEN_URL|PEERS|CITY)\b", smoke),
        },
    }


@pytest.mark.parametrize("scenario", ["ha", "minimal", "airgap", "job-mode", "networkpolicy"])
def test_jobs_and_test_get_what_their_verbs_read(scenario: str) -> None:
    known = variables_of_the_jobs()
    ran = set()
    for name, pod in pods(objects(text_of(scenario))):
        for container in containers(pod):
            verb = (container.get("args") or ["none"])[0]
            if verb in known:
                ran.add(verb)
                unread = {
                    each
                    for each in env(container)
                    if each not in known[verb] and not BELOW.fullmatch(each)
                } - {"SESSION_MS"}
                assert not unread, (name, container["name"])
    assert ran == set(known)


def test_verbs_of_containers_are_verbs_of_the_command() -> None:
    verbs = set(
        re.findall(
            r"\w+",
            re.search(
                r"VERBS = frozenset\({(.*?)}\)",
                (ROOT / "services/city/city/cli/jobs.py").read_text(),
            )[1],
        )
    )  # type: ignore[index]

    for scenario in SCENARIOS:
        for _, pod in pods(objects(text_of(scenario))):
            for container in containers(pod):
                assert (container.get("args") or ["run"])[0] in verbs


def test_the_grace_period_is_longer_than_a_drain() -> None:
    process = (ROOT / "services/kit/kit/runtime/process.py").read_text()
    drain_s = float(re.search(r"^DRAIN_S = ([\d.]+)", process, re.M)[1])  # type: ignore[index]

    for service in SERVICES:
        assert (
            the("minimal", "Deployment", f"-{service}")["spec"]["template"]["spec"][
                "terminationGracePeriodSeconds"
            ]
            >= drain_s + 15
        )


def test_settings_of_kafka_clients_reach_all_that_speak_with_kafka_and_are_those_that_the_kit_knows(
    tmp_path: Path,
) -> None:
    values = tmp_path / "values.yaml"
    values.write_text('kafka: {client: {max.poll.interval.ms: "600000", linger.ms: "20"}}')
    found = objects(render([SCENARIOS["minimal"], values]))
    schema = json.loads((CHART / "values.schema.json").read_text())["properties"]["kafka"][
        "properties"
    ]["client"]

    texts = {
        name: env(each)["KAFKA_CLIENT"]
        for name, pod in pods(found)
        for each in containers(pod)
        if "KAFKA_CLIENT" in env(each)
    }
    assert set(texts) == {
        *(f"Deployment/demo-eldercare-{service}" for service in SERVICES),
        "Job/demo-eldercare-topics",
    }
    assert [json.loads(value) for value in set(texts.values())] == [
        {"max.poll.interval.ms": "600000", "linger.ms": "20"}
    ]
    known = re.findall(
        r'^    "([\w.]+)": Option\(',
        (ROOT / "services/kit/kit/messaging/client_options.py").read_text(),
        re.M,
    )
    assert sorted(known) == list(schema["properties"])


def test_a_service_may_have_its_own_number_of_connections() -> None:
    found = objects(
        render(SCENARIOS["ha"], "database.poolSize=4", "database.perService.datacenter.poolSize=12")
    )

    given = [(name, env(each)) for name, pod in pods(found) for each in containers(pod)]
    sizes = {
        name.rpartition("-")[2]: each["POOL_SIZE"] for name, each in given if "POOL_SIZE" in each
    }
    assert sizes == {**dict.fromkeys(SERVICES, "4"), "datacenter": "12"}


def test_the_role_of_services_is_given_to_who_migrates_as_the_owner() -> None:
    found = objects(
        render(
            SCENARIOS["ha"],
            "database.runtimeRole=SERVICE_app",
            "database.perService.gateway.runtimeRole=web",
        )
    )

    roles = {
        each["args"][1]: env(each)["RUNTIME_ROLE"]
        for _, pod in pods(found)
        for each in containers(pod)
        if "RUNTIME_ROLE" in env(each)
    }
    assert roles == {**{service: f"{service}_app" for service in SERVICES}, "gateway": "web"}
    assert "RUNTIME_ROLE" not in text_of("ha")


def test_outbox_parts_are_one_service_s_own() -> None:
    found = objects(render(SCENARIOS["ha"], "services.subsidy.outboxParts=4"))

    parts = {
        name: env(each)["PARTS"]
        for name, pod in pods(found)
        for each in containers(pod)
        if "PARTS" in env(each)
    }
    assert parts["Deployment/demo-eldercare-subsidy"] == "4"
    assert parts["Deployment/demo-eldercare-dispatch"] == "1"
