"""What of a city on one machine is backed up, and such a city from its backup: a new state folder,
the databases as they were, a new Kafka, a new epoch.
"""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from city.backup.making import BASE, KEPT, Manifest, NoBackup, Source, verify
from city.backup.realigning import realign
from city.box import servers
from city.box.republishing import UNFINISHED, keep_pending
from city.box.services import bootstrap, database
from city.box.state import State
from city.names import present
from city.operations.snapshots import OWNERS
from devservers.postgres import Postgres
from kit.messaging.bootstrap import Bootstrap

Say = Callable[[str], None]


class NotNew(Exception):
    """The state folder has been used; a restore never overwrites."""


def source(state: State) -> Source:
    """What the city that runs on a state folder consists of."""
    endpoints = servers.endpoints(state)
    server = servers.nodes(servers.postgres(state))[0]
    return Source(
        endpoints.postgres,
        bootstrap(endpoints.kafka_kind, endpoints.kafka),
        {name: database(state, endpoints.postgres, name) for name in present()},
        server.programs(),
        state.folder,
    )


def restore(folder: Path, state: State, say: Say) -> None:
    """Prepares the state folder, which must be open and new; `eldercare up` runs the city then.
    Blocks. What fails leaves the folder empty.

    Raises: NoBackup, NotNew, making.Failed, StartFailed, Missing, tail.Lost, tail.Damaged,
    KafkaException.
    """
    manifest = Manifest.of(folder)
    lacking = [name for name in (BASE, *KEPT) if not (folder / name).exists()]
    if lacking:
        raise NoBackup(
            f"backup: {folder} is of no city in one box: it lacks {', '.join(lacking)}; "
            "see `eldercare realign`"
        )
    if not state.fresh or (state.folder / "postgres").exists():
        raise NotNew(f"state: {state.folder} has been used; name a new folder")
    (state.folder / UNFINISHED).touch()
    try:
        _restored(folder, manifest, state, say)
    except BaseException:
        state.clear()
        raise
    (state.folder / UNFINISHED).unlink()


def _restored(folder: Path, manifest: Manifest, state: State, say: Say) -> None:
    began = time.monotonic()
    _put_back(folder, state)
    (postgres,) = servers.nodes(servers.postgres(state))
    (kafka,) = servers.brokers(state, 1)
    verify(folder / BASE, postgres.programs())
    _copy_base(folder / BASE, postgres)
    try:
        postgres.start(timeout=600)
        say(
            f"the databases are as they were between {manifest.began_at} and "
            f"{manifest.ended_at} ({time.monotonic() - began:.1f} s)"
        )
        kafka.start(timeout=120)
        databases = {name: database(state, postgres.dsn(), name) for name in manifest.services}
        epochs = realign(
            folder,
            manifest,
            Bootstrap(kafka.address),
            databases,
            say,
            replication=1,
            notes=state.folder,
        )
    finally:
        kafka.stop()
        postgres.stop()
    keep_pending(state, sorted(OWNERS))
    say(
        f"epoch {max(epochs.values())} begins ({time.monotonic() - began:.1f} s); "
        f"`eldercare up --state {state.folder}` runs the city"
    )


def _put_back(folder: Path, state: State) -> None:
    for name in ("secrets.json", "clock"):
        secret = os.open(state.folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(secret, "wb") as opened:
            opened.write((folder / name).read_bytes())
    ports: dict[str, int] = json.loads((folder / "ports.json").read_text())
    for name, port in ports.items():
        state.port(name, int(port))


def _copy_base(base_backup: Path, postgres: Postgres) -> None:
    # a lock with the pid of a server that is gone
    stale = shutil.ignore_patterns(".s.PGSQL.*")
    shutil.copytree(base_backup, postgres.data, ignore=stale)
    postgres.data.chmod(0o700)
    user = postgres.user()
    if user:  # postgres refuses to run as root, and to serve what belongs to somebody else
        for path in (postgres.data, *postgres.data.rglob("*")):
            os.chown(path, *user)
