"""Buildah and podman over a store of our own, outside the checkout, as this machine allows them to
run.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
TOOLS = {"unshare": "util-linux"} | {
    program: program for program in ("buildah", "podman", "crun", "conmon", "debootstrap")
}
EXTRA = "golang-github-containers-common"  # default policies of both
_held: list[IO[str]] = []
INSIDE = "ELDERCARE_MOUNTS"  # set once the process has mounts of its own


class Missing(Exception):
    """What an image needs is not on this machine."""


def home() -> Path:
    """Where the base and the store of images are kept."""
    folder = (
        Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "eldercare" / "image"
    )
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def ready() -> None:
    """Installs what is missing and gives this process mounts of its own, in which it starts anew.
    Raises: Missing.
    """
    if os.geteuid() != 0:
        raise Missing(
            "root is needed: a base made by debootstrap, and containers without an engine's service"
        )
    lacking = [package for program, package in TOOLS.items() if shutil.which(program) is None]
    if lacking:
        sys.stderr.write(f"installing {' '.join(lacking)}\n")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["update", "-qq"],
            ["install", "-y", "-qq", "--no-install-recommends", EXTRA, *lacking],
        ):
            if subprocess.run(
                ["apt-get", *command], env=environment, stdout=subprocess.DEVNULL, check=False
            ).returncode:
                raise Missing(
                    f"{', '.join(lacking)}: apt-get {command[0]} failed; install them by hand"
                )
    if INSIDE not in os.environ:
        os.environ[INSIDE] = "1"
        os.execvp(
            "unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv]
        )
    lock = (home() / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)  # one at a time: the store's own locks vanish with our mounts
    os.set_inheritable(lock.fileno(), False)
    _held.append(lock)
    _plain_cgroups()


def _plain_cgroups() -> None:
    """crun refuses the hybrid tree; ours is plain, and vanishes with us."""
    kinds = {
        line.split()[1]: line.split()[2]
        for line in Path("/proc/self/mounts").read_text().splitlines()
    }
    if kinds.get("/sys/fs/cgroup") != "cgroup2":
        subprocess.run(["umount", "-R", "-l", "/sys/fs/cgroup"], check=False, capture_output=True)
        subprocess.run(["mount", "-t", "cgroup2", "none", "/sys/fs/cgroup"], check=True)


@cache
def _places() -> list[str]:
    """One storage driver and one place of what runs, since the store remembers the first it saw;
    its content vanishes with our mounts.
    """
    running = home() / "run"
    running.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", str(running)], check=True)
    return [
        "--root",
        str(home() / "store"),
        "--runroot",
        str(running),
        "--storage-driver",
        "overlay",
    ]


def command(program: str, *arguments: str) -> list[str]:
    """The command line of `podman` or `buildah` over our store."""
    return [
        program,
        *_places(),
        *(["--cgroup-manager", "cgroupfs"] if program == "podman" else []),
        *arguments,
    ]


def run(program: str, *arguments: str, shown: bool = False, check: bool = True) -> str:
    """Its output. Raises: CalledProcessError, once it has printed why."""
    done = subprocess.run(
        command(program, *arguments),
        text=True,
        check=False,
        cwd=ROOT,
        stdout=None if shown else subprocess.PIPE,
        stderr=None if shown else subprocess.PIPE,
    )
    if check and done.returncode:
        sys.stderr.write((done.stdout or "")[-4000:] + (done.stderr or "")[-4000:])
        done.check_returncode()
    return (done.stdout or "") + ("" if check else done.stderr or "")


def exists(image: str) -> bool:
    """Whether the store has it."""
    return (
        subprocess.run(
            command("podman", "image", "exists", image), check=False, capture_output=True
        ).returncode
        == 0
    )


def quietly(arguments: Sequence[str]) -> list[str]:
    """The same command, behind everybody else's."""
    return ["chrt", "-i", "0", *arguments] if shutil.which("chrt") else list(arguments)
