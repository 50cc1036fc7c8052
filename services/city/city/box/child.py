"""One process in the supervisor's care: its phase, what it says of itself, what it costs."""

from dataclasses import dataclass, field
from enum import StrEnum

import psutil

from city.operations.status import ServiceStatus
from devservers.process import Process


class Phase(StrEnum):
    """Where a child stands in its life."""

    WAITING = "waiting"
    PREPARING = "preparing"
    STARTING = "starting"
    READY = "ready"
    UNREADY = "not ready"
    RESTING = "resting"
    ENDED = "ended"


@dataclass
class Child:
    """A process and what is known of it. volatile: its death ends the city, since what it held is
    lost.
    """

    process: Process
    volatile: bool = False
    phase: Phase = Phase.WAITING
    restarts: int = 0
    reason: str = ""
    status: ServiceStatus = field(default_factory=ServiceStatus)  # a service's last /status
    cpu_s: float = 0.0  # of this life
    past_cpu_s: float = 0.0  # of the lives before
    cpu_share: float = 0.0  # of one core, since the last look
    rss_mb: float = 0.0
    stuck_since: float | None = None
    asked_live: float = 0.0

    @property
    def name(self) -> str:
        return self.process.name

    def measure(self, passed_s: float, offspring: dict[int, list[int]]) -> None:
        """Reads CPU and memory of the process with its living and its ended children. offspring:
        pids by their parent's pid.
        """
        if self.process.pid is None:
            self.cpu_share = self.rss_mb = 0.0
            return
        cpu_s = rss = 0.0
        family = [self.process.pid]
        while family:
            pid = family.pop()
            family += offspring.get(pid, ())
            try:
                member = psutil.Process(pid)
                times = member.cpu_times()
                memory = member.memory_info()
            except psutil.NoSuchProcess:
                continue
            cpu_s += times.user + times.system + times.children_user + times.children_system
            rss += memory.rss - memory.shared
        self.cpu_share = max(0.0, cpu_s - self.cpu_s) / passed_s if passed_s > 0 else 0.0
        self.cpu_s = max(cpu_s, self.cpu_s)
        self.rss_mb = rss / 2**20

    def forget(self) -> None:
        """Its life is over. The parked records lie in the database, whoever is away."""
        self.past_cpu_s += self.cpu_s
        self.cpu_s = 0.0
        self.stuck_since = None
        parked = self.status.get("parked")
        self.status = {} if parked is None else {"parked": parked}
