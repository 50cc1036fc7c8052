"""Proves the image: builds it, runs the whole platform in containers as a strict cluster would, and
prints what was seen.

`python services/image/prove.py [--keep-image] [--record FILE]`: with the first the image is not
built anew; the second writes the table into the section "Image" of a Markdown file. Anything that
is not as it should be ends it with 1.
"""

import json
import os
import re
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import engine
import grpc
import making
from containers import STRICT, City, Container, NotReady, answers, city
from grpc_health.v1 import health_pb2, health_pb2_grpc

from city.names import NAMES
from kit.runtime.process import NOTICE_S

LIKE_OPENSHIFT = "1000670000:0"
LABELS = ("title", "description", "version", "revision", "created", "licenses", "base.name")
INSIDE = """
import importlib.metadata as m, json, pathlib, re, shutil, subprocess
roots = [pathlib.Path("/opt/eldercare"), pathlib.Path("/opt/city")]
sources = [path for root in roots for path in root.rglob("*.py") if path.parent.name != "bin"]
uncompiled = [str(path) for path in sources if not list((path.parent / "__pycache__").glob(path.stem + ".cpython-*.pyc"))]
closed = [str(path) for root in roots for path in root.rglob("*") if not path.is_symlink() and (path.stat().st_mode >> 3) & 4 == 0]
dpkg = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\\n"], capture_output=True, text=True).stdout
print(json.dumps({
    "packages": sorted({re.sub("[-_.]+", "-", found.metadata["Name"]).lower() for found in m.distributions()}),
    "sources": len(sources), "uncompiled": uncompiled, "closed": closed,
    "tools": [tool for tool in ("uv", "pip", "node", "npm", "gcc", "curl") if shutil.which(tool)],
    "debian": sorted(line.split()[1] for line in dpkg.splitlines() if line.startswith("installed ")),
    "sbom": {file.name: json.loads(file.read_text()) for file in pathlib.Path("/opt/city/sbom").glob("*.json")},
}))
"""


class Wrong(Exception):
    """Something is not as it should be."""


class Proof:
    """The table: each line is printed when it is known."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def say(self, what: str, seen: object) -> None:
        self.lines.append((what, str(seen)))
        print(f"{what:<34} {seen}", flush=True)

    def must(self, what: str, right: bool, seen: object) -> None:
        """Raises: Wrong."""
        self.say(what, seen if right else f"WRONG: {seen}")
        if not right:
            raise Wrong(f"{what}: {seen}")


def contents(proof: Proof, image: str, folder: Path, built: str | None) -> None:
    """What lies in the image, without starting anything of ours. built: its revision; None for an
    image that was there.
    """
    facts = json.loads(engine.run("podman", "image", "inspect", image))[0]
    config, labels = facts["Config"], facts["Config"]["Labels"]
    proof.say(
        "size", f"{facts['Size'] / 1e6:.0f} MB, of which the base {_size(making.BASE) / 1e6:.0f} MB"
    )
    started = (config["Entrypoint"], config["User"])
    proof.must(
        "entry point, user", started == (["eldercare"], "10001:0"), f"{started[0]}, {started[1]}"
    )
    lacking = [label for label in LABELS if not labels.get(f"org.opencontainers.image.{label}")]
    version, revision = (
        labels[f"org.opencontainers.image.{label}"] for label in ("version", "revision")
    )
    fine = not lacking and version == making.version() and revision == (built or revision)
    proof.must(
        "OCI labels", fine, f"{len(LABELS)} set: version {version}, revision {revision[:12]}"
    )
    look = Container(
        image,
        folder,
        "look",
        "-c",
        INSIDE,
        variables={},
        options=(*STRICT, "--entrypoint=/opt/eldercare/bin/python"),
    )
    try:
        proof.must(
            "runs without its entry point",
            look.ended() == 0,
            look.printed()[-300:] if look.process.returncode else "yes",
        )
        seen = json.loads(look.printed())
    finally:
        look.remove()
    lock = {
        match[1]
        for match in re.finditer(
            r"^([a-z0-9-]+)==", (engine.ROOT / "requirements-run.lock").read_text(), re.MULTILINE
        )
    }
    beyond = set(seen["packages"]) - lock - {"city-eldercare"}
    all_there = not beyond and lock <= set(seen["packages"])
    proof.must(
        "packages",
        all_there,
        f"{len(lock)} of the lock and ours; beyond it: {sorted(beyond) or 'none'}",
    )
    proof.must("tools of the build", not seen["tools"], seen["tools"] or "none inside")
    proof.must(
        "bytecode",
        not seen["uncompiled"],
        seen["uncompiled"][:3] or f"all {seen['sources']} modules are compiled",
    )
    proof.must("readable by group 0", not seen["closed"], seen["closed"][:3] or "every file")
    listed = {
        re.sub("[-_.]+", "-", part["name"]).lower()
        for part in seen["sbom"]["python.cdx.json"]["components"]
    }
    front = seen["sbom"]["portal.cdx.json"].get("components", [])
    system = sorted(part["name"] for part in seen["sbom"]["debian.cdx.json"]["components"])
    whole = lock <= listed and bool(front) and bool(system) and system == seen["debian"]
    facts = (
        f"{len(listed)} Python packages, {len(front)} of the portal, {len(system)} of Debian "
        f"(dpkg has {len(seen['debian'])})"
    )
    proof.must("SBOM (CycloneDX)", whole, facts)
    bills = engine.ROOT / "build" / "sbom"
    bills.mkdir(parents=True, exist_ok=True)
    for name, bill in seen["sbom"].items():
        (bills / name).write_text(json.dumps(bill, indent=1))


def _size(image: str) -> int:
    return int(json.loads(engine.run("podman", "image", "inspect", image))[0]["Size"])


def job(
    proof: Proof, image: str, folder: Path, what: str, *verb: str, variables: dict[str, str]
) -> str:
    """A container that ends by itself; returns what it printed."""
    container = Container(image, folder, what.replace(" ", "-"), *verb, variables=variables)
    try:
        code = container.ended()
        took, lines = (
            time.monotonic() - container.began,
            container.printed().strip().splitlines() or [""],
        )
        end = lines[-1][:100] if code == 0 else container.printed()[-2000:]
        proof.must(what, code == 0, f"exit {code} in {took:.1f} s: {end}")
        return container.printed()
    finally:
        container.remove()


def jobs(proof: Proof, image: str, folder: Path, made: City) -> None:
    """Migrations and topics, twice each: the second time there is nothing to do."""
    job(proof, image, folder, "migrate", "migrate", variables=made.addresses())
    again = job(proof, image, folder, "migrate again", "migrate", variables=made.addresses())
    proof.must(
        "a second migration",
        again.count(": is at ") == len(NAMES),
        f"changes none of {again.count(': is at ')} databases",
    )
    brokers = {"KAFKA": made.places.kafka, "PARTITIONS": "4", "REPLICATION": "1"}
    job(proof, image, folder, "topics apply", "topics", "apply", variables=brokers)
    job(proof, image, folder, "topics apply again", "topics", "apply", variables=brokers)
    job(
        proof,
        image,
        folder,
        "wait subsidy",
        "wait",
        "subsidy",
        variables={"DATABASE": made.addresses()["SUBSIDY_DATABASE"]},
    )


def guarded(proof: Proof, running: Container) -> None:
    """What the kernel says of the main process."""
    pid = int(running.facts("{{.State.Pid}}"))
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    seen = {
        name: status[name].split()
        for name in ("Uid", "Gid", "CapEff", "NoNewPrivs", "Seccomp", "NSpid")
    }
    command = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").decode().split("\0")
    proof.must("PID 1", seen["NSpid"][-1] == "1" and "python" in command[0], " ".join(command))
    proof.must(
        "uid, gid",
        set(seen["Uid"]) == {"10001"} and set(seen["Gid"]) == {"0"},
        f"{seen['Uid'][0]}, {seen['Gid'][0]}",
    )
    proof.must("CapEff", int(seen["CapEff"][0], 16) == 0, seen["CapEff"][0])
    locked = seen["NoNewPrivs"] + seen["Seccomp"]
    proof.must("NoNewPrivs, Seccomp", locked == ["1", "2"], f"{locked[0]}, {locked[1]} (filter)")
    refused = {
        place: running.inside("touch", f"{place}/probe")
        for place in ("", "/tmp", "/opt/city", "/var/tmp")
    }
    proof.must(
        "read-only root",
        all(code and "Read-only" in text for code, text in refused.values()),
        "no place to write, not even /tmp"
        if all(code for code, _ in refused.values())
        else refused,
    )


def healthy(proof: Proof, made: City, name: str) -> None:
    """The same health over HTTP and gRPC."""
    http = {
        path: answers(made.management(name) + path)[0] for path in ("/live", "/ready", "/status")
    }
    with grpc.insecure_channel(f"127.0.0.1:{made.state.port(f'{name}.grpc')}") as channel:
        ask = health_pb2_grpc.HealthStub(channel).Check
        facts = {
            each: ask(health_pb2.HealthCheckRequest(service=each), timeout=5).status
            for each in ("live", "ready")
        }
    fine = set(http.values()) == {200} and set(facts.values()) == {
        health_pb2.HealthCheckResponse.SERVING
    }
    proof.must("health", fine, f"HTTP {http}, gRPC {facts} (1 = serving)")


def drained(proof: Proof, running: dict[str, Container], made: City) -> None:
    """SIGTERM to one after the other, the gateway first: not ready at once, exit 0."""
    took: dict[str, str] = {}
    for name in ("gateway", *(each for each in running if each != "gateway")):
        container = running[name]
        container.signal()
        began = time.monotonic()
        code = not_ready(made.management(name))
        left = container.ended(60)
        took[name] = f"{time.monotonic() - began:.1f} s"
        printed = container.printed()
        if not orderly(left, code, printed):
            proof.must(
                f"drain of {name}", False, f"exit {left}, readiness {code}\n{printed[-1500:]}"
            )
    proof.say(
        "SIGTERM → not ready → exit 0", ", ".join(f"{name} {text}" for name, text in took.items())
    )


def not_ready(management: str) -> int:
    """The first status of its readiness that is not 200: a signal takes a moment to arrive; 0
    where it left without an answer.
    """
    until = time.monotonic() + NOTICE_S
    while (code := answers(f"{management}/ready")[0]) == 200 and time.monotonic() < until:
        time.sleep(0.05)
    return code


def orderly(left: int, readiness: int, printed: str) -> bool:
    """Whether a container drained as it should: it refused calls first, logged the drain and
    then its end, and left with 0.
    """
    return (
        left == 0 and readiness == 503 and 0 <= printed.find('"draining"') < printed.find('"ended"')
    )


def ready(made: City, name: str, container: Container) -> float:
    """Seconds from its start until its readiness says yes."""
    return container.until(lambda: answers(made.management(name) + "/ready")[0] == 200, "ready")


def services(proof: Proof, image: str, folder: Path, made: City) -> None:
    """All of them at once, exercised through the gateway, then drained."""
    running: dict[str, Container] = {}
    try:
        for name in NAMES:
            running[name] = Container(
                image, folder, name, "run", name, variables=made.variables(name)
            )
        waited = {name: ready(made, name, container) for name, container in running.items()}
        proof.say(
            "ready after (7 at once, 2 cores)",
            ", ".join(f"{name} {seconds:.1f} s" for name, seconds in waited.items()),
        )
        guarded(proof, running["subsidy"])
        healthy(proof, made, "subsidy")
        memory = {name: answers(made.management(name) + "/status")[1]["rss_mb"] for name in running}
        proof.say(
            "resident memory", ", ".join(f"{name} {size:.0f} MB" for name, size in memory.items())
        )
        asks = {
            "GATEWAY": f"http://127.0.0.1:{made.state.port('gateway')}",
            "CLIENT_ID": "smoke",
            "CLIENT_SECRET": made.state.secret("smoke.client"),
            "PEERS": json.dumps({name: made.management(name) for name in NAMES}),
        }
        for line in job(proof, image, folder, "smoke", "smoke", variables=asks).splitlines()[:-1]:
            proof.say("  smoke", line)
        drained(proof, running, made)
    finally:
        for container in running.values():
            container.remove()


def elsewhere(proof: Proof, image: str, folder: Path, made: City) -> None:
    """As a cluster with numbers of its own would run it; and with a root it could write to, to see
    that it does not.
    """
    loose = ("--cap-drop=ALL", "--security-opt=no-new-privileges")
    for what, options in (
        ("any uid, as OpenShift gives it", (*STRICT, f"--user={LIKE_OPENSHIFT}")),
        ("writes nothing", loose),
    ):
        name = what.split(",")[0].replace(" ", "-")
        container = Container(
            image,
            folder,
            name,
            "run",
            "dispatch",
            variables=made.variables("dispatch"),
            options=options,
        )
        try:
            took = ready(made, "dispatch", container)
            _, user = container.inside("id", "-u")
            container.signal()
            code = container.ended(60)
            changes = [
                line
                for line in engine.run("podman", "diff", container.name).splitlines()
                if line[:1] in "AC"
            ]
            # podman itself lays mount points and the files it always mounts
            ours = [
                line for line in changes if not re.match(r"[AC] /(etc|run|dev|proc|sys)(/|$)", line)
            ]
            proof.must(
                what,
                code == 0 and not ours,
                f"uid {user}: ready after {took:.1f} s, exit {code}, changed files: "
                f"{ours or 'none'}",
            )
        finally:
            container.remove()


def record(proof: Proof, file: Path) -> None:
    """Puts the table into the section "Image", at the end where there is none."""
    rows = "\n".join(
        f"| {what} | {seen.replace('|', '¦')} |"
        for what, seen in proof.lines
        if not what.startswith("  ")
    )
    smoke = "\n".join(
        re.sub(r" +", " ", seen) for what, seen in proof.lines if what.startswith("  ")
    )
    facts = (
        f"`make test-image`, {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Debian's "
        "podman and crun, base made by debootstrap."
    )
    facts += " Limits of memory are not enforced in this run (`--cgroups=disabled`)."
    text = (
        f"## Image\n\n{facts}\n\n| What | Seen |\n| --- | --- |\n{rows}\n\nThe smoke test, line "
        f"by line:\n\n```text\n{smoke}\n```\n"
    )
    old = (
        file.read_text() if file.exists() else "# Measured\n\nThe last output of the slow tests.\n"
    )
    section = re.compile(r"^## Image\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        section.sub(lambda _: text + "\n", old).rstrip() + "\n"
        if section.search(old)
        else f"{old.rstrip()}\n\n{text}"
    )


def main(arguments: list[str]) -> int:
    try:
        engine.ready()
    except engine.Missing as error:
        print(error, file=sys.stderr)
        return 1
    proof, image, began = Proof(), f"localhost/eldercare:{making.version()}", time.monotonic()
    try:
        making.make_base()
        built = (
            None if "--keep-image" in arguments and engine.exists(image) else making.build(image)
        )
        with tempfile.TemporaryDirectory(
            prefix="eldercare-image-", ignore_cleanup_errors=True
        ) as scratch:
            folder = Path(scratch)
            proof.say(
                "load of the machine",
                f"{os.getloadavg()[0]:.0f} on {os.cpu_count()} cores, ours not begun",
            )
            contents(proof, image, folder, built)
            with city(folder) as made:
                jobs(proof, image, folder, made)
                services(proof, image, folder, made)
                elsewhere(proof, image, folder, made)
    except (Wrong, NotReady) as error:
        print(f"the image is NOT as it should be: {error}", file=sys.stderr)
        return 1
    proof.say("all of it", f"{time.monotonic() - began:.0f} s")
    if "--record" in arguments:
        record(proof, Path(arguments[arguments.index("--record") + 1]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
