"""What went wrong in a batch, by what it asks for: again, a pause, parking, or the end of the
group's work.
"""

import re
from collections import Counter, deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import asyncpg
from aiokafka.errors import KafkaError
from sqlalchemy import exc

from kit.contracts.refusals import Refusal, Unavailable
from kit.observability.logs import scrubbed

STOPPED = "the group has stopped"  # so its log and its status begin to say why
TRIES = 3  # of a record alone, where it is nobody's fault but ours

_PASSING_KINDS = (
    Unavailable,
    ConnectionError,
    TimeoutError,
    exc.TimeoutError,
    exc.DisconnectionError,
    KafkaError,
)
_OUR_FILES = (
    FileNotFoundError,
    FileExistsError,
    PermissionError,
    IsADirectoryError,
    NotADirectoryError,
)
# connection lost; rolled back by the server; no resources; lock not available; operator or server
# ended it; idle in transaction
_PASSING = re.compile("08|40|53|55P03|57|25P03")


class Stop(Exception):
    """The group must not go on until somebody has looked."""


class TooManyParked(Stop):
    """So many records of so many types are parked that the fault is ours, not theirs."""


class RecordsLost(Stop):
    """The log no longer holds what this group has not read, or holds less than it has read."""


class Rewind(Exception):
    """The batch does not begin where the group is: read on from these offsets instead."""

    def __init__(self, to: dict[tuple[str, int], int]) -> None:
        self.to = to
        super().__init__(f"read on from {to}")


def passing(error: BaseException) -> bool:
    """Whether the record is innocent: what surrounds us failed, and the work may pass later."""
    for link in causes(error):
        if isinstance(link, _PASSING_KINDS) or getattr(link, "connection_invalidated", False):
            return True
        if isinstance(link, OSError) and not isinstance(link, _OUR_FILES):
            return True
        if isinstance(
            link, asyncpg.InternalClientError
        ):  # the connection is ending, see kit.db.store
            return True
        if isinstance(link, asyncpg.InterfaceError) and "closed" in str(
            link
        ):  # its other texts blame the values of a statement
            return True
        if isinstance(link, asyncpg.PostgresError) and _PASSING.match(link.sqlstate or ""):
            return True
    return False


def describe(error: Exception) -> tuple[str, str]:
    """Reason and detail of a parked record, without anything personal."""
    if isinstance(error, Refusal):
        return error.reason, scrubbed(str(error))
    name = re.sub(
        r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", type(error).__name__
    ).upper()
    return name, scrubbed(str(error))


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it, through the wrappings of SQLAlchemy."""
    link: BaseException | None = error
    while link is not None:
        yield link
        link = (
            link.orig
            if isinstance(link, exc.DBAPIError) and link.orig is not None
            else link.__cause__
        )


@dataclass
class Limits:
    """How much may be parked before the group stops.

    A defect of ours shows in whatever is read; bad values of one caller or of one key show in the
    few types of events that they can bring about, however many records those are. So a limit counts
    only where `types` types of events fail; what fails of fewer is parked, record by record, and
    everything else goes on. An alert tells of it, and so does the status.

    run: records in a row of one partition, none of it applied in between; the group stops where
    such runs hold so many types. They lie in the database, so a restart forgets none. share: 0..1
    of the last `window` records of this process, once `least` were seen, without those of the
    `types` - 1 types that are parked most.
    """

    run: int = 50
    share: float = 0.2
    window: int = 1000
    least: int = 200
    types: int = 3
    _last: deque[str | None] = field(
        default_factory=deque, repr=False
    )  # the type of a parked record

    def check(
        self,
        runs: Sequence[int],
        in_runs: Collection[str],
        parked: Sequence[str],
        applied: int,
        why: str = "",
    ) -> None:
        """Raises: TooManyParked where this batch, not yet counted, goes beyond a limit.

        in_runs: the types in all runs beyond the limit. parked: the type of each record. why: what
        the last of them failed of.
        """
        if (longest := max(runs, default=0)) > self.run and len(in_runs) >= self.types:
            raise TooManyParked(
                f"{longest} records of one partition in a row would be parked, {self.run} may be; "
                f"of {', '.join(sorted(in_runs))}; the last: {why}",
            )
        seen, bad = (
            len(self._last) + len(parked) + applied,
            Counter(kind for kind in (*self._last, *parked) if kind is not None),
        )
        counted = sum(count for _, count in bad.most_common()[self.types - 1 :])
        if parked and seen >= self.least and counted / seen > self.share:
            raise TooManyParked(
                f"{bad.total()} of the last {seen} records would be parked, a share of "
                f"{self.share} may be; "
                f"of {', '.join(sorted(bad))}; the last: {why}",
            )

    def count(self, parked: Sequence[str], applied: int) -> None:
        """Counts what was committed."""
        self._last.extend([*parked, *[None] * applied])
        while len(self._last) > self.window:
            self._last.popleft()
