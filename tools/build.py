#!/usr/bin/env python3
"""Builds the Go tools of this folder, once per content: `tools/build.py NAME...` prints the path of
each binary on stdout.

A tool is a folder with a go.mod: its own main package, or the one that the `tool` line of go.mod
names. A file `ldflags` adds linker flags. The binary lands in
$XDG_CACHE_HOME/eldercare/tools/NAME-HASH/NAME, HASH over go.mod, go.sum, ldflags and *.go; what is
there is reused. Progress goes to stderr. Needs nothing but Python 3.11 and Go.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
QUIET_S = 20  # between two lines of progress


class Unbuilt(Exception):
    """The tool cannot be built; the text says why and what to do."""


def cache() -> Path:
    """Where binaries are kept, outside every checkout."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "eldercare" / "tools"


def say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def sources(folder: Path) -> list[Path]:
    """Everything that decides what the binary is."""
    named = [folder / name for name in ("go.mod", "go.sum", "ldflags") if (folder / name).exists()]
    return named + sorted(
        path for path in folder.rglob("*.go") if not path.name.endswith("_test.go")
    )


def target(name: str) -> Path:
    """The path of the binary of `name`, built or not. Raises Unbuilt for an unknown tool."""
    folder = HERE / name
    if not (folder / "go.mod").is_file():
        known = ", ".join(sorted(path.parent.name for path in HERE.glob("*/go.mod"))) or "none"
        raise Unbuilt(f"{name}: no such tool; tools/{name}/go.mod is missing (known: {known})")
    digest = hashlib.sha256()
    for path in sources(folder):
        digest.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return cache() / f"{name}-{digest.hexdigest()[:12]}" / name


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def check_go(name: str) -> None:
    """Raises Unbuilt when Go is missing, or older than what go.mod asks for and forbidden to fetch
    another.
    """
    if shutil.which("go") is None:
        raise Unbuilt(f"{name}: the command `go` is missing; install Go and try again")
    wanted = re.search(r"^go\s+(\S+)", (HERE / name / "go.mod").read_text(), re.M)
    printed = subprocess.run(
        ["go", "env", "GOVERSION", "GOTOOLCHAIN"],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    ).stdout
    version, *toolchain = printed.split()
    if wanted and toolchain == ["local"] and numbers(version) < numbers(wanted[1]):
        here = version.removeprefix("go")
        raise Unbuilt(f"{name}: needs Go {wanted[1]} or newer, here is {here}")


def environment() -> dict[str, str]:
    return {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}


def listed(folder: Path, *words: str) -> list[str]:
    """Import paths that `go list` prints; downloads modules that are missing. Raises Unbuilt."""
    done = subprocess.run(
        ["go", "list", *words], cwd=folder, env=environment(), capture_output=True, text=True
    )
    if done.returncode:
        raise Unbuilt(f"{folder.name}: go list failed\n{done.stderr.strip()}")
    return done.stdout.split()


def package(folder: Path) -> str:
    """What is built: the folder's own main package, else the tool that go.mod names."""
    if any(folder.glob("*.go")):
        return "."
    named = listed(folder, "tool")
    if len(named) != 1:
        raise Unbuilt(
            f"{folder.name}: has no *.go, so go.mod must name exactly one tool (it names "
            f"{len(named)})"
        )
    return named[0]


def compile_into(folder: Path, binary: Path) -> None:
    """Runs `go build`; raises Unbuilt with the last lines that Go printed."""
    named = package(folder)
    most = len(listed(folder, "-deps", named))
    began = time.monotonic()
    seen = 0
    last: list[str] = []
    with subprocess.Popen(
        _command(folder, binary, named),
        cwd=folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as building:
        ended = threading.Event()

        def report() -> None:
            while not ended.wait(QUIET_S):
                say(
                    f"{folder.name}: {seen} of {most} packages compiled, "
                    f"{time.monotonic() - began:.0f} s"
                )

        threading.Thread(target=report, daemon=True).start()
        assert building.stderr
        for line in building.stderr:
            seen += 1
            last = [*last[-20:], line.rstrip()]
        ended.set()
    if building.returncode:
        raise Unbuilt("\n".join([f"{folder.name}: go build failed", *last]))
    say(
        f"{folder.name}: built in {time.monotonic() - began:.0f} s, "
        f"{binary.stat().st_size / 1e6:.0f} MB"
    )


def _command(folder: Path, binary: Path, named: str) -> list[str]:
    linker = ["-s", "-w"]
    if (folder / "ldflags").exists():
        linker += (folder / "ldflags").read_text().split()
    flags = ["-v", "-trimpath", "-buildvcs=false", "-ldflags", " ".join(linker)]
    return ["go", "build", *flags, "-o", str(binary), named]


def build(name: str) -> Path:
    """The path of the binary of `name`, built if it is not there yet; two builders at once build
    once. Raises Unbuilt.
    """
    binary = target(name)
    if binary.exists():
        return binary
    check_go(name)
    binary.parent.parent.mkdir(parents=True, exist_ok=True)
    with (binary.parent.parent / f".{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"{name}: somebody else is building it; waiting")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if binary.exists():
            return binary
        say(f"{name}: building (once; later runs reuse it)")
        with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=binary.parent.parent) as made:
            done = Path(made) / "done"
            done.mkdir()
            compile_into(HERE / name, done / name)
            done.rename(binary.parent)
    return binary


def main(names: list[str]) -> int:
    if not names or names[0].startswith("-"):
        say(__doc__ or "")
        return 2
    try:
        for name in names:
            sys.stdout.write(f"{build(name)}\n")
            sys.stdout.flush()
    except Unbuilt as refusal:
        say(str(refusal))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
