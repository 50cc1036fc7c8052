"""A program that we start, watch and end by its own pid."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

LAUNCHER = Path(__file__).with_name("child.py")
PAUSE_S = 0.05
OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")
PORTS = 12_000  # to choose from, below those of outgoing connections
_given: set[int] = set()


class StartFailed(Exception):
    """A server did not come up; the text ends with the last lines of its log."""


class Missing(Exception):
    """A program that a server needs is not on this machine; the text names an alternative too."""


def dying_with_us(
    command: Sequence[str], *, last_signal: str = "SIGKILL", user: tuple[int, int] | None = None
) -> list[str]:
    """The command, sent this signal by the kernel when the thread that spawns it dies; the child is
    the program itself, under its pid.

    user: uid and gid it runs as; None for our own.
    """
    as_whom = f"{user[0]}:{user[1]}" if user else "-"
    return [
        sys.executable,
        "-I",
        "-S",
        str(LAUNCHER),
        str(os.getpid()),
        last_signal,
        as_whom,
        *command,
    ]


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody has at this moment, each time another one.

    None of those that the kernel gives to outgoing connections: one of these would take it while
    its owner is being started again.
    """
    outgoing = int(OUTGOING.read_text().split()[0]) if OUTGOING.exists() else 32_768
    least = outgoing - PORTS if outgoing > 2 * PORTS else 0
    begin = os.getpid() * 7919  # far from where our neighbours' processes look
    for port in (least and least + (begin + step) % PORTS for step in range(PORTS)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found = int(probe.getsockname()[1])
            if found not in _given:
                _given.add(found)
                return found
    raise StartFailed("no port of 127.0.0.1 is free")


def listens(port: int) -> bool:
    """Whether somebody accepts connections at this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Process:
    """One child in a process group of its own, so that Ctrl-C reaches it only through us.

    `prepare` may block for long (downloads, formatting) and may run in any thread. `spawn` must run
    in a thread that lives as long as the child: the kernel ends the child with the thread that
    spawned it.
    """

    stop_signal = signal.SIGTERM
    orphan_signal = "SIGKILL"  # what the kernel sends it when we die

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self._child: subprocess.Popen[bytes] | None = None
        self._swept = False

    def prepare(self) -> None:
        """Makes what must exist before the program starts; repeatable."""

    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def user(self) -> tuple[int, int] | None:
        """uid and gid the program runs as; None for our own."""
        return None

    def answers(self) -> bool:
        """Whether it serves now; never blocks for more than about two seconds."""
        raise NotImplementedError

    def lost(self) -> str:
        """Called by who keeps it alive when it ended unasked, before it is prepared again; returns
        what a person should know.
        """
        return ""

    @property
    def pid(self) -> int | None:
        """The pid of the living child, else None."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    @property
    def exit_code(self) -> int | None:
        """How the last child ended; negative for a signal; None while it lives or before it was
        spawned.
        """
        return self._child.poll() if self._child is not None else None

    def spawn(self) -> int:
        """Starts the program and returns its pid at once."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                dying_with_us(self.command(), last_signal=self.orphan_signal, user=self.user()),
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._swept = False
        return self._child.pid

    def start(self, timeout: float = 60) -> None:
        """Prepares, spawns and waits until it answers. Raises: StartFailed."""
        self.prepare()
        self.spawn()
        deadline = time.monotonic() + timeout
        while not self.answers():
            if self.pid is None:
                raise StartFailed(f"{self.name} ended with {self.exit_code}:\n{self.last_lines()}")
            if time.monotonic() > deadline:
                self.kill()
                raise StartFailed(
                    f"{self.name} did not answer within {timeout:.0f} s:\n{self.last_lines()}"
                )
            time.sleep(PAUSE_S)

    def signal_stop(self) -> None:
        """Asks it to end and returns at once."""
        if self._child is not None and self.pid is not None:
            self._child.send_signal(self.stop_signal)

    def stop(self, timeout: float = 30) -> None:
        """Ends it in good order, after `timeout` seconds by force, with whatever it left in its
        process group.
        """
        self.signal_stop()
        if self._child is not None:
            try:
                self._child.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
        self._sweep()

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        if self._child is not None and self.pid is not None:
            self._child.kill()
            self._child.wait()
        self._sweep()

    def last_lines(self, count: int = 20) -> str:
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 8192))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-count:])

    def _sweep(self) -> None:
        if self._child is not None and not self._swept:
            self._swept = True  # once: later the number may be somebody else's
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, signal.SIGKILL)
