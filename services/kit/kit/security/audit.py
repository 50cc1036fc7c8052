"""Who looked at whose personal data: one record for each access, chained by hash so that none can
be changed or taken out unseen.

The chain is made by the sealer every second, not in the request. A record that was cut off the end
is not in the chain: therefore the sealer logs the head of the chain, and whoever keeps the logs
keeps the proof.
"""

import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Protocol

from kit.contracts import ids
from kit.db.periodic import Periodic
from kit.db.raw_session import RawSession
from kit.db.store import Session, Store
from kit.observability import names
from kit.observability.logs import log
from kit.security.access import Caller

PAUSE_S = 1.0
TOGETHER = 1000
LOCK = 0xA0D17
_FIELDS = (
    "audit_id",
    "at",
    "recorded_at",
    "subject",
    "client_id",
    "method",
    "channel",
    "elder_ids",
    "purpose",
    "correlation_id",
)
_INSERT = f"""
insert into audit_record ({", ".join(_FIELDS)})
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""  # noqa: S608 - names of columns
_LAST = (
    "select position, seal from audit_record where position is not null order by position desc "
    "limit 1"
)
_OPEN = "select * from audit_record where position is null order by audit_id limit $1"
_SEAL = """
update audit_record as record set position = given.position, seal = given.seal
from unnest($1::uuid[], $2::bigint[], $3::bytea[]) as given (audit_id, position, seal)
where record.audit_id = given.audit_id"""


class Access(Protocol):
    """What is noted of a call; kit.rpc.Call is one."""

    @property
    def caller(self) -> Caller: ...
    @property
    def client_id(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def correlation_id(self) -> str: ...


async def record(
    session: Session | RawSession, access: Access, elder_ids: Iterable[object], purpose: str = ""
) -> None:
    """Notes an access in the transaction that makes it.

    elder_ids: whose data. purpose: why, in the caller's words or the flow's; never personal itself.
    """
    values = (
        ids.new(),
        session.now,
        session.store.clock.real(),
        access.caller.subject,
        access.client_id,
        access.method,
        access.channel,
        [str(elder_id) for elder_id in elder_ids],
        purpose,
        access.correlation_id,
    )
    if isinstance(session, RawSession):
        session.write(_INSERT, *values)
    else:
        await (await session.driver()).execute(_INSERT, *values)


async def record_read(
    store: Store, access: Access, elder_ids: Iterable[object], purpose: str = ""
) -> None:
    """Notes an access that only reads; to be awaited before the answer leaves."""
    async with store.raw() as session:
        await record(session, access, elder_ids, purpose)


class AuditChain(Periodic):
    """Chains the records of one service every second; several replicas are safe."""

    def __init__(self, store: Store) -> None:
        super().__init__("sealer", self._seal_all, PAUSE_S)
        self.store = store

    async def _seal_all(self) -> None:
        while await self.seal() == TOGETHER:
            self.progress = time.monotonic()

    async def seal(self) -> int:
        """Chains what is not yet chained, at most 1 000 records; returns how many."""
        async with self.store.raw() as session:
            if not await session.fetchrow(
                "select 1 from audit_record where position is null limit 1"
            ):
                return 0
        async with self.store.transaction() as transaction:
            driver = await transaction.driver()
            await driver.execute("select pg_advisory_xact_lock($1)", LOCK)
            last = await driver.fetchrow(_LAST)
            position, seal = (last["position"], last["seal"]) if last else (0, b"")
            chained = []
            for row in await driver.fetch(_OPEN, TOGETHER):
                position, seal = position + 1, _sealed(seal, row)
                chained.append((row["audit_id"], position, seal))
            if chained:
                await driver.execute(_SEAL, *zip(*chained, strict=True))
        if chained:
            names.SEALED.add(len(chained))
            log.info("audit records sealed", head=position, seal=seal.hex())
        return len(chained)


async def first_broken_position(store: Store) -> int | None:
    """The first place in the chain where a record was changed, taken out or put in; None where the
    chain holds.
    """
    seal = b""
    expected = 1
    after = 0
    while True:
        async with store.raw() as session:
            rows = await session.fetch(
                "select * from audit_record where position > $1 order by position limit 5000", after
            )
        if not rows:
            return None
        for row in rows:
            seal = _sealed(seal, row)
            if row["position"] != expected or row["seal"] != seal:
                return expected
            expected = expected + 1
            after = row["position"]


def _sealed(before: bytes, row: Mapping[str, object]) -> bytes:
    values = [_plain(row[name]) for name in _FIELDS]
    return hashlib.sha256(
        before + json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
    ).digest()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value if isinstance(value, list) else str(value)
