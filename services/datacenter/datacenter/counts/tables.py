"""What the counts store: which generation is shown, what is known of each thing, the counts, how
far each topic is read.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Integer, SmallInteger, Table, Text, text
from sqlmodel import Field

from datacenter.counts.measures import MEASURES
from kit.db.tables import TableBase, metadata


class Projection(TableBase, table=True):
    """Which generation of the counts is shown, and how far the archive goes. One row; its lock puts
    all batches into one order.
    """

    one: int = Field(default=1, sa_type=SmallInteger, primary_key=True)
    live: int = Field(
        sa_type=SmallInteger,
        description="generation that is shown, 1 or 2; the other one is built beside it",
    )
    batch: int = Field(sa_type=BigInteger, description="number of the last transaction")
    counted_by: str | None = Field(
        None, description="by whose rules what is shown was counted; see counts.flows.renewing"
    )
    counted_to: int = Field(
        0,
        sa_column=Column(BigInteger, nullable=False, server_default="0"),
        description="up to which batch by these alone",
    )


class Thing(TableBase, table=True):
    """What is known of one elder, order, facility …: all that its contribution to the counts
    depends on.
    """

    __table_args__ = ({"postgresql_partition_by": "LIST (generation)"},)

    generation: int = Field(sa_type=SmallInteger, primary_key=True)
    kind: int = Field(
        sa_type=SmallInteger, primary_key=True, description="Subject.kind of its declaration"
    )
    id: UUID = Field(primary_key=True)
    known: str = Field(
        sa_column=Column(Text, nullable=False),
        description="JSON: the fields of the subject's state",
    )


class Restated(TableBase, table=True):
    """What was told only after a month had ended, by the day on which it was told: by how much it
    changed the month's flow, or the stocks from that month on.
    """

    __table_args__ = (Index("restated_reported_ix", "generation", "reported_on"),)

    generation: int = Field(sa_type=SmallInteger, primary_key=True)
    area_code: str = Field(sa_type=Text, primary_key=True)
    month: int = Field(primary_key=True, description="as in `count`")
    reported_on: date = Field(primary_key=True, description="business day, Asia/Shanghai")
    measure: str = Field(sa_type=Text, primary_key=True)
    amount: int = Field(sa_type=BigInteger)
    facts: int = Field(
        sa_type=BigInteger, description="how many things it was told of that count here otherwise"
    )


class Pending(TableBase, table=True):
    """What of a month's flow is neither done nor due yet, by the last day on which it can be done
    in time: so much less the flow is until that day has passed.
    """

    __table_args__ = (
        Index("pending_nothing_ix", "generation", postgresql_where=text("amount = 0")),
    )

    generation: int = Field(sa_type=SmallInteger, primary_key=True)
    area_code: str = Field(sa_type=Text, primary_key=True)
    month: int = Field(primary_key=True, description="as in `count`")
    due_on: date = Field(primary_key=True, description="business day, Asia/Shanghai")
    measure: str = Field(sa_type=Text, primary_key=True)
    amount: int = Field(sa_type=BigInteger)


class Watermark(TableBase, table=True):
    """How far a topic is read, by month of business time."""

    __tablename__ = "heard"

    topic: str = Field(sa_type=Text, primary_key=True, description="aggregate, `order`")
    month: int = Field(primary_key=True)
    newest: datetime = Field(description="newest business instant of that month")
    applied_at: datetime = Field(
        description="real instant at which the last batch with it was applied"
    )


# By how much each stock changes in a month, and what each flow counts in it, for an area of any
# level: 12 digits of a village, township, county or city. The month is year × 12 + month − 1, and
# may lie in the future, as a birthday does. Absent is no change. All measures of an area and month
# lie in one row, since one event moves several of them.
COUNT = Table(
    "count",
    metadata("datacenter"),
    Column("generation", SmallInteger, primary_key=True, autoincrement=False),
    Column("area_code", Text, primary_key=True),
    Column("month", Integer, primary_key=True, autoincrement=False),
    *(Column(measure.column, BigInteger) for measure in MEASURES),
    Index(
        "count_presence_ix",
        "generation",
        "area_code",
        "month",
        postgresql_where=text("facilities is not null or town_facilities is not null"),
    ),
    postgresql_partition_by="LIST (generation)",
)
