"""What is written from other files: the chart's table of services, its README, users of Kafka, the defaults that later releases must bear.

`python charts/tests/written.py` writes all of it anew.
"""

import ast
import importlib.util
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "eldercare"
TOPOLOGY = CHART / "files" / "topology.yaml"
README = CHART / "README.md"
USERS = CHART / "examples" / "strimzi-users.yaml"


def topology() -> Any:
    """The module contracts-tests/topology.py, which needs nothing but the standard library."""
    spec = importlib.util.spec_from_file_location("topology", ROOT / "contracts-tests" / "topology.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _constants(path: Path) -> dict[str, Any]:
    """The names that a module gives to literals, and to frozen sets of literals."""
    found = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = node.value.args[0] if isinstance(node.value, ast.Call) and node.value.args else node.value
            try:
                found[node.targets[0].id] = ast.literal_eval(value)
            except ValueError:
                continue
    return found


def rings(service: str) -> list[str]:
    """Which keys of personal data a service reads: it seals the answers of its commands, it searches by hashes."""
    sources = "".join(path.read_text() for path in (ROOT / "services" / service / service).rglob("*.py"))
    api = ROOT / "protos" / "eldercare" / service / "v1" / "api.proto"
    personal = api.exists() and "writes: true" in api.read_text()
    return ["personal"] * personal + ["hash"] * bool(re.search(r"\bring\.\w*digests?\(|\bhash_keys: SecretStr =", sources))


def table() -> str:
    """files/topology.yaml: who hears and calls what, which keys a service reads, how a topic keeps."""
    known = topology()
    answering = [name for name, answered in known.ANSWERS.items() if answered]
    services = {}
    for name in sorted(known.SAYS):
        calls = answering if name == "gateway" else [answerer for caller, answerer, _ in known.CALLS if caller == name]
        services[name] = {"hears": sorted(known.HEARS[name]), "calls": sorted(set(calls)), "rings": rings(name)}
    masters = _constants(ROOT / "services" / "city" / "city" / "topics.py")["MASTERS"]
    topics = {topic: "compacted" if topic in masters else "week" for topic in sorted(known.EVERYTHING)}
    week = str(7 * 24 * 3600 * 1000)
    config = {
        "compacted": {"cleanup.policy": "compact", "min.compaction.lag.ms": week, "segment.ms": week},
        "week": {"cleanup.policy": "delete", "retention.ms": week},
    }
    head = "# Written by charts/tests/written.py from contracts-tests/topology.py, the contracts and services/city/city/topics.py.\n"
    return head + yaml.safe_dump({"services": services, "topics": topics, "config": config}, sort_keys=False, width=120)


def kept_defaults() -> Path:
    """Where the defaults of this version of the chart are kept; those of earlier versions lie beside them and never change."""
    return ROOT / "charts" / "tests" / "previous" / f"{yaml.safe_load((CHART / 'Chart.yaml').read_text())['version']}.yaml"


def users() -> str:
    """examples/strimzi-users.yaml: a user for each service with the rights that the contracts give it, and one that makes topics."""
    known, made = topology(), []

    def right(kind: str, name: str, *operations: str, prefix: bool = False) -> dict[str, Any]:
        return {"resource": {"type": kind, "name": name, "patternType": "prefix" if prefix else "literal"}, "operations": list(operations)}

    for service in sorted(known.SAYS):
        rights = [right("topic", f"eldercare.{topic}.v1", "Write", "Describe") for topic in known.SAYS[service]]
        rights += [right("topic", f"eldercare.{topic}.v1", "Read", "Describe") for topic in known.HEARS[service]]
        made.append((service, [*rights, right("group", service, "Read", "Describe")]))
    made.append(("topics", [right("topic", "eldercare.", "Create", "Describe", "DescribeConfigs", "AlterConfigs", prefix=True)]))
    head = "# Written by charts/tests/written.py from the contracts: who says and hears what, and no more.\n"
    return head + yaml.safe_dump_all(
        [{
            "apiVersion": "kafka.strimzi.io/v1", "kind": "KafkaUser",
            "metadata": {"name": f"eldercare-{name}", "labels": {"strimzi.io/cluster": "city"}},
            "spec": {"authentication": {"type": "scram-sha-512"}, "authorization": {"type": "simple", "acls": rights}},
        } for name, rights in made],
        sort_keys=False, width=160,
    )


def documented() -> list[tuple[str, str, str]]:
    """(path, default, comment) of every key of values.yaml that has a comment, in its order."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    found: list[tuple[str, str, str]] = []
    path: list[str] = []
    said: list[str] = []
    shown = ""
    for line in (CHART / "values.yaml").read_text().splitlines():
        text = line.strip()
        if text.startswith("# -- "):
            said, shown = [text[5:]], ""
        elif text.startswith("# @default -- "):
            shown = text[14:]
        elif text.startswith("#") and said:
            said.append(text[2:])
        elif match := re.match(r"^( *)([\w.]+):", line):
            path = [*path[: len(match[1]) // 2], match[2]]
            if said:
                value = values
                for step in path:
                    value = value[step]
                told = yaml.safe_dump(value, default_flow_style=True, width=9999).replace("...", "").strip()
                found.append((".".join(path), shown or f"`{told}`", " ".join(said)))
            said = []
    return found


def readme() -> str:
    """README.md: README.md.gotmpl with the table of values in it."""
    rows = ["| Key | Default | Meaning |", "| --- | --- | --- |"]
    rows += [f"| `{path}` | {default} | {said.replace('|', chr(92) + '|')} |" for path, default, said in documented()]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    text = (CHART / "README.md.gotmpl").read_text()
    for name in ("version", "appVersion", "kubeVersion"):
        text = text.replace("{{ .Chart." + name[0].upper() + name[1:] + " }}", chart[name])
    text = text.replace("{{ .Proved }}", (ROOT / "charts" / "tests" / "proved.txt").read_text().rstrip())
    return text.replace("{{ .Values }}", "\n".join(rows))


if __name__ == "__main__":
    TOPOLOGY.write_text(table())
    README.write_text(readme())
    USERS.write_text(users())
    kept_defaults().write_text((CHART / "values.yaml").read_text())
