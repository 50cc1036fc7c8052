"""Where the binaries and the custom resource definitions come from: Go modules, built or downloaded
once.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from cluster.objects import Object

ROOT = Path(__file__).resolve().parents[3]
CRDS = ROOT / "charts" / "cluster" / "crds"
# Folders of definitions inside modules of crds/go.mod: of what the chart renders, and of what its
# examples hold besides.
DEFINITIONS = {
    "github.com/kedacore/keda/v2": ("config/crd/bases/keda.sh_*.yaml",),
    "github.com/prometheus-operator/prometheus-operator": (
        "example/*-crd/*monitors.yaml",
        "example/*-crd/*rules.yaml",
    ),
    "sigs.k8s.io/gateway-api": (
        "config/crd/standard/*routes.yaml",
        "config/crd/standard/*_gateways.yaml",
    ),
}
OF_EXAMPLES = {
    "github.com/argoproj/argo-cd/v3": ("manifests/crds/application-crd.yaml",),
    "github.com/cloudnative-pg/cloudnative-pg": (
        "config/crd/bases/postgresql.cnpg.io_clusters.yaml",
        "config/crd/bases/*_databases.yaml",
    ),
    "github.com/external-secrets/external-secrets": (
        "config/crds/bases/external-secrets.io_externalsecrets.yaml",
    ),
    "github.com/fluxcd/source-controller": ("config/crd/bases/*_gitrepositories.yaml",),
}


def binary(name: str) -> str:
    """The path of the tool, built when it is not there yet; progress goes to stderr. Raises
    SystemExit with the builder's words.
    """
    built = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "build.py"), name], stdout=subprocess.PIPE, text=True
    )
    if built.returncode:
        raise SystemExit(f"the tool {name} could not be built: see above")
    return built.stdout.strip()


def objects(text: str) -> list[Object]:
    """The objects of a YAML text, without empty documents."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [thing for thing in yaml.load_all(text, Loader=loader) if thing]


def definitions(wanted: dict[str, tuple[str, ...]] = DEFINITIONS) -> list[Object]:
    """CustomResourceDefinitions as their modules ship them, and of Strimzi's topics. wanted:
    DEFINITIONS or OF_EXAMPLES, or both.
    """
    if shutil.which("go") is None:
        raise SystemExit(
            "the command `go` is missing: custom resource definitions come from Go modules"
        )
    downloaded = subprocess.run(
        ["go", "mod", "download", "-json", *wanted], cwd=CRDS, stdout=subprocess.PIPE, text=True
    )
    if downloaded.returncode:
        raise SystemExit(f"go mod download failed: {downloaded.stdout}")
    found = objects((CRDS / "kafkatopics.yaml").read_text())
    decoder = json.JSONDecoder()
    rest = downloaded.stdout.lstrip()
    while rest:
        module, end = decoder.raw_decode(rest)
        rest = rest[end:].lstrip()
        for pattern in wanted[module["Path"]]:
            for path in sorted(Path(module["Dir"]).glob(pattern)):
                found += objects(path.read_text())
    return [thing for thing in found if thing["kind"] == "CustomResourceDefinition"]
