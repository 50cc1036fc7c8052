from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from types import ModuleType, SimpleNamespace
from uuid import UUID, uuid4

import pytest
from eldercare.subsidy.v1.events_pb2 import EntitlementClosed
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from kit.contracts import wire
from kit.contracts.refusals import Malformed
from kit.contracts.wire import NoSource
from kit.db.tables import TableBase

AT = datetime(2026, 3, 2, 1, 2, 3, 456789, tzinfo=UTC)


class Colour(IntEnum):
    RED = 1


class WireThing(TableBase, table=True):
    thing_id: UUID = Field(primary_key=True)
    version: int = 0
    level: int
    tags: list[str] = Field(sa_column=Column(JSONB, nullable=False))
    area_code: str
    at: datetime
    on: date | None = None
    colour: Colour
    note: str | None = None
    counts: dict[str, int] = Field(sa_column=Column(JSONB, nullable=False))
    lasts: timedelta
    amount_fen: int


class WireClosed(TableBase, table=True):
    entitlement_id: UUID = Field(primary_key=True)
    cause: Colour | None = None


@pytest.fixture
def put(trial: ModuleType):
    def make(**changed):
        message = trial.PutThing(
            thing_id=str(UUID(int=7)),
            level=0,
            tags=["a", "b"],
            area_code="341102000000",
            on="2026-03-02",
            colour=1,
            counts={"x": 1},
            amount_fen=2**40,
        )
        message.at.CopyFrom(wire.timestamp(AT))
        message.lasts.FromTimedelta(timedelta(minutes=90))
        for name, value in changed.items():
            message.ClearField(name) if value is None else setattr(message, name, value)
        return message

    return make


def test_a_row_takes_its_values_by_name_in_its_own_types(put):
    row = wire.row(WireThing, put(), area_code="341103000000")

    assert row.model_dump() == {
        "thing_id": UUID(int=7),
        "version": 0,
        "level": 0,
        "tags": ["a", "b"],
        "area_code": "341103000000",
        "at": AT,
        "on": date(2026, 3, 2),
        "colour": Colour.RED,
        "note": None,
        "counts": {"x": 1},
        "lasts": timedelta(minutes=90),
        "amount_fen": 2**40,
    }


def test_a_row_becomes_the_message_it_came_from(put, trial):
    row = wire.row(WireThing, put(note="n"))

    thing = wire.message(trial.Thing, row)

    assert wire.fields(thing) == {**wire.fields(put(note="n")), "level": 0}


def test_absent_is_not_zero(put):
    with pytest.raises(Malformed, match="level: is required") as caught:
        wire.row(WireThing, put(level=None))

    assert caught.value.field == "level"
    assert wire.row(WireThing, put(level=0)).level == 0
    assert "level" not in wire.fields(put(level=None))


def test_none_becomes_unset_where_it_can_and_an_error_where_it_would_be_a_zero(put, trial):
    row = wire.row(WireThing, put(on=None))

    assert row.on is None
    thing = wire.message(trial.Thing, row)
    assert (thing.on, thing.HasField("note")) == ("", False)
    with pytest.raises(ValueError, match=r"Thing\.level may not be absent"):
        wire.message(trial.Thing, row, level=None)


@pytest.mark.parametrize(
    ("field", "value"), [("thing_id", "no uuid"), ("on", "yesterday"), ("colour", 9)]
)
def test_what_the_caller_sent_wrong_is_malformed_and_not_repeated(put, field, value):
    with pytest.raises(Malformed) as caught:
        wire.row(WireThing, put(**{field: value}))

    assert caught.value.field == field
    assert str(value) not in str(caught.value)


def test_an_enum_value_of_a_newer_release_is_unspecified_where_it_is_received(put):
    closed = EntitlementClosed(entitlement_id=str(UUID(int=7)), cause=99)

    assert (
        wire.row_from_event(WireThing, put(colour=9)).colour,
        wire.row_from_event(WireThing, put()).colour,
    ) == (
        0,
        Colour.RED,
    )
    assert wire.row(WireClosed, closed).cause == 0
    assert wire.row(WireClosed, closed, cause=Colour.RED).cause == Colour.RED
    with pytest.raises(Malformed, match="thing_id"):
        wire.row_from_event(WireThing, put(thing_id="no uuid", colour=9))


def test_what_we_gave_wrong_is_our_own_fault(put):
    with pytest.raises(ValueError, match="level") as caught:
        wire.row(WireThing, put(), level="high")

    assert not isinstance(caught.value, Malformed)


def test_a_target_without_a_source_raises_and_names_it(put, trial):
    with pytest.raises(
        NoSource, match=r"WireThing\.tags has no source in eldercare\.trial\.v1\.GetThing"
    ):
        wire.row(WireThing, trial.GetThing(thing_id=str(uuid4())), level=1)
    with pytest.raises(NoSource, match=r"Thing\.level has no source in SimpleNamespace"):
        wire.message(trial.Thing, SimpleNamespace(thing_id="1"))
    with pytest.raises(NoSource, match="WireThing has no column heigth"):
        wire.row(WireThing, put(), heigth=1)
    with pytest.raises(NoSource, match="Thing has no field heigth"):
        wire.message(trial.Thing, put(), heigth=1)


def test_nested_messages_are_only_ever_given(put, trial):
    row = wire.row(WireThing, put())

    with pytest.raises(NoSource, match=r"PutThing\.part holds messages"):
        wire.message(trial.PutThing, row)
    assert wire.message(trial.PutThing, row, part=trial.Part(label="a")).part.label == "a"
    assert "part" not in wire.fields(wire.message(trial.PutThing, row, part=trial.Part(label="a")))


def test_a_message_is_made_from_a_mapping_and_from_another_message(put, trial):
    values = {
        **wire.fields(put()),
        "thing_id": UUID(int=7),
        "on": date(2026, 3, 2),
        "amount_fen": Decimal(2**40),
        "note": None,
    }

    assert wire.message(trial.Thing, values) == wire.message(trial.Thing, put())


def test_a_value_that_does_not_fit_a_field_names_the_field_and_not_the_value(put, trial):
    with pytest.raises(ValueError, match=r"Thing\.level does not take a str") as caught:
        wire.message(trial.Thing, put(), level="13800000001")

    assert "13800000001" not in str(caught.value)


def test_a_naive_instant_and_an_instant_as_text_are_refused(put, trial):
    with pytest.raises(ValueError, match="time zone"):
        wire.message(trial.Thing, put(), at=datetime(2026, 3, 2))  # noqa: DTZ001
    with pytest.raises(ValueError, match="Timestamp"):
        wire.message(trial.Thing, put(), on=AT)


ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8))])


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=ZONES))  # noqa: DTZ001
def test_an_instant_survives_to_the_microsecond(moment):
    stamp = wire.timestamp(moment)

    assert wire.instant(stamp) == moment
    assert Timestamp.FromString(stamp.SerializeToString()) == stamp
    assert 0 <= stamp.nanos < 10**9
