"""The try-out stack says what the services read, waits for what it needs, fits a laptop, and opens
nothing to the network.
"""

import json
import re
import shutil
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from city.names import NAMES, variable
from gateway.issuer.tokens import Issuer
from kit.db.personal import KeyRing

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "compose"
CORE, SEEN, LIVED = "compose.yaml", "compose.observability.yaml", "compose.simulation.yaml"
STACKS = {"core": (CORE,), "observability": (CORE, SEEN), "simulation": (CORE, LIVED)}
JOBS = frozenset({"migrate", "topics", "smoke", "clock", "simulate"})
OURS = frozenset({*NAMES, *JOBS})
# Their images have neither a shell nor a client: nothing inside could ask whether they are well.
WITHOUT_CHECK = frozenset({"collector", "tempo", "loki"})
# What the OpenTelemetry SDK, libpq's variables and the kubelet give are no settings of ours.
FOREIGN = re.compile(r"OTEL_\w+|PG\w+|POD_\w+")
# Where the stack differs from the chart's smallest installation, and why.
COMPOSE_ALONE = {
    "gateway": {"ONE_BOX", "PEERS", "SIGNING_KEY", "CLIENTS"}
}  # demo users instead of an OpenID provider
GIB = 1 << 30


def tool(name: str) -> str:
    """The path of a tool of ours, built if it is not there yet."""
    built = subprocess.run(
        [sys.executable, ROOT / "tools" / "build.py", name],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return built.stdout.strip()


@cache
def project(*files: str) -> dict[str, Any]:
    """The project as Docker Compose's own library understands it, with every profile on."""
    command = [tool("compose"), "-profile", "*", *(str(COMPOSE / file) for file in files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def services(stack: str) -> dict[str, dict[str, Any]]:
    return dict(project(*STACKS[stack])["services"])


def settings() -> dict[str, str]:
    """.env by name."""
    lines = (COMPOSE / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


every = pytest.mark.parametrize("stack", STACKS)


@every
def test_every_container_is_watched_or_ends_by_itself(stack: str) -> None:
    unwatched = {name for name, each in services(stack).items() if not each.get("healthcheck")}

    assert unwatched <= JOBS | WITHOUT_CHECK
    assert {each["restart"] for name, each in services(stack).items() if name in JOBS} <= {"no"}


@every
def test_every_dependency_has_a_condition_that_can_become_true(stack: str) -> None:
    of = services(stack)
    for name, each in of.items():
        for needed, how in (each.get("depends_on") or {}).items():
            expected = "service_completed_successfully" if needed in JOBS else "service_healthy"
            watched = of[needed].get("healthcheck") or needed in JOBS
            if name != "prometheus":  # it also has something to tell of services that are not well
                assert how["condition"] == (expected if watched else "service_started"), (
                    f"{name} needs {needed}: {how}"
                )


def test_no_service_starts_before_schema_and_topics_are_there() -> None:
    for name in NAMES:
        needs = services("core")[name]["depends_on"]
        assert {
            needed
            for needed, how in needs.items()
            if how["condition"] == "service_completed_successfully"
        } == {"migrate", "topics"}


def test_every_service_of_the_platform_is_in_the_stack_and_migrated() -> None:
    assert set(NAMES) <= set(services("core"))
    assert set(services("core")["migrate"]["environment"]) == {variable(name) for name in NAMES}
    script = (COMPOSE / "config" / "postgres" / "databases.sh").read_text()
    assert set(re.search(r"for service in ([\w ]+);", script)[1].split()) == set(NAMES)  # type: ignore[index]


@pytest.mark.parametrize("name", NAMES)
def test_a_service_is_given_what_it_reads_and_nothing_else(name: str) -> None:
    kind = import_module(f"{name}.settings").Settings
    fields = {field.upper(): info for field, info in kind.model_fields.items()}
    given = set(services("observability")[name]["environment"]) | set(
        services("simulation")[name]["environment"]
    )

    assert {variable for variable in given if not FOREIGN.fullmatch(variable)} <= set(fields)
    assert {field for field, info in fields.items() if info.is_required()} <= given


@pytest.mark.parametrize("name", NAMES)
def test_values_are_such_that_the_service_starts(name: str) -> None:
    kind = import_module(f"{name}.settings").Settings
    given = services("core")[name]["environment"]

    read = kind(
        **{
            variable.lower(): _read(value)
            for variable, value in given.items()
            if variable.lower() in kind.model_fields
        }
    )

    assert read.service == name


def _read(value: str) -> Any:
    return json.loads(value) if value.startswith(("{", "[")) else value


def test_the_demo_keys_are_keys() -> None:
    given = services("core")["gateway"]["environment"]
    assert (
        Issuer.from_settings(
            given["ISSUER"], "eldercare", SecretStr(given["SIGNING_KEY"]), {}
        ).public["crv"]
        == "Ed25519"
    )
    ring = KeyRing(settings()["PERSONAL_KEYS"], settings()["HASH_KEYS"])
    assert ring.open(ring.seal("a name")) == "a name"
    assert (
        json.loads(given["CLIENTS"])["dispatch"]
        == services("core")["dispatch"]["environment"]["CLIENT_SECRET"]
    )


@cache
def charted() -> dict[str, set[str]]:
    """The variables of each service in the chart's smallest installation."""
    values = ROOT / "charts" / "eldercare" / "ci" / "minimal-values.yaml"
    command = [
        tool("helm4"),
        "template",
        "eldercare",
        str(ROOT / "charts" / "eldercare"),
        "--values",
        str(values),
    ]
    rendered = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    deployments = [
        made for made in yaml.safe_load_all(rendered) if made and made["kind"] == "Deployment"
    ]
    return {
        made["metadata"]["labels"]["app.kubernetes.io/component"]: {
            each["name"] for each in made["spec"]["template"]["spec"]["containers"][0]["env"]
        }
        for made in deployments
    }


@pytest.mark.parametrize("name", NAMES)
def test_the_chart_gives_a_service_the_same_variables(name: str) -> None:
    given = set(services("core")[name]["environment"]) - COMPOSE_ALONE.get(name, set())

    assert given == {variable for variable in charted()[name] if not FOREIGN.fullmatch(variable)}


@pytest.mark.parametrize("name", NAMES)
def test_a_service_is_killed_only_when_its_drain_must_be_over(name: str) -> None:
    assert services("core")[name]["stop_grace_period"] == "55s"


@every
def test_every_variable_of_the_files_is_in_env_and_none_is_idle(stack: str) -> None:
    used = {
        name
        for file in COMPOSE.glob("compose*.yaml")
        for name in re.findall(r"(?<!\$)\$\{(\w+)", file.read_text())
    }

    assert used == set(settings()) - {"COMPOSE_PROJECT_NAME"}
    assert services(stack)


@every
def test_every_image_is_ours_or_pinned_by_tag_and_digest(stack: str) -> None:
    for name, each in services(stack).items():
        if name in OURS:
            assert each["image"] == settings()["IMAGE"]
        else:
            assert re.fullmatch(
                r"[a-z]+(/[a-z-]+)?:v?[\w.-]+@sha256:[0-9a-f]{64}", each["image"]
            ), f"{name}: {each['image']}"
    assert settings()["IMAGE"].endswith(
        ":"
        + re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]
    )  # type: ignore[index]


@every
def test_ports_are_those_of_this_machine_alone(stack: str) -> None:
    published = [port for each in services(stack).values() for port in each.get("ports") or []]

    assert published
    assert {port["host_ip"] for port in published} == {"127.0.0.1"}


@every
def test_nobody_has_rights_that_he_does_not_need(stack: str) -> None:
    for name, each in services(stack).items():
        assert each["cap_drop"] == ["ALL"], name
        assert each["security_opt"] == ["no-new-privileges:true"], name
        assert not each.get("privileged"), name
        # Kafka's image writes its settings beside its programs when it starts
        assert each.get("read_only") or name == "kafka", name


@pytest.mark.parametrize(("stack", "most"), [("core", 4 * GIB), ("observability", 6 * GIB)])
def test_all_limits_together_fit(stack: str, most: int) -> None:
    limits = {name: int(each["mem_limit"]) for name, each in services(stack).items()}

    assert sum(limits.values()) < most


def test_the_heap_of_the_broker_is_explicit_and_well_below_its_limit() -> None:
    kafka = services("core")["kafka"]
    options = kafka["environment"]["KAFKA_HEAP_OPTS"]

    sizes = [
        int(found) << 20 for found in re.findall(r"-(?:Xmx|XX:MaxDirectMemorySize=)(\d+)m", options)
    ]

    assert len(sizes) == 2
    assert sum(sizes) <= 0.7 * int(kafka["mem_limit"])


@every
def test_output_cannot_fill_the_disk(stack: str) -> None:
    for name, each in services(stack).items():
        assert each["logging"]["options"].keys() == {"max-size", "max-file"}, name


@every
def test_checks_are_slow_and_start_no_runtime(stack: str) -> None:
    for name, each in services(stack).items():
        if check := each.get("healthcheck"):
            assert check["interval"] in ("15s", "30s"), name
            assert not {"python", "java", "eldercare"} & set(
                re.split(r"\W+", " ".join(check["test"][:2]))
            ), name


def test_rules_and_dashboards_are_the_charts_own() -> None:
    mounted = {
        mount["target"]: mount["source"]
        for each in services("observability").values()
        for mount in each.get("volumes") or []
    }

    assert mounted["/etc/rules"] == str(ROOT / "charts" / "eldercare" / "files" / "alerts")
    assert mounted["/etc/dashboards"] == str(ROOT / "charts" / "eldercare" / "files" / "dashboards")
    uids = {
        source["uid"]
        for source in _config("grafana/provisioning/datasources/sources.yaml")["datasources"]
    }
    assert uids == {"prometheus", "tempo", "loki"}


def test_every_service_is_scraped() -> None:
    scraped = _config("prometheus/prometheus.yml")["scrape_configs"][0]["static_configs"][0][
        "targets"
    ]

    assert set(scraped) == {f"{name}:9000" for name in NAMES}


def test_prometheus_understands_its_settings_and_the_rules(tmp_path: Path) -> None:
    assert shutil.which("promtool"), "promtool is missing (Debian: apt-get install prometheus)"
    rules = ROOT / "charts" / "eldercare" / "files" / "alerts"
    settled = (
        (COMPOSE / "config" / "prometheus" / "prometheus.yml")
        .read_text()
        .replace("/etc/rules", str(rules))
    )
    (tmp_path / "prometheus.yml").write_text(settled)

    done = subprocess.run(
        ["promtool", "check", "config", tmp_path / "prometheus.yml"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "rules found" in done.stdout


def test_the_collectors_pipelines_use_what_is_declared_and_all_of_it() -> None:
    config = _config("collector/config.yaml")
    for kind in ("receivers", "processors", "exporters"):
        used = {
            part
            for pipeline in config["service"]["pipelines"].values()
            for part in pipeline.get(kind, [])
        }
        assert used == set(config[kind]), kind


def _config(path: str) -> Any:
    return yaml.safe_load((COMPOSE / "config" / path).read_text())
