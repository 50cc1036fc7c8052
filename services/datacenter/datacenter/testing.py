"""Builders: events that are valid by default, records of Kafka that carry them, and seeded
histories of a small city. All invented.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from eldercare.assessment.v1 import events_pb2 as assessment_events
from eldercare.dispatch.v1 import events_pb2 as dispatch_events
from eldercare.facility.v1 import events_pb2 as facility_events
from eldercare.subsidy.v1 import events_pb2 as subsidy_events
from eldercare.supervision.v1 import events_pb2 as supervision_events
from google.protobuf.message import Message

from datacenter.counts.consumers import GROUP, keep
from kit.contracts import areas, ids
from kit.contracts.clock import local_day
from kit.contracts.wire import timestamp
from kit.db.store import Session
from kit.messaging.batch import Batch
from kit.messaging.outbox import route
from kit.messaging.positions import ensure
from kit.messaging.records import ClusterPartition, decoded
from kit.messaging.subscriptions import subscriptions_of
from kit.security.access import Caller

# their enums are types of their own, which numbers of chance are not
assessment: Any = assessment_events
dispatch: Any = dispatch_events
facility: Any = facility_events
subsidy: Any = subsidy_events
supervision: Any = supervision_events

CITY = "341100000000"
BEGIN = datetime(2025, 1, 1, 1, tzinfo=UTC)
_Elder = assessment.Elder


@cache
def villages() -> tuple[str, ...]:
    """All villages and communities of the demo city."""
    return tuple(area.code for area in areas.load().within(CITY, areas.COMMUNITY))


class DatedEvent(NamedTuple):
    """An event, when it happened, and the version of its aggregate."""

    event: Message
    time: datetime
    sequence: int


class Record(NamedTuple):
    """What Kafka hands out."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


def a_record(
    dated: DatedEvent, *, offset: int, id: UUID | None = None, partition: int = 0
) -> Record:
    """The record of an event, with the headers of the outbox."""
    where = route(type(dated.event))
    key, event_id = where.key(dated.event), str(id or ids.new())
    headers = {
        "content-type": "application/protobuf",
        "ce_specversion": "1.0",
        "ce_id": event_id,
        "ce_source": f"/eldercare/test/{where.aggregate}/{key}",
        "ce_type": where.type,
        "ce_subject": key,
        "ce_time": dated.time.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "ce_recordedtime": dated.time.isoformat(),
        "ce_partitionkey": key,
        "ce_sequence": f"{dated.sequence:020d}",
        "ce_correlationid": event_id,
        "traceparent": f"00-{event_id.replace('-', '')}-00f067aa0ba902b7-01",
    }
    pairs = tuple((name, value.encode()) for name, value in headers.items())
    return Record(
        where.topic, partition, offset, key.encode(), dated.event.SerializeToString(), pairs
    )


async def dispatched(session: Session, records: Sequence[Record]) -> None:
    """Reads records as one batch of the consumer does: bytes, dispatch, rows."""
    items = [decoded("tests", record, subscriptions_of(GROUP), archived=True) for record in records]
    batch = Batch(session, GROUP, archive=keep)
    places = {ClusterPartition("tests", record.topic, record.partition): 0 for record in records}
    await ensure(await session.driver(), GROUP, places)
    await batch.lock(places)
    await batch.read(items)
    await batch.move()


def an_elder(**given: Any) -> Any:
    """A woman of 75 who lives with her family in the first village."""
    values: dict[str, Any] = {
        "elder_id": str(ids.new()),
        "area_code": villages()[0],
        "sex": _Elder.SEX_FEMALE,
        "born_on": "1950-05-20",
        "living": _Elder.LIVING_WITH_FAMILY,
        "hardships": [],
        "local_register": True,
        "complete": True,
        "status": _Elder.STATUS_ALIVE,
        "registered_at": timestamp(BEGIN),
    }
    return assessment.Elder(**(values | given))


class History:
    """A seeded small city: what its services say, each thing's events in their order.

    chance: the only source of chance; two histories of one seed are the same but for ids.
    """

    def __init__(
        self, seed: int, *, places: int = 6, months: int = 4, begin: datetime = BEGIN
    ) -> None:
        self.chance = random.Random(seed)
        self.places = self.chance.sample(villages(), places)
        self.begin, self.span = begin, timedelta(days=30 * months)
        self.events: list[tuple[Message, datetime]] = []
        self.organisation, self.worker_ids = self._id(), [self._id() for _ in range(3)]

    def _id(self) -> str:
        stamp = int(self.begin.timestamp() * 1000)
        return str(UUID(int=stamp << 80 | 7 << 76 | 2 << 62 | self.chance.getrandbits(62)))

    def _at(self, after: datetime | None = None, days: float = 0) -> datetime:
        if after is None:
            return self.begin + self.chance.random() * self.span
        return after + timedelta(days=self.chance.random() * days + 0.01)

    def say(self, event: Message, time: datetime) -> Message:
        """Adds an event as it is now."""
        self.events.append((type(event).FromString(event.SerializeToString()), time))
        return event

    def ordered(self) -> list[DatedEvent]:
        """All events in the order of business time, each with its aggregate's version."""
        versions: dict[tuple[str, str], int] = {}
        found = []
        for event, time in sorted(self.events, key=lambda pair: pair[1]):
            where = route(type(event))
            key = (where.topic, where.key(event))
            versions[key] = versions.get(key, 0) + 1
            found.append(DatedEvent(event, time, versions[key]))
        return found

    def grow(self, elders: int) -> "History":
        """Adds facilities, workers and this many elders with all that becomes of them."""
        self._organisation(self.organisation)
        self._institution()
        for worker_id in self.worker_ids:
            self._worker(worker_id)
        for _ in range(4):
            self._facility()
        for _ in range(elders):
            self._elder()
        return self

    def _organisation(self, organisation_id: str) -> None:
        state = facility.Organisation(
            organisation_id=organisation_id,
            credit_code="52341100MJ00000011",
            name="养老服务中心",
            kind=2,
            area_code=areas.at(self.places[0], areas.COUNTY),
            status=facility.Organisation.STATUS_ACTIVE,
            registered_at=timestamp(self.begin),
        )
        self.say(facility.OrganisationRegistered(organisation=state), self.begin)
        # it moves to the county of another village, half-way through
        state.area_code = areas.at(self.places[-1], areas.COUNTY)
        self.say(facility.OrganisationChanged(organisation=state), self.begin + self.span / 2)

    def _institution(self) -> None:
        """A house of ten residents and one certified caregiver, just enough for them."""
        organisation, place, at = self._id(), self.places[0], self.begin + timedelta(days=1)
        same = {"organisation_id": organisation, "area_code": place}
        house = facility.Facility(
            **same,
            facility_id=self._id(),
            name="养老院",
            tier=1,
            operation=1,
            beds=12,
            nursing_beds=8,
            status=facility.Facility.STATUS_OPEN,
            opened_at=timestamp(at),
        )
        caregiver = facility.Worker(
            **same,
            worker_id=self._id(),
            skills=[1],
            caregiver=True,
            certified_until=str(local_day(self.begin + 2 * self.span)),
            status=facility.Worker.STATUS_ACTIVE,
            registered_at=timestamp(at),
        )
        self._organisation(organisation)
        self.say(facility.FacilityOpened(facility=house), at)
        self.say(facility.WorkerRegistered(worker=caregiver), at)
        for _ in range(10):
            stay = {"stay_id": self._id(), "bed_id": self._id(), "elder_id": self._id()}
            self.say(
                facility.StayBegan(
                    **same,
                    **stay,
                    facility_id=house.facility_id,
                    began_on=str(local_day(at)),
                    admitted_at=timestamp(at),
                ),
                at,
            )

    def _worker(self, worker_id: str) -> None:
        chance, at = self.chance, self._at()
        state = facility.Worker(
            worker_id=worker_id,
            organisation_id=self.organisation,
            area_code=areas.at(chance.choice(self.places), areas.COUNTY),
            skills=[1],
            caregiver=chance.random() < 0.8,
            shift_from_min=480,
            shift_to_min=1080,
            status=facility.Worker.STATUS_ACTIVE,
            registered_at=timestamp(at),
        )
        if chance.random() < 0.8:
            state.certified_until = str(local_day(self._at()))
        self.say(facility.WorkerRegistered(worker=state), at)
        if chance.random() < 0.5:
            state.certified_until = str(local_day(self._at()))
            self.say(facility.WorkerChanged(worker=state), at := self._at(at, 60))
        if chance.random() < 0.3:
            state.status = facility.Worker.STATUS_LEFT
            self.say(facility.WorkerLeft(worker=state), self._at(at, 60))

    def _facility(self) -> None:
        chance, at = self.chance, self._at()
        beds = chance.randrange(5, 80)
        state = facility.Facility(
            facility_id=self._id(),
            organisation_id=self.organisation,
            area_code=chance.choice(self.places),
            name="养老服务站",
            tier=chance.randrange(1, 4),
            operation=chance.randrange(1, 4),
            beds=beds,
            nursing_beds=chance.randrange(beds),
            status=facility.Facility.STATUS_OPEN,
            opened_at=timestamp(at),
        )
        self.say(facility.FacilityOpened(facility=state), at)
        for _ in range(chance.randrange(3)):
            stay, admitted = self._id(), self._at(at, 40)
            same = {
                "stay_id": stay,
                "facility_id": state.facility_id,
                "organisation_id": self.organisation,
                "bed_id": self._id(),
                "elder_id": self._id(),
                "area_code": state.area_code,
            }
            self.say(
                facility.StayBegan(
                    **same, began_on=str(local_day(admitted)), admitted_at=timestamp(admitted)
                ),
                admitted,
            )
            if chance.random() < 0.5:
                left = self._at(admitted, 60)
                self.say(
                    facility.StayEnded(
                        **same, ended_on=str(local_day(left)), discharged_at=timestamp(left)
                    ),
                    left,
                )
        if chance.random() < 0.5:
            state.beds += 5
            self.say(facility.FacilityChanged(facility=state), at := self._at(at, 60))
        if chance.random() < 0.3:
            state.status = facility.Facility.STATUS_CLOSED
            self.say(facility.FacilityClosed(facility=state), self._at(at, 60))

    def _elder(self) -> None:
        chance, at = self.chance, self._at()
        hardships = sorted(chance.sample(range(1, 7), chance.randrange(3)))
        state = an_elder(
            elder_id=self._id(),
            area_code=chance.choice(self.places),
            born_on=f"{chance.choice((1944, 1945, 1950, 1960))}-{chance.randrange(1, 13):02d}-10",
            living=chance.randrange(1, 6),
            hardships=hardships,
            complete=chance.random() < 0.9,
            sex=1 + len(self.events) % 2,
            registered_at=timestamp(at),
        )
        self.say(assessment.ElderRegistered(elder=state), at)
        elder = assessment.Elder.FromString(state.SerializeToString())
        if chance.random() < 0.8:
            self._assessed(elder, self._at(at, 20))
        changed = at
        if chance.random() < 0.4:
            state.area_code, state.living = chance.choice(self.places), chance.randrange(1, 6)
            self.say(assessment.ElderChanged(elder=state), changed := self._at(changed, 60))
        if chance.random() < 0.2:
            state.status, state.died_on = _Elder.STATUS_DEAD, str(local_day(changed))
            self.say(assessment.ElderDied(elder=state), self._at(changed, 60))

    def _assessed(self, elder: Any, at: datetime) -> None:
        chance, application, result, level = (
            self.chance,
            self._id(),
            self._id(),
            self.chance.randrange(5),
        )
        same = {
            "application_id": application,
            "elder_id": elder.elder_id,
            "area_code": elder.area_code,
        }
        self.say(
            assessment.ApplicationSubmitted(
                **same, reason=1, channel=chance.randrange(1, 6), submitted_at=timestamp(at)
            ),
            at,
        )
        if chance.random() < 0.1:
            gone = self._at(at, 20)
            self.say(assessment.ApplicationWithdrawn(**same, withdrawn_at=timestamp(gone)), gone)
            return
        done = self._at(at, 20)
        assessors = [self._id(), self._id()]
        self.say(
            assessment.AssessorsAssigned(**same, assessor_ids=assessors, assigned_at=timestamp(at)),
            at,
        )
        self.say(
            assessment.AssessmentCompleted(
                **same,
                assessment_id=result,
                scale="GBT42195-2022",
                self_care_points=10,
                motor_points=10,
                mental_points=10,
                social_points=10,
                total_points=40,
                preliminary_level=level,
                level=level,
                assessors=chance.randrange(1, 4),
                submitted_at=timestamp(at),
                completed_at=timestamp(done),
                working_days=chance.randrange(20),
                public_until=timestamp(done + timedelta(days=7)),
            ),
            done,
        )
        approved = done + timedelta(days=7)
        if chance.random() < 0.15:
            same.pop("application_id")
            self.say(
                assessment.AssessmentAppealed(
                    **same,
                    assessment_id=result,
                    review_application_id=self._id(),
                    appealed_at=timestamp(done),
                ),
                done,
            )
            return
        until = approved + timedelta(days=chance.choice((40, 365)))
        self.say(
            assessment.AssessmentApproved(
                **same,
                assessment_id=result,
                level=level,
                valid_from=str(local_day(approved)),
                valid_to=str(local_day(until)),
                approved_at=timestamp(approved),
            ),
            approved,
        )
        if level >= 2:
            self._entitled(elder, level, self._at(approved, 1))
        if elder.born_on < "1946":
            self._honoured(elder, approved)
        if chance.random() < 0.3:
            self._assessed(elder, self._at(approved, 60))

    def _entitled(self, elder: Any, level: int, at: datetime) -> None:
        chance = self.chance
        for code, kind in (("national-voucher", 1), ("home-care", 2)):
            entitlement = self._id()
            same: dict[str, Any] = {
                "entitlement_id": entitlement,
                "elder_id": elder.elder_id,
                "area_code": elder.area_code,
            }
            same |= {"policy_code": code, "kind": kind}
            opened = {"policy_version": "2025-01-01", "level": level, "monthly_fen": 80000}
            self.say(
                subsidy.EntitlementOpened(
                    **same, **opened, valid_from=str(local_day(at)), opened_at=timestamp(at)
                ),
                at,
            )
            if kind == 1:
                self._vouchers(elder, entitlement, at)
            else:
                self._paid(elder, entitlement, at)
            if chance.random() < 0.3:
                end = self._at(at, 60)
                if chance.random() < 0.5:
                    self.say(subsidy.EntitlementRefused(**same, refused_at=timestamp(end)), end)
                else:
                    self.say(
                        subsidy.EntitlementClosed(
                            **same, cause=3, closed_on=str(local_day(end)), closed_at=timestamp(end)
                        ),
                        end,
                    )

    def _honoured(self, elder: Any, at: datetime) -> None:
        self.say(
            subsidy.EntitlementOpened(
                entitlement_id=self._id(),
                elder_id=elder.elder_id,
                area_code=elder.area_code,
                policy_code="old-age-allowance",
                policy_version="2025-01-01",
                kind=2,
                monthly_fen=5000,
                valid_from=str(local_day(at)),
                opened_at=timestamp(at),
            ),
            at,
        )

    def _paid(self, elder: Any, entitlement: str, at: datetime) -> None:
        paid, payment = self._at(at, 40), self._id()
        same = {
            "payment_id": payment,
            "elder_id": elder.elder_id,
            "entitlement_id": entitlement,
            "area_code": elder.area_code,
        }
        same["month"] = f"{at:%Y-%m}"
        due = paid + timedelta(days=self.chance.choice((-2, 0, 5)))
        self.say(
            subsidy.PaymentMade(
                **same,
                kind=2,
                policy_code="home-care",
                paid_fen=20000,
                due_on=str(local_day(due)),
                paid_on=str(local_day(paid)),
                paid_at=timestamp(paid),
            ),
            paid,
        )
        if self.chance.random() < 0.2:
            self.say(
                subsidy.RecoveryOpened(
                    **same,
                    recovery_id=self._id(),
                    claimed_fen=5000,
                    cause=1,
                    opened_at=timestamp(paid),
                ),
                paid,
            )

    def _vouchers(self, elder: Any, entitlement: str, at: datetime) -> None:
        for number in range(self.chance.randrange(1, 4)):
            issued, voucher = at + timedelta(days=30 * number), self._id()
            same = {
                "voucher_id": voucher,
                "elder_id": elder.elder_id,
                "area_code": elder.area_code,
                "month": f"{local_day(issued):%Y-%m}",
            }
            self.say(
                subsidy.VoucherIssued(
                    **same,
                    entitlement_id=entitlement,
                    issued_fen=80000,
                    issued_at=timestamp(issued),
                ),
                issued,
            )
            for _ in range(self.chance.randrange(3)):
                self._ordered(same, self._at(issued, 10))

    def _ordered(self, voucher: dict[str, str], at: datetime) -> None:
        chance, order, wanted = self.chance, self._id(), at + timedelta(days=1)
        same = {
            "order_id": order,
            "elder_id": voucher["elder_id"],
            "area_code": voucher["area_code"],
        }
        self.say(
            subsidy.VoucherReserved(
                **voucher, order_id=order, reserved_fen=3000, reserved_at=timestamp(at)
            ),
            at,
        )
        self.say(
            dispatch.OrderPlaced(
                **same,
                item_code="bath",
                help=2,
                planned_min=60,
                price_fen=6000,
                voucher_fen=3000,
                wanted_from=timestamp(wanted),
                wanted_to=timestamp(wanted + timedelta(hours=2)),
                channel=3,
                placed_at=timestamp(at),
            ),
            at,
        )
        if chance.random() < 0.15:
            self.say(
                dispatch.OrderCancelled(
                    **same, cause=chance.randrange(1, 6), cancelled_at=timestamp(wanted)
                ),
                wanted,
            )
            return
        for attempt in (1, 2):
            worker = {
                "organisation_id": self.organisation,
                "worker_id": chance.choice(self.worker_ids),
            }
            at += timedelta(minutes=5)
            planned = {"planned_at": timestamp(wanted), "planned_min": 60}
            self.say(
                dispatch.OrderAssigned(
                    **same,
                    **worker,
                    **planned,
                    item_code="bath",
                    attempt=attempt,
                    assigned_at=timestamp(at),
                ),
                at,
            )
            if attempt == 2 or chance.random() < 0.8:
                break
            self.say(dispatch.OrderDeclined(**same, **worker, declined_at=timestamp(at)), at)
        self.say(dispatch.OrderAccepted(**same, **worker, accepted_at=timestamp(at)), at)
        self.say(
            dispatch.OrderStarted(
                **same,
                **worker,
                checked_in_at=timestamp(wanted),
                late_min=chance.choice((-30, 0, 15, 16)),
            ),
            wanted,
        )
        done = wanted + timedelta(hours=1)
        self.say(
            dispatch.OrderFinished(
                **same,
                **worker,
                item_code="bath",
                help=2,
                planned_min=60,
                price_fen=6000,
                voucher_fen=3000,
                checked_in_at=timestamp(wanted),
                checked_out_at=timestamp(done),
                served_min=60,
                check_in_m=20,
                check_out_m=25,
                finished_at=timestamp(done),
            ),
            done,
        )
        self._followed(same, worker, voucher, done)

    def _taken_back(
        self, order_id: str, settlement: str, voucher: dict[str, str], at: datetime
    ) -> None:
        """A death that was reported late: what was not paid is reversed, what was is claimed."""
        same = {name: voucher[name] for name in ("elder_id", "area_code", "month")}
        same |= {"settlement_id": settlement, "organisation_id": self.organisation}
        if (luck := self.chance.random()) < 0.1:
            self.say(
                subsidy.VoucherReversed(
                    **same,
                    voucher_id=voucher["voucher_id"],
                    order_id=order_id,
                    reversed_fen=3000,
                    cause=1,
                    reversed_at=timestamp(at),
                ),
                at,
            )
        elif luck < 0.2:
            self.say(
                subsidy.RecoveryOpened(
                    **same,
                    recovery_id=self._id(),
                    payment_id=self._id(),
                    entitlement_id=self._id(),
                    claimed_fen=3000,
                    cause=1,
                    opened_at=timestamp(at),
                ),
                at,
            )

    def _followed(
        self, order: dict[str, str], worker: dict[str, str], voucher: dict[str, str], at: datetime
    ) -> None:
        chance, settlement = self.chance, self._id()
        audited = self._at(at, 1)
        same = {**order, **worker, "settlement_id": settlement}
        self.say(
            supervision.SettlementApproved(
                **same,
                price_fen=6000,
                voucher_fen=chance.choice((0, 3000)),
                automatic=True,
                approved_at=timestamp(audited),
            ),
            audited,
        )
        self.say(
            subsidy.VoucherCaptured(
                **voucher,
                order_id=order["order_id"],
                settlement_id=settlement,
                organisation_id=self.organisation,
                captured_fen=3000,
                captured_at=timestamp(audited),
            ),
            audited,
        )
        self._taken_back(order["order_id"], settlement, voucher, self._at(audited, 20))
        if chance.random() < 0.3:
            later = self._at(audited, 40)
            self.say(
                supervision.SettlementVerified(**same, genuine=True, verified_at=timestamp(later)),
                later,
            )
        if chance.random() < 0.4:
            called, reached = self._at(at, 3), chance.random() < 0.8
            answer = {"satisfied": chance.random() < 0.9} if reached else {}
            self.say(
                dispatch.OrderFollowedUp(
                    **order, **worker, reached=reached, followed_up_at=timestamp(called), **answer
                ),
                called,
            )
        if chance.random() < 0.2:
            filed, complaint = (
                self._at(at, 5),
                {**order, "complaint_id": self._id(), "organisation_id": self.organisation},
            )
            due, closed = filed + timedelta(days=5), self._at(filed, 10)
            self.say(
                supervision.ComplaintFiled(
                    **complaint, channel=2, due_at=timestamp(due), filed_at=timestamp(filed)
                ),
                filed,
            )
            self.say(
                supervision.ComplaintClosed(
                    **complaint, upheld=False, in_time=closed <= due, closed_at=timestamp(closed)
                ),
                closed,
            )


def records(events: Sequence[DatedEvent]) -> Iterator[Record]:
    """Records in this order, offsets rising in each topic."""
    offsets: dict[str, int] = {}
    for one in events:
        topic = route(type(one.event)).topic
        offsets[topic] = offsets.get(topic, -1) + 1
        yield a_record(one, offset=offsets[topic])


def an_operator() -> Caller:
    """Somebody who sees everything."""
    return Caller(subject="operator", client_id="tests", roles=frozenset({"operator"}))


def an_official(area: str = CITY) -> Caller:
    """Somebody of a civil affairs office."""
    return Caller(subject="official", client_id="tests", roles=frozenset({"official"}), area=area)
