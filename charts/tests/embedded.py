"""What values.schema.json takes from Kubernetes: the definitions of objects that values embed,
strict, of the newest supported minor.

An ordinary edit of the schema refers to `#/definitions/io.k8s…`; `python charts/tests/written.py`
brings the definitions in.
"""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

SCHEMAS = Path(str(files("kubernetes_validate") / "kubernetes-json-schema"))
OURS = re.compile(r'"#/definitions/(io\.k8s\.[^"]+)"')


def minor_of(folder: Path) -> tuple[int, ...]:
    """(1, 36, 0) of the folder v1.36.0-local-strict."""
    return tuple(map(int, re.findall(r"\d+", folder.name)[:3]))


def with_definitions(schema: Any) -> Any:
    """The schema with every definition of Kubernetes that it refers to, and none besides."""
    newest = max(SCHEMAS.glob("v*-local-strict"), key=minor_of)
    every = json.loads((newest / "_definitions.json").read_text())["$defs"]
    own = {
        name: each for name, each in schema["definitions"].items() if not name.startswith("io.k8s.")
    }
    found: dict[str, Any] = {}
    wanted = set(OURS.findall(json.dumps({**schema, "definitions": own})))
    while wanted:
        name = wanted.pop()
        found[name] = _bare(every[name])
        wanted |= set(OURS.findall(json.dumps(found[name]))) - set(found)
    return {**schema, "definitions": {**own, **dict(sorted(found.items()))}}


def _bare(node: Any) -> Any:
    """The definition without prose, formats that validators differ about, and choices that null
    would fit twice.
    """
    if isinstance(node, list):
        return [_bare(each) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return {"$ref": node["$ref"].replace("#/$defs/", "#/definitions/")}
    return {
        "anyOf" if key == "oneOf" else key: _bare(each)
        for key, each in node.items()
        if not (key in ("description", "format") and isinstance(each, str))
        and not key.startswith("x-kubernetes-")
    }
