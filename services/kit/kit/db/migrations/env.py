"""Alembic's environment of every package; it is given a connection that the caller has guarded by
an advisory lock.
"""

import re
from typing import Literal

from alembic import context
from sqlalchemy import DateTime, SmallInteger
from sqlalchemy.schema import SchemaItem

from kit.db import migrations
from kit.db.tables import Numbered


def _render(kind: str, item: object, _: object) -> str | Literal[False]:
    if kind == "type" and isinstance(item, Numbered):
        return f"sa.{SmallInteger.__name__}()"
    if kind == "type" and isinstance(getattr(item, "impl", None), DateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and type(item).__module__.startswith("sqlmodel"):
        length = getattr(item, "length", None)
        return f"sa.String(length={length})" if length else "sa.String()"
    return False


def _ours(
    _: SchemaItem, name: str | None, kind: str, reflected: bool, __: SchemaItem | None
) -> bool:
    # partitions: of a day, a month or a generation; most are made at run time
    return not (kind == "table" and reflected and name is not None and re.search(r"_p\d", name))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=migrations.metadatas(context.config.attributes["package"]),
    render_item=_render,
    include_object=_ours,
    compare_type=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
