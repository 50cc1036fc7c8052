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
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import engine
import grpc
import making
from containers import STRICT, City, Container, NotReady, answers, city
from contents import contents
from grpc_health.v1 import health_pb2, health_pb2_grpc
from proof import Proof, Wrong, record

from city.names import NAMES
from kit.runtime.process import NOTICE_S

LIKE_OPENSHIFT = "1000670000:0"


def job(
    proof: Proof, image: str, folder: Path, what: str, *verb: str, variables: dict[str, str]
) -> str:
    """A container that ends by itself; returns what it printed."""
    container = Container(image, folder, what.replace(" ", "-"), *verb, variables=variables)
    try:
        code = container.ended()
        took = time.monotonic() - container.began
        lines = container.printed().strip().splitlines() or [""]
        end = lines[-1][:100] if code == 0 else container.printed()[-2000:]
        proof.must(what, code == 0, f"exit {code} in {took:.1f} s: {end}")
        return container.printed()
    finally:
        container.remove()


def jobs(proof: Proof, image: str, folder: Path, made: City) -> None:
    """Migrations and topics, twice each: the second time there is nothing to do."""
    job(proof, image, folder, "migrate", "migrate", variables=made.addresses())
    again = job(proof, image, folder, "migrate again", "migrate", variables=made.addresses())
    same = again.count(": is at ")
    proof.must("a second migration", same == len(NAMES), f"changes none of {same} databases")
    brokers = {"KAFKA": made.endpoints.kafka, "PARTITIONS": "4", "REPLICATION": "1"}
    job(proof, image, folder, "topics apply", "topics", "apply", variables=brokers)
    job(proof, image, folder, "topics apply again", "topics", "apply", variables=brokers)
    address = {"DATABASE": made.addresses()["SUBSIDY_DATABASE"]}
    job(proof, image, folder, "wait subsidy", "wait", "subsidy", variables=address)


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
    is_read_only = all(code and "Read-only" in text for code, text in refused.values())
    written = [place for place, (code, _) in refused.items() if code == 0]
    shown = refused if written else "no place to write, not even /tmp"
    proof.must("read-only root", is_read_only, shown)


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
    serving = {health_pb2.HealthCheckResponse.SERVING}
    fine = set(http.values()) == {200} and set(facts.values()) == serving
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
            shown = f"exit {left}, readiness {code}\n{printed[-1500:]}"
            proof.must(f"drain of {name}", False, shown)
    times = ", ".join(f"{name} {text}" for name, text in took.items())
    proof.say("SIGTERM → not ready → exit 0", times)


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


def resident_mb(made: City, name: str) -> float:
    """As the service itself reports it."""
    return float(str(answers(made.management(name) + "/status")[1]["rss_mb"]))


def services(proof: Proof, image: str, folder: Path, made: City) -> None:
    """All of them at once, exercised through the gateway, then drained."""
    running: dict[str, Container] = {}
    try:
        for name in NAMES:
            variables = made.variables(name)
            running[name] = Container(image, folder, name, "run", name, variables=variables)
        waited = {name: ready(made, name, container) for name, container in running.items()}
        times = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in waited.items())
        proof.say("ready after (7 at once, 2 cores)", times)
        guarded(proof, running["subsidy"])
        healthy(proof, made, "subsidy")
        sizes = [f"{name} {resident_mb(made, name):.0f} MB" for name in running]
        proof.say("resident memory", ", ".join(sizes))
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
        variables = made.variables("dispatch")
        container = Container(
            image, folder, name, "run", "dispatch", variables=variables, options=options
        )
        try:
            took = ready(made, "dispatch", container)
            _, user = container.inside("id", "-u")
            container.signal()
            code = container.ended(60)
            ours = changed_files(container)
            began = f"uid {user}: ready after {took:.1f} s"
            shown = f"{began}, exit {code}, changed files: {ours or 'none'}"
            proof.must(what, code == 0 and not ours, shown)
        finally:
            container.remove()


def changed_files(container: Container) -> list[str]:
    """Files that the container added or changed, without the mount points and the files that podman
    itself lays there.
    """
    lines = engine.run("podman", "diff", container.name).splitlines()
    changes = [line for line in lines if line[:1] in "AC"]
    return [line for line in changes if not re.match(r"[AC] /(etc|run|dev|proc|sys)(/|$)", line)]


def main(arguments: list[str]) -> int:
    try:
        engine.ready()
    except engine.Missing as error:
        print(error, file=sys.stderr)
        return 1
    proof = Proof()
    image = f"localhost/eldercare:{making.version()}"
    began = time.monotonic()
    try:
        making.make_base()
        is_kept = "--keep-image" in arguments and engine.exists(image)
        built = None if is_kept else making.build(image)
        with tempfile.TemporaryDirectory(
            prefix="eldercare-image-", ignore_cleanup_errors=True
        ) as scratch:
            folder = Path(scratch)
            load = f"{os.getloadavg()[0]:.0f} on {os.cpu_count()} cores, ours not begun"
            proof.say("load of the machine", load)
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
