"""What lies in the image, as JSON: runs inside it, with its own Python and nothing else."""

import importlib.metadata
import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path

ROOTS = (Path("/opt/eldercare"), Path("/opt/city"))
TOOLS = ("uv", "pip", "node", "npm", "gcc", "curl")
DEVELOPMENT = ("devservers", "testkit", "benchmarks", "pytest")


def is_compiled(source: Path) -> bool:
    return any((source.parent / "__pycache__").glob(f"{source.stem}.cpython-*.pyc"))


def is_closed(path: Path) -> bool:
    """Whether its group may not read it."""
    return not path.is_symlink() and (path.stat().st_mode >> 3) & 4 == 0


def normal(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


def debian() -> list[str]:
    """Packages that dpkg holds as installed."""
    query = ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n"]
    printed = subprocess.run(query, capture_output=True, text=True).stdout
    return sorted(line.split()[1] for line in printed.splitlines() if line.startswith("installed "))


def main() -> None:
    found = [path for root in ROOTS for path in root.rglob("*")]
    sources = [path for path in found if path.suffix == ".py" and path.parent.name != "bin"]
    packages = {normal(each.metadata["Name"]) for each in importlib.metadata.distributions()}
    bills = Path("/opt/city/sbom").glob("*.json")
    facts = {
        "packages": sorted(packages),
        "sources": len(sources),
        "uncompiled": [str(path) for path in sources if not is_compiled(path)],
        "closed": [str(path) for path in found if is_closed(path)],
        "tools": [tool for tool in TOOLS if shutil.which(tool)],
        "development": [name for name in DEVELOPMENT if importlib.util.find_spec(name)],
        "debian": debian(),
        "sbom": {file.name: json.loads(file.read_text()) for file in bills},
    }
    print(json.dumps(facts))


main()
