"""What can go wrong at the database without any fault of whoever asks it."""

import asyncpg
from sqlalchemy import exc

from kit.contracts.refusals import Unavailable

# a loop of a service rests on these and tries again: whatever is wrong with the database, it may be
# mended while the service lives
FAILED = (
    Unavailable,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    exc.DBAPIError,
    exc.TimeoutError,
    OSError,
)
