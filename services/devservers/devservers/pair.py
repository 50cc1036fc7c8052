"""Two PostgreSQL servers on one machine: one is written to, the other has every commit before
whoever asked for it is told.

Nobody is told of a commit before it lies on both disks, so that the death of the one that is
written to loses nothing: the standby is promoted. It then waits for no other server, since there is
none: a second copy comes back with the dead server, which is made anew from the new primary,
because its own log may hold commits that nobody was told of. A dead standby, on the contrary, makes
every commit wait until it is back: better late than on one disk alone.
"""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import TypedDict

from devservers.postgres import SUPERUSER, Postgres
from devservers.process import StartFailed, free_port

WAIT_S = 120.0  # for the primary, before a standby is made from it
PROMOTION_S = 60
NAMES = ("postgres", "postgres-2")
KEPT = "postgres-pair.json"
NOT_COPIED = "synchronous_standby_names"  # it names the standby of the server that is copied


class Kept(TypedDict):
    """What a pair writes down. turns: how often the two have changed places."""

    primary: str
    turns: int


class Pair:
    """Both servers, in `folder`, and who of them is written to; that outlives restarts.

    attached: whether the standby has all that anybody was told of, so that it may be promoted.
    """

    def __init__(
        self,
        folder: Path,
        *,
        ports: tuple[int, int] = (0, 0),
        password: str,
        logs: Path | None = None,
    ) -> None:
        self._kept = folder.absolute() / KEPT
        self.attached = False
        self.nodes = tuple(
            Node(
                self,
                name,
                folder / name,
                port=port or free_port(),
                password=password,
                log=(logs or folder) / f"{name}.log",
            )
            for name, port in zip(NAMES, ports, strict=True)
        )
        state: Kept = {"primary": NAMES[0], "turns": 0}
        if self._kept.exists():
            state = json.loads(self._kept.read_text())
        self.primary = self.nodes[NAMES.index(state["primary"])]
        self.turns = state["turns"]

    @property
    def standby(self) -> "Node":
        return self.nodes[0] if self.primary is self.nodes[1] else self.nodes[1]

    def dsn(
        self, database: str = "postgres", *, user: str = SUPERUSER, password: str | None = None
    ) -> str:
        """Names both; who connects finds the one that is written to."""
        first_dsn = self.nodes[0].dsn(database, user=user, password=password)
        both = ",".join(node.address for node in self.nodes)
        return f"{first_dsn.replace(self.nodes[0].address, both)}?target_session_attrs=primary"

    def start(self, timeout: float = 120) -> None:
        """Both; returns when the standby has all. Raises: StartFailed."""
        self.primary.start(timeout)
        self.standby.start(timeout)

    def stop(self) -> None:
        for node in (self.primary, self.standby):
            node.stop()

    def keep(self) -> None:
        """Writes down who is written to."""
        self._kept.parent.mkdir(parents=True, exist_ok=True)
        draft = self._kept.with_suffix(".new")
        draft.write_text(json.dumps({"primary": self.primary.name, "turns": self.turns}))
        draft.rename(self._kept)

    def turn(self) -> None:
        """The standby becomes the primary. It is written down first: a server that was left behind
        may never be written to again.
        """
        self.primary = self.standby
        self.attached = False
        self.turns += 1
        self.keep()
        self.primary.promote()


class Node(Postgres):
    """One of the two. As a standby it answers when it has all that the primary has, and every
    commit waits for it.
    """

    def __init__(
        self, pair: Pair, name: str, data: Path, *, port: int, password: str, log: Path
    ) -> None:
        super().__init__(data, port=port, password=password, log=log)
        self.name = name
        self.pair = pair

    def prepare(self) -> None:
        """Makes the cluster, or copies the primary's; raises StartFailed where that does not answer
        in time.
        """
        if self.pair.primary is not self:
            self._wait_for(self.pair.primary)
            if not self._follows():
                self._copy(self.pair.primary)
        super().prepare()
        self.pair.keep()

    def settings(self) -> dict[str, str]:
        own = {"cluster_name": self.name, "hot_standby": "on"}
        own |= {"wal_keep_size": "512MB"}  # a standby that was away finds what it missed
        own |= {
            "wal_retrieve_retry_interval": "200ms"
        }  # the default of 5 s is how long a promotion may take
        settings = super().settings() | own
        del settings[NOT_COPIED]  # it is set and cleared while the server runs
        return settings

    def answers(self) -> bool:
        stands_as = self.stands_as()
        if self.pair.primary is self:
            if (
                stands_as == "standby"
            ):  # whoever wrote down that it is the primary died before it was promoted
                self.promote()
            return stands_as == "ready"
        return stands_as == "standby" and (self.pair.attached or self._attached())

    def stands_as(self) -> str:
        """standby where it only repeats another's log, else as any server: ready, starting, or
        empty where it does not run.
        """
        state = super().stands_as()
        return "standby" if state == "ready" and (self.data / "standby.signal").exists() else state

    def lost(self) -> str:
        """Promotes the standby where this was the primary and the standby has all; else the same
        server comes back as it was.
        """
        if self.pair.primary is not self:
            self.pair.attached = False
            return ""
        standby = self.pair.standby
        if not self.pair.attached or standby.stands_as() != "standby":
            return f"{standby.name} may lack something and is not promoted"
        self.pair.turn()
        return f"{standby.name} is promoted; {self.name} is made anew as its standby"

    def promote(self) -> None:
        """Returns when this server may be written to. Raises: StartFailed."""
        if (
            self.asked(f"select pg_promote(true, {PROMOTION_S})") != "t"
            and self.stands_as() != "ready"
        ):
            raise StartFailed(
                f"{self.name} could not be promoted within {PROMOTION_S} s:\n{self.last_lines(5)}"
            )

    def _attached(self) -> bool:
        """Whether commits wait for us; sees to it that they do once we read the primary's log."""
        primary = self.pair.primary
        found = primary.asked(
            "select sync_state from pg_stat_replication where state = 'streaming'"
        )  # there is one at most
        if found in ("sync", "quorum"):
            self.pair.attached = True
        elif found:
            primary.asked(
                f"alter system set {NOT_COPIED} = '\"{self.name}\"'", "select pg_reload_conf()"
            )
        return self.pair.attached

    def asked(self, *statements: str) -> str:
        """The first word of the last answer; empty while the server does not answer."""
        place = ["-h", "127.0.0.1", "-p", str(self.port), "-U", SUPERUSER, "-d", "postgres"]
        done = self._run(
            "psql",
            "-XAtq",
            *place,
            *(part for statement in statements for part in ("-c", statement)),
        )
        return "" if done.returncode else done.stdout.strip()

    def _follows(self) -> bool:
        """Whether the data here are the present primary's, with nothing of their own behind the
        point where they parted.
        """
        kept = self.data / "follows"
        return (
            (self.data / "standby.signal").exists()
            and kept.exists()
            and kept.read_text() == str(self.pair.turns)
        )

    def _wait_for(self, primary: "Node") -> None:
        deadline = time.monotonic() + WAIT_S
        while not (primary.answers() and primary.asked("select 1")):
            if time.monotonic() > deadline:
                raise StartFailed(
                    f"{self.name}: {primary.name} did not answer within {WAIT_S:.0f} s"
                )
            time.sleep(0.1)

    def _copy(self, primary: "Node") -> None:
        left = self.data.with_name(f"{self.data.name}.left")
        shutil.rmtree(left, ignore_errors=True)
        if self.data.exists():
            self.data.rename(
                left
            )  # the workers of a killed server may still be about to notice its death
        self.data.mkdir(mode=0o700)
        if user := self.user():
            os.chown(self.data, *user)
        source = f"host=127.0.0.1 port={primary.port} user={SUPERUSER} application_name={self.name}"
        done = self._run(
            "pg_basebackup", "-D", str(self.data), "-R", "-X", "stream", "-c", "fast", "-d", source
        )
        if done.returncode:
            raise StartFailed(
                f"{self.name} could not be copied from {primary.name}:\n{done.stdout}{done.stderr}"
            )
        auto_conf = self.data / "postgresql.auto.conf"
        auto_conf.write_text(
            "".join(
                line
                for line in auto_conf.read_text().splitlines(keepends=True)
                if not line.startswith(NOT_COPIED)
            )
        )
        (self.data / "follows").write_text(str(self.pair.turns))
        shutil.rmtree(left, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        user = self.user()
        uid, gid = user if user else (None, None)
        secret = {"PGPASSWORD": self.password} if self.password else {}
        variables = {**os.environ, **secret, "PGCONNECT_TIMEOUT": "2"}
        command = [str(self.programs() / program), *arguments]
        return subprocess.run(
            command,
            env=variables,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            user=uid,
            group=gid,
        )
