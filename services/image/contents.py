"""What lies in the image, without starting anything of ours."""

import json
import re
from pathlib import Path
from typing import TypedDict

import engine
import making
from containers import STRICT, Container
from proof import Proof

LABELS = ("title", "description", "version", "revision", "created", "licenses", "base.name")
INSIDE = Path(__file__).with_name("inside.py")


class Component(TypedDict):
    name: str


class Bill(TypedDict, total=False):
    """A CycloneDX document, as far as it is read here."""

    components: list[Component]


class Inside(TypedDict):
    """What `inside.py` prints."""

    packages: list[str]
    sources: int
    uncompiled: list[str]
    closed: list[str]
    tools: list[str]
    development: list[str]
    debian: list[str]
    sbom: dict[str, Bill]


def contents(proof: Proof, image: str, folder: Path, built: str | None) -> None:
    """built: the revision that was built; None for an image that was there."""
    check_labels(proof, image, built)
    seen = look_inside(proof, image, folder)
    lock = locked_packages()
    check_files(proof, seen, lock)
    check_bills(proof, seen, lock)
    bills = engine.ROOT / "build" / "sbom"
    bills.mkdir(parents=True, exist_ok=True)
    for name, bill in seen["sbom"].items():
        (bills / name).write_text(json.dumps(bill, indent=1))


def check_labels(proof: Proof, image: str, built: str | None) -> None:
    """Size, entry point and labels."""
    facts = json.loads(engine.run("podman", "image", "inspect", image))[0]
    config = facts["Config"]
    base_mb = _size(making.BASE) / 1e6
    proof.say("size", f"{facts['Size'] / 1e6:.0f} MB, of which the base {base_mb:.0f} MB")
    entry = config["Entrypoint"]
    user = config["User"]
    is_ours = entry == ["eldercare"] and user == "10001:0"
    proof.must("entry point, user", is_ours, f"{entry}, {user}")
    labels = {label: config["Labels"].get(f"org.opencontainers.image.{label}") for label in LABELS}
    version = labels["version"]
    revision = labels["revision"]
    fine = all(labels.values()) and version == making.version() and revision == (built or revision)
    shown = f"{len(LABELS)} set: version {version}, revision {str(revision)[:12]}"
    proof.must("OCI labels", fine, shown)


def look_inside(proof: Proof, image: str, folder: Path) -> Inside:
    """What the image's own Python finds in it."""
    options = (*STRICT, "--entrypoint=/opt/eldercare/bin/python")
    look = Container(image, folder, "look", "-c", INSIDE.read_text(), variables={}, options=options)
    try:
        code = look.ended()
        shown = look.printed()[-300:] if code else "yes"
        proof.must("runs without its entry point", code == 0, shown)
        seen: Inside = json.loads(look.printed())
        return seen
    finally:
        look.remove()


def locked_packages() -> set[str]:
    text = (engine.ROOT / "requirements-run.lock").read_text()
    return set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))


def check_files(proof: Proof, seen: Inside, lock: set[str]) -> None:
    """Nothing is beyond the lock, everything is compiled and can be read."""
    beyond = set(seen["packages"]) - lock - {"city-eldercare"}
    all_there = not beyond and lock <= set(seen["packages"])
    shown = f"{len(lock)} of the lock and ours; beyond it: {sorted(beyond) or 'none'}"
    proof.must("packages", all_there, shown)
    proof.must("tools of the build", not seen["tools"], seen["tools"] or "none inside")
    tests = seen["development"]
    proof.must("servers, tests and benchmarks", not tests, tests or "none inside")
    uncompiled = seen["uncompiled"][:3]
    compiled = f"all {seen['sources']} modules are compiled"
    proof.must("bytecode", not uncompiled, uncompiled or compiled)
    closed = seen["closed"][:3]
    proof.must("readable by group 0", not closed, closed or "every file")


def check_bills(proof: Proof, seen: Inside, lock: set[str]) -> None:
    """The bills of material name what is there."""
    python = seen["sbom"]["python.cdx.json"]["components"]
    listed = {re.sub("[-_.]+", "-", part["name"]).lower() for part in python}
    front = seen["sbom"]["portal.cdx.json"].get("components", [])
    system = sorted(part["name"] for part in seen["sbom"]["debian.cdx.json"]["components"])
    whole = lock <= listed and bool(front) and bool(system) and system == seen["debian"]
    packages = f"{len(listed)} Python packages, {len(front)} of the portal"
    shown = f"{packages}, {len(system)} of Debian (dpkg has {len(seen['debian'])})"
    proof.must("SBOM (CycloneDX)", whole, shown)


def _size(image: str) -> int:
    return int(json.loads(engine.run("podman", "image", "inspect", image))[0]["Size"])
