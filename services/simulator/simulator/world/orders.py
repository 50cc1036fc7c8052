"""An order, and the visit that its device will report. Pure."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from simulator.world.firms import Firm, Worker
from simulator.world.geography import Point
from simulator.world.people import Person

OrderState = Literal[
    "placed",
    "offered",
    "accepted",
    "arrived",
    "finished",
    "cancelled",
    "missed",
    "unserved",
    "death",
    "moved away",
]


@dataclass(slots=True)
class Visit:
    """How a visit really goes, and when the device reports it.

    arrival_sent_at, departure_sent_at: begin and end, unless there was no network. absent: nobody
    came, and nothing is reported.
    """

    begin: datetime
    end: datetime
    arrival_point: Point | None
    departure_point: Point | None
    arrival_sent_at: datetime
    departure_sent_at: datetime
    absent: bool = False


@dataclass(slots=True)
class Order:
    """An order as the simulation knows it. number: its place in the story. month: of the visit.
    voucher_month: of the voucher, where that was given for a month that is over.

    state: the last two where the elder is gone. cheat: how the visit was faked, or "". based_on:
    the true visit that a second one is faked beside or right after. batch: the number of the
    reports that its departure was sent with. offers: their numbers, as read from feeds. captured:
    its voucher part became a debt to the firm, which is paid in its time; reversed: because the
    visit lies after the elder's death, or was refused for good. refused: by an inspector or a
    complaint. held: what is owed is not paid, since the visit is disputed; contested: so what was
    paid is claimed. ended_at: without a visit, which a device may tell later. promised_fen: what a
    voucher was to pay; of a visit that is told later it pays what it still has.
    """

    number: int
    order_id: str
    person: Person
    area_code: str
    planned_min: int
    voucher_fen: int
    month: str
    wanted_from: datetime
    wanted_to: datetime
    cancels: bool = False
    state: OrderState = "placed"
    firm: Firm | None = None
    worker: Worker | None = None
    planned_at: datetime | None = None
    visit: Visit | None = None
    offers: list[int] = field(default_factory=list)
    cheat: str = ""
    based_on: "Order | None" = None
    batch: int = 0
    voucher_month: str = ""
    captured: bool = False
    paid: bool = False
    reversed: bool = False
    refused: bool = False
    held: bool = False
    contested: bool = False
    finished_month: str = ""
    approved_month: str = ""
    approved_on: date | None = None
    settlement_id: str = ""
    ended_at: datetime | None = None
    promised_fen: int = 0
    price_fen: int = 0

    @property
    def own_fen(self) -> int:
        """What the elder pays: the price less what the voucher was to pay."""
        return self.price_fen - self.promised_fen

    @property
    def voucher(self) -> tuple[int, str]:
        """Whose voucher of which month pays a part."""
        return self.person.number, self.voucher_month or self.month

    @property
    def worker_id(self) -> str:
        """Of the worker who was asked last, or ""."""
        return self.worker.worker_id if self.worker else ""

    @property
    def served(self) -> Visit:
        """The visit of an order that was served. Raises: ValueError where there is none."""
        if self.visit is None:
            raise ValueError(f"order {self.number} has no visit")
        return self.visit
