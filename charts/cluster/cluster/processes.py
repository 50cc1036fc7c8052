"""Servers as child processes: none outlives its parent, each is ended by its own id."""

from __future__ import annotations

import ctypes
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

DIE_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG
libc = ctypes.CDLL(None, use_errno=True)


class Ended(Exception):
    """A server ended by itself, or was not there in time; carries the end of its log."""

    def __init__(self, name: str, why: str, log: Path):
        lines = log.read_text(errors="replace").splitlines()[-15:]
        super().__init__("\n".join([f"{name} {why}", *lines]))


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _leave_with_parent() -> None:
    libc.prctl(DIE_WITH_PARENT, signal.SIGKILL)


class Server:
    """One running process; its output is `<folder>/<name>.log`."""

    def __init__(self, name: str, command: list[str], folder: Path):
        self.name = name
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as log:
            # Its own process group, so that Ctrl-C reaches the parent alone, which then ends its
            # children in order.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                process_group=0,
                preexec_fn=_leave_with_parent,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Polls `ready`. Raises Ended when the process ends or the time is over."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self._process.poll() is not None:
                raise Ended(self.name, f"ended with {self._process.returncode}", self.log)
            if time.monotonic() > deadline:
                raise Ended(self.name, f"was not ready after {seconds:.0f} s", self.log)
            time.sleep(0.05)

    def rss_mb(self) -> float:
        """Resident memory, MiB; 0 when it has ended."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except FileNotFoundError:
            return 0.0
        return next(
            (
                int(line.split()[1]) / 1024
                for line in status.splitlines()
                if line.startswith("VmRSS")
            ),
            0.0,
        )

    def end(self) -> None:
        """SIGTERM, and SIGKILL 10 s later."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
