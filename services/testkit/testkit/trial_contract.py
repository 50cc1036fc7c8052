"""The contract of the trial: messages made at run time, so that none of them is published."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from eldercare import options_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

from kit.messaging.outbox import route

_STRING = 9
_INT64 = 3


def _contract() -> dict[str, type[Message]]:
    file = descriptor_pb2.FileDescriptorProto(
        name="eldercare/trial/v1/events.proto", package="eldercare.trial.v1", syntax="proto3"
    )
    file.dependency.append("eldercare/options.proto")

    def message(
        name: str,
        fields: Iterable[tuple[str, int]],
        event: options_pb2.Event | None = None,
        inner: str | None = None,
    ) -> None:
        made = file.message_type.add(name=name)
        for number, (field, kind) in enumerate(fields, 1):
            made.field.add(name=field, number=number, type=kind, label=1)
        if inner:
            made.field.add(
                name=inner.lower(),
                number=1,
                type=11,
                type_name=f".eldercare.trial.v1.{inner}",
                label=1,
            )
        if event:
            made.options.Extensions[options_pb2.event].CopyFrom(event)

    message("House", [("house_id", _STRING), ("label", _STRING), ("floors", _INT64)])
    kept_on = options_pb2.Event(topic="trialhouse", key="house.house_id", state=True)
    message("HouseKept", [], kept_on, "House")
    counted_on = options_pb2.Event(topic="trialcount", key="counter_id")
    counted = [
        ("counter_id", _STRING),
        ("amount", _INT64),
        ("house_id", _STRING),
        ("mood", _STRING),
    ]
    message("Counted", counted, counted_on)
    message("Ignored", [("counter_id", _STRING)], counted_on)
    pool = descriptor_pool.Default()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(
            pool.FindMessageTypeByName(f"eldercare.trial.v1.{name}")
        )
        for name in ("House", "HouseKept", "Counted", "Ignored")
    }


if TYPE_CHECKING:

    class House(Message):
        house_id: str
        label: str
        floors: int

        def __init__(self, *, house_id: str, label: str, floors: int) -> None: ...

    class HouseKept(Message):
        house: House

        def __init__(self, *, house: House) -> None: ...

    class Counted(Message):
        counter_id: str
        amount: int
        house_id: str
        mood: str

        def __init__(self, *, counter_id: str, amount: int, house_id: str, mood: str) -> None: ...

    class Ignored(Message):
        counter_id: str

        def __init__(self, *, counter_id: str) -> None: ...

else:
    _kinds = _contract()
    House = _kinds["House"]
    HouseKept = _kinds["HouseKept"]
    Counted = _kinds["Counted"]
    Ignored = _kinds["Ignored"]

COUNTS = route(Counted).topic
HOUSES = route(HouseKept).topic
