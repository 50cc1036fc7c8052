"""The state folder of one city: secrets made once, ports that stay, the clock, the data of the
servers, and who runs now.
"""

import base64
import fcntl
import json
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TypeVar, cast
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psutil
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from city.box.facts import CityFacts
from devservers.kafka import new_cluster_id
from devservers.process import free_port, listens

MARK = "eldercare-state"  # only a folder that bears it is ever removed
Kept = TypeVar("Kept")
Json = dict[str, object]  # the content of a file


class StateInUse(Exception):
    """Another city runs on this state folder."""


class NotAState(Exception):
    """The folder holds something else and is left alone."""


class State:
    """A folder that belongs to one city; everything in it is readable by its owner alone, the
    servers' data excepted.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._lock: IO[str] | None = None
        self._writing = threading.RLock()  # children are prepared in threads

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def clock(self) -> Path:
        return self.folder / "clock"

    @property
    def fresh(self) -> bool:
        """Whether no city has ever run on it."""
        return not (self.folder / "ports.json").exists()

    def open(self) -> None:
        """Makes the folder and takes it for this process. Raises: StateInUse, NotAState."""
        used = self.folder.exists() and any(self.folder.iterdir())
        if used and not (self.folder / MARK).exists():
            raise NotAState(
                f"state: {self.folder} holds files that are not a city's; name an empty or "
                "a new folder"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = (self.folder / MARK).open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise StateInUse(
                f"state: a city runs on {self.folder} already; `eldercare down` ends it"
            ) from None
        self._lock = lock

    def clear(self) -> None:
        """Removes everything in the folder, which must be open."""
        for entry in self.folder.iterdir():
            if entry.name != MARK:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def close(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def secret(self, name: str) -> str:
        """A random password that is made once."""
        return self._kept("secrets.json", name, lambda: secrets.token_urlsafe(24))

    def key_ring(self, name: str) -> str:
        """A ring with one random 32-byte key, in the form `id:base64`, made once."""
        return self._kept("secrets.json", name, _key)

    def signing_key(self) -> str:
        """The issuer's Ed25519 key, PEM, made once."""
        return self._kept("secrets.json", "signing_key", _ed25519)

    def clients(self, names: Sequence[str]) -> dict[str, str]:
        """The secrets of the issuer's clients by client id, also written to `clients.json` for the
        programs that act in this city.
        """
        known = {name: self.secret(f"{name}.client") for name in names}
        with self._writing:
            self._write("clients.json", known)
        return known

    def port(self, name: str, wished: int | None = None) -> int:
        """A port that stays the same over restarts and is nobody else's; the wished one at its
        first use, if nobody listens there.
        """

        def made() -> int:
            kept = self._read("ports.json").values()
            if wished and wished not in kept and not listens(wished):
                return wished
            return next(port for port in iter(free_port, None) if port not in kept)

        return self._kept("ports.json", name, made)

    def brokers(self, wished: int) -> tuple[int, str]:
        """How many brokers this folder has, and the identity of their cluster; chosen once."""
        number, cluster_id = self._kept("kafka.json", "cluster", lambda: (wished, new_cluster_id()))
        return number, cluster_id

    def begin_clock(self, at: datetime) -> None:
        """Makes the business clock stand at this instant, if there is none yet: 8 bytes, µs since
        1970, as kit.contracts.clock reads them.
        """
        if not self.clock.exists():
            since = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
            self.clock.write_bytes(since.to_bytes(8, "little"))

    def keep_server(self, dsn: str | None) -> None:
        """The PostgreSQL that somebody else runs, with its superuser's password; None where it is
        our own.
        """
        self._write("server.json", {"postgres": dsn} if dsn else {})

    def server(self) -> str | None:
        """Its address, as it was given to the last city."""
        return cast("str | None", self._read("server.json").get("postgres"))

    def write_city(self, facts: CityFacts | None) -> None:
        """Tells other terminals who runs now; None: nobody."""
        self._write("city.json", facts or {})

    def city(self) -> CityFacts | None:
        """What the supervisor that runs on this folder wrote last; None where none runs."""
        facts = cast("CityFacts", self._read("city.json"))
        try:
            alive = bool(facts) and psutil.Process(facts["pid"]).create_time() == facts["since"]
        except psutil.NoSuchProcess:
            return None
        return facts if alive else None

    def _kept(self, file: str, name: str, make: Callable[[], Kept]) -> Kept:
        """A value that is made once, as `make` makes it; JSON has lists for tuples."""
        with self._writing:
            kept = self._read(file)
            if name not in kept:
                kept[name] = make()
                self._write(file, kept)
            return cast("Kept", kept[name])

    def _read(self, file: str) -> Json:
        try:
            return dict(json.loads((self.folder / file).read_text()))
        except FileNotFoundError:
            return {}

    def _write(self, file: str, content: Mapping[str, object]) -> None:
        draft = self.folder / f"{file}.new"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
            json.dump(content, opened, indent=1)
        draft.rename(self.folder / file)


def role_dsn(server: str, database: str, password: str) -> str:
    """The address of a service's database on a server given by its superuser's address: same place,
    the service's own role.
    """
    parts = urlsplit(server)
    place = parts.netloc.rpartition("@")[2]
    login = f"{database}:{quote(password, safe='')}"
    return urlunsplit((parts.scheme, f"{login}@{place}", f"/{database}", parts.query, ""))


def without_password(server: str) -> str:
    """The same address without its password, in whichever part it stands.

    >>> without_password("postgresql://me:se%40cret@db:5432/x?sslmode=require&password=secret")
    'postgresql://me@db:5432/x?sslmode=require'
    """
    parts = urlsplit(server)
    user, at, place = parts.netloc.rpartition("@")
    named = parse_qsl(parts.query, keep_blank_values=True)
    query = urlencode([(name, value) for name, value in named if name != "password"])
    address = f"{user.partition(':')[0]}{at}{place}"
    return urlunsplit((parts.scheme, address, parts.path, query, ""))


def _key() -> str:
    return "k1:" + base64.b64encode(secrets.token_bytes(32)).decode()


def _ed25519() -> str:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
