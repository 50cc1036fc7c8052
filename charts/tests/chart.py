"""The chart as Helm renders it: text, objects, pods, and the words it refuses with."""

import functools
import importlib.util
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "eldercare"
SCENARIOS = {
    path.name.removesuffix("-values.yaml"): path
    for path in sorted((CHART / "ci").glob("*-values.yaml"))
}
SERVICES = ("assessment", "datacenter", "dispatch", "facility", "gateway", "subsidy", "supervision")
HELMS = ("helm4", "helm3")
RELEASE, NAMESPACE = "demo", "city"
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Object = dict[str, Any]


class Refused(Exception):
    """Helm did not render; the text is what it said."""


@functools.cache
def tool(name: str) -> str:
    """The path of a tool that `tools/build.py` has made. Raises what the builder says, where it
    cannot be made.
    """
    spec = importlib.util.spec_from_file_location("build", ROOT / "tools" / "build.py")
    assert spec
    assert spec.loader
    builder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
    return str(builder.build(name))


def helm(name: str, *arguments: str) -> str:
    """What Helm prints. Raises: Refused."""
    ran = subprocess.run([tool(name), *arguments], capture_output=True, text=True, timeout=60)
    if ran.returncode:
        raise Refused(ran.stderr)
    return ran.stdout


def render(
    values: Path | Sequence[Path] = (),
    *settings: str,
    with_helm: str = "helm4",
    chart: Path = CHART,
    release: str = RELEASE,
) -> str:
    """The manifests as text. values: files, later ones over earlier ones. settings: `key=value` as
    after --set.
    """
    files = [values] if isinstance(values, Path) else values
    given = [word for file in files for word in ("-f", str(file))] + [
        word for each in settings for word in ("--set", each)
    ]
    return helm(with_helm, "template", release, str(chart), "-n", NAMESPACE, *given)


def objects(text: str) -> list[Object]:
    return [found for found in yaml.load_all(text, Loader=_Loader) if found]


@functools.cache
def text_of(scenario: str, with_helm: str = "helm4") -> str:
    """The manifests of a ci scenario, rendered once per run."""
    return render(SCENARIOS[scenario], with_helm=with_helm)


@functools.cache
def _objects_of(scenario: str) -> tuple[Object, ...]:
    return tuple(objects(text_of(scenario)))


def objects_of(scenario: str, kind: str | None = None) -> list[Object]:
    """The objects of a scenario, or those of one kind."""
    return [found for found in _objects_of(scenario) if kind in (None, found["kind"])]


def the(scenario: str, kind: str, name: str) -> Object:
    """The one object whose name ends so."""
    (found,) = [
        each for each in objects_of(scenario, kind) if each["metadata"]["name"].endswith(name)
    ]
    return found


def pods(found: Sequence[Object]) -> Iterator[tuple[str, Object]]:
    """(kind/name, pod template) of everything that makes pods, hooks and tests included."""
    for each in found:
        if each["kind"] == "Pod":
            yield f"Pod/{each['metadata']['name']}", each
        elif "template" in each.get("spec", {}):
            yield f"{each['kind']}/{each['metadata']['name']}", each["spec"]["template"]


def containers(pod: Object) -> list[Object]:
    """All of a pod, those that run first included."""
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def ours(pod: Object) -> list[Object]:
    """Those that run the platform's image."""
    return [
        each
        for each in containers(pod)
        if each["image"].split("@")[0].split(":")[-2].endswith("eldercare")
    ]


def env(container: Object) -> dict[str, Any]:
    """Value, or where it comes from, by name."""
    return {
        each["name"]: each.get("value", each.get("valueFrom")) for each in container.get("env", [])
    }


def container_of(scenario: str, service: str) -> Object:
    """The container in which a service runs."""
    spec = the(scenario, "Deployment", f"-{service}")["spec"]["template"]["spec"]
    (found,) = [each for each in spec["containers"] if each["name"] == service]
    return dict(found)


def copied(to: Path, values: Mapping[str, Any] | None = None) -> Path:
    """A copy of the chart, with other defaults where they are given."""
    shutil.copytree(CHART, to, ignore=shutil.ignore_patterns("ci", "examples", "docs"))
    if values is not None:
        (to / "values.yaml").write_text(yaml.safe_dump(dict(values)))
    return to


def defaults() -> Any:
    """values.yaml."""
    return yaml.load((CHART / "values.yaml").read_text(), Loader=_Loader)
