"""What is written from other files: the chart's table of services, its README, users of Kafka,
definitions of Kubernetes in its schema.

`python charts/tests/written.py` writes all of it anew.
"""

import ast
import importlib.util
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import embedded
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "eldercare"
TOPOLOGY = CHART / "files" / "topology.yaml"
README = CHART / "README.md"
SCHEMA = CHART / "values.schema.json"
USERS = CHART / "examples" / "strimzi-users.yaml"


def topology() -> Any:
    """The module contracts-tests/topology.py, which needs nothing but the standard library."""
    spec = importlib.util.spec_from_file_location(
        "topology", ROOT / "contracts-tests" / "topology.py"
    )
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
            value = (
                node.value.args[0]
                if isinstance(node.value, ast.Call) and node.value.args
                else node.value
            )
            try:
                found[node.targets[0].id] = ast.literal_eval(value)
            except ValueError:
                continue
    return found


def rings(service: str) -> list[str]:
    """Which keys of personal data a service reads: it seals the answers of its commands, where it
    keeps anything personal; it searches by hashes.
    """
    sources = "".join(
        path.read_text() for path in (ROOT / "services" / service / service).rglob("*.py")
    )
    api = ROOT / "protos" / "eldercare" / service / "v1" / "api.proto"
    personal = (
        api.exists()
        and "writes: true" in api.read_text()
        and "keeps_personal: ClassVar[bool] = False" not in sources
    )
    return ["personal"] * personal + ["hash"] * bool(
        re.search(r"\bring\.\w*digests?\(|\bhash_keys: SecretStr =", sources)
    )


def table() -> str:
    """files/topology.yaml: who consumes and calls what, which keys it reads, how a topic keeps."""
    known = topology()
    answering = [name for name, answered in known.ANSWERS.items() if answered]
    services = {}
    for name in sorted(known.PUBLISHES):
        calls = (
            answering
            if name == "gateway"
            else [answerer for caller, answerer, _ in known.CALLS if caller == name]
        )
        services[name] = {
            "hears": sorted(known.CONSUMES[name]),
            "calls": sorted(set(calls)),
            "rings": rings(name),
        }
    masters = _constants(ROOT / "services" / "city" / "city" / "operations" / "topics.py")[
        "COMPACTED"
    ]
    topics = {
        topic: "compacted" if topic in masters else "week" for topic in sorted(known.EVERYTHING)
    }
    week = str(7 * 24 * 3600 * 1000)
    config = {
        "compacted": {
            "cleanup.policy": "compact",
            "min.compaction.lag.ms": week,
            "segment.ms": week,
        },
        "week": {"cleanup.policy": "delete", "retention.ms": week},
    }
    head = (
        "# Written by charts/tests/written.py from contracts-tests/topology.py, the contracts "
        "and services/city/city/operations/topics.py.\n"
    )
    return head + yaml.safe_dump(
        {"services": services, "topics": topics, "config": config}, sort_keys=False, width=120
    )


def released(path: str) -> str:
    """A file as the last release had it: `.release` at the root names its commit."""
    commit = (ROOT / ".release").read_text().split()[0]
    ran = subprocess.run(
        ["git", "show", f"{commit}:{path}"], cwd=ROOT, capture_output=True, text=True
    )
    assert ran.returncode == 0, (
        f"the last release, {commit} in .release, is not in this clone: git fetch --unshallow"
    )
    return ran.stdout


def released_version() -> str:
    """The version of the chart in the last release."""
    return str(yaml.safe_load(released("charts/eldercare/Chart.yaml"))["version"])


def released_defaults() -> Path:
    """The values.yaml of the last release's chart; those of earlier ones lie beside it, and none of
    them ever changes.
    """
    return ROOT / "charts" / "tests" / "previous" / f"{released_version()}.yaml"


def schema() -> str:
    """values.schema.json with the definitions of Kubernetes that it refers to."""
    return (
        json.dumps(
            embedded.with_definitions(json.loads(SCHEMA.read_text())), indent=1, ensure_ascii=False
        )
        + "\n"
    )


def users() -> str:
    """examples/strimzi-users.yaml: a user for each service with the rights that the contracts give
    it, and one that makes topics.
    """
    known, made = topology(), []

    def right(kind: str, name: str, *operations: str, prefix: bool = False) -> dict[str, Any]:
        return {
            "resource": {
                "type": kind,
                "name": name,
                "patternType": "prefix" if prefix else "literal",
            },
            "operations": list(operations),
        }

    for service in sorted(known.PUBLISHES):
        rights = [
            right("topic", f"eldercare.{topic}.v1", "Write", "Describe")
            for topic in known.PUBLISHES[service]
        ]
        rights += [
            right("topic", f"eldercare.{topic}.v1", "Read", "Describe")
            for topic in known.CONSUMES[service]
        ]
        made.append((service, [*rights, right("group", service, "Read", "Describe")]))
    made.append(
        (
            "topics",
            [
                right(
                    "topic",
                    "eldercare.",
                    "Create",
                    "Describe",
                    "DescribeConfigs",
                    "AlterConfigs",
                    prefix=True,
                )
            ],
        )
    )
    head = (
        "# Written by charts/tests/written.py from the contracts: who says and hears what, and "
        "no more.\n"
    )
    return head + yaml.safe_dump_all(
        [
            {
                "apiVersion": "kafka.strimzi.io/v1",
                "kind": "KafkaUser",
                "metadata": {"name": f"eldercare-{name}", "labels": {"strimzi.io/cluster": "city"}},
                "spec": {
                    "authentication": {"type": "scram-sha-512"},
                    "authorization": {"type": "simple", "acls": rights},
                },
            }
            for name, rights in made
        ],
        sort_keys=False,
        width=160,
    )


def documented() -> list[tuple[str, str, str]]:
    """(path, default, comment) of every key of values.yaml that has a comment, in its order."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    found: list[tuple[str, str, str]] = []
    path: list[str] = []
    comment: list[str] = []
    shown = ""
    for line in (CHART / "values.yaml").read_text().splitlines():
        text = line.strip()
        if text.startswith("# -- "):
            comment, shown = [text[5:]], ""
        elif text.startswith("# @default -- "):
            shown = text[14:]
        elif text.startswith("#") and comment:
            comment.append(text[2:])
        elif match := re.match(r"^( *)([\w.]+):", line):
            path = [*path[: len(match[1]) // 2], match[2]]
            if comment:
                value = values
                for step in path:
                    value = value[step]
                default = (
                    yaml.safe_dump(value, default_flow_style=True, width=9999)
                    .replace("...", "")
                    .strip()
                )
                found.append((".".join(path), shown or f"`{default}`", " ".join(comment)))
            comment = []
    return found


# What the README tells of each slow rung, by the section of docs/measured.md: the first cells of
# its rows.
MEASURED = {
    "Image": (
        "size",
        "uid, gid",
        "CapEff",
        "read-only root",
        "smoke",
        "SIGTERM → not ready → exit 0",
        "resident memory",
    ),
    "Cluster": ("whole run with binaries built", "migrations", "lives of a release"),
    "Rehearsals": ("whole run", "fail-over", "backup", "rolling upgrade"),
}


def measured() -> str:
    """The rows above of docs/measured.md, and when and on what each was measured. Raises:
    ValueError where one is no longer there.
    """
    lines = ["| Verb | What | Last seen |", "| --- | --- | --- |"]
    for section, names in MEASURED.items():
        text = re.split(
            rf"^## {section}\n", (CHART / "docs" / "measured.md").read_text(), flags=re.M
        )[1].split("\n## ")[0]
        verb, when = re.search(r"(`make [\w-]+`).*?(\d{4}-\d\d-\d\d)", text, re.S).groups()  # type: ignore[union-attr]
        lines.append(f"| {verb} | measured on | {when} |")
        for name in names:
            (row,) = [line for line in text.splitlines() if line.startswith(f"| {name}")]
            lines.append(f"| {verb} {row}")
    return "\n".join(lines)


def readme() -> str:
    """README.md: README.md.gotmpl with the last measurements and the table of values in it."""
    rows = ["| Key | Default | Meaning |", "| --- | --- | --- |"]
    rows += [
        f"| `{path}` | {default} | {comment.replace('|', chr(92) + '|')} |"
        for path, default, comment in documented()
    ]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    text = (CHART / "README.md.gotmpl").read_text()
    for name in ("version", "appVersion", "kubeVersion"):
        text = text.replace("{{ .Chart." + name[0].upper() + name[1:] + " }}", chart[name])
    text = text.replace(
        "{{ .Proved }}", (ROOT / "charts" / "tests" / "proved.txt").read_text().rstrip()
    )
    text = text.replace("{{ .Measured }}", measured())
    return text.replace("{{ .Values }}", "\n".join(rows))


if __name__ == "__main__":
    TOPOLOGY.write_text(table())
    README.write_text(readme())
    USERS.write_text(users())
    SCHEMA.write_text(schema())
    released_defaults().write_text(released("charts/eldercare/values.yaml"))
