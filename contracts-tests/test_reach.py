"""Each day, month and instant of a command says in its contract how far from today it may lie."""

from collections.abc import Iterator

from contracts import files
from eldercare import options_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.timestamp_pb2 import Timestamp

from kit.contracts.days import dated
from kit.rpc.methods import methods_of

# endings of names that hold a day, an instant or a month, whatever their pattern says
_TIMES = ("_on", "_at", "_from", "_to", "_until", "_since", "month")
_LONGEST_DAYS = 120 * 365 + 30  # nobody lived longer


def asked(kind: Descriptor) -> Iterator[tuple[str, FieldDescriptor]]:
    """Path and declaration of each field of a request, those of inner messages too."""
    for field in kind.fields:
        inner = field.message_type
        if inner is None or inner.full_name == Timestamp.DESCRIPTOR.full_name:
            yield field.name, field
        else:
            yield from ((f"{field.name}.{path}", leaf) for path, leaf in asked(inner))


def times() -> Iterator[tuple[str, FieldDescriptor]]:
    """Each day, month and instant of each command, under the command's name."""
    for file in files():
        for service in file.services_by_name.values():
            for method in methods_of(service.full_name).values():
                if not method.writes:
                    continue
                kind = service.methods_by_name[method.full_name.rpartition(".")[2]].input_type
                for path, field in asked(kind):
                    is_text = field.type == FieldDescriptor.TYPE_STRING
                    if field.message_type or (is_text and field.name.endswith(_TIMES)):
                        yield f"{kind.name}.{path}", field


def test_each_time_of_a_command_has_a_reach() -> None:
    found = dict(times())

    assert len(found) > 20
    without = {
        name
        for name, field in found.items()
        if not field.GetOptions().HasExtension(options_pb2.reach)
    }
    assert without == set()


def test_each_reach_is_checked_and_no_longer_than_a_life() -> None:
    for name, field in times():
        checked = {one.name: one.kind for one in dated(field.containing_type)}
        reach = field.GetOptions().Extensions[options_pb2.reach]

        assert checked.get(field.name) in ("day", "month", "instant"), name
        assert 0 <= reach.days_back <= _LONGEST_DAYS, name
        assert 0 <= reach.days_ahead <= _LONGEST_DAYS, name
