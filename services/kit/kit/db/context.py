"""What the parts below the store know of it, and of who asks: narrow, so that none of them needs
the store itself or the layer of security.
"""

from typing import Protocol

from kit.contracts.clock import Clock


class Cipher(Protocol):
    """Makes text unreadable at rest; kit.db.personal.KeyRing is one."""

    def seal(self, text: str, kind: str = "") -> bytes: ...
    def open(self, value: bytes, kind: str = "") -> str: ...


class Scope(Protocol):
    """Whose rows count; kit.security.access.Caller is one."""

    def check(
        self,
        *,
        area: str | None = None,
        organisation: object = None,
        person: object = None,
        kind: str | type = "row",
        key: object = None,
    ) -> None:
        """Lets a row with these values pass. Raises: NotFound where it is outside the scope."""


class StoreContext(Protocol):
    """What a transaction knows of its store.

    service: who owns the database. parts: of its outbox. epoch: how often the database was
    restored. vault: seals what may not be read at rest.
    """

    @property
    def service(self) -> str: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def parts(self) -> int: ...
    @property
    def epoch(self) -> int: ...
    @property
    def vault(self) -> Cipher | None: ...
