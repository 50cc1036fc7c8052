"""Reads the demo users that the simulated city added."""

from collections.abc import Sequence

from sqlmodel import select

from gateway.issuer.tables import DemoUser
from kit.db.store import Session


async def added_users(session: Session) -> Sequence[DemoUser]:
    """In the order of their names."""
    return (await session.exec(select(DemoUser).order_by(DemoUser.username))).all()


async def added_user(session: Session, username: str) -> DemoUser | None:
    """The user of this name."""
    user: DemoUser | None = await session.get(DemoUser, username)
    return user
