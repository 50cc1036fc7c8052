"""Every column of bytes is declared: sealed, a keyed hash, or one of the few that hold nothing
personal.
"""

import pytest
from sqlalchemy import ARRAY, LargeBinary

from city.names import NAMES
from kit.contracts.modules import import_all
from kit.db import columns, tables

SERVICES = ("kit", *NAMES)
PLAIN = {
    "outbox.payload": "events carry nothing personal",
    "command.digest": "of a request",
    "audit_record.seal": "of the chain",
    "waiting.key": "Kafka's",
    "waiting.payload": "an event",
    "parked.key": "Kafka's",
    "parked.payload": "an event",
    "visit_order.digest": "of a request",
    "register_change.before": "as an event tells an organisation or a facility",
    "register_change.after": "the same",
    "archive.headers": "an event",
    "archive.payload": "an event",
}


@pytest.mark.parametrize("service", SERVICES)
def test_every_column_of_bytes_is_sealed_or_hashed_or_holds_nothing_personal(service: str) -> None:
    import_all(service, "tables")
    metadata = tables.metadata(service)
    declared = {
        f"{each.table.name}.{name}"
        for each in columns.personal(metadata)
        for name in [*each.sealed, *each.hashed]
    }
    found = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(
            getattr(column.type, "item_type", column.type)
            if isinstance(column.type, ARRAY)
            else column.type,
            LargeBinary,
        )
    }

    assert found - declared - PLAIN.keys() == set()
    assert declared <= found


@pytest.mark.parametrize("service", SERVICES)
def test_a_hash_is_made_of_a_column_that_is_sealed(service: str) -> None:
    import_all(service, "tables")
    for each in columns.personal(tables.metadata(service)):
        assert {hashed.of for hashed in each.hashed.values()} <= each.sealed.keys()
        assert {name for hashed in each.hashed.values() for name in hashed.needs} <= set(
            each.table.columns.keys()
        )
