"""What is derived from the declarations."""

import json
import random
from datetime import UTC, datetime

import pytest

from datacenter.counts.measures import COMPILED, MEASURES
from datacenter.indicators.catalogue import limits, named_measures
from datacenter.subjects.__main__ import dictionary
from datacenter.subjects.compiled import Compiled
from datacenter.subjects.declaration import When
from datacenter.subjects.order import order
from datacenter.subjects.registry import cells, measures, named, subjects
from datacenter.testing.history import History
from datacenter.testing.records import DatedEvent


def known(events: list[DatedEvent]) -> dict[tuple[int, str], str]:
    """What is stored of each thing after these events, each of which is a batch."""
    stored: dict[tuple[int, str], str] = {}
    for one in events:
        when = When.of(one.time, one.sequence)
        facts, _ = COMPILED.read(one.event, when, limits())
        for subject, thing_id, state in facts:
            key = (subject.kind, thing_id)
            reports = subject.load(stored[key]) if key in stored else []
            subject.put(reports, when.reported_on, state)
            stored[key] = subject.dump(reports)
    return stored


@pytest.mark.parametrize("seed", range(5))
def test_merging_commutes_and_repeats_without_harm(seed: int) -> None:
    events = History(seed).grow(10).ordered()
    mixed = events + random.Random(seed).choices(events, k=len(events) // 3)
    random.Random(seed).shuffle(mixed)

    assert {key: json.loads(text) for key, text in known(mixed).items()} == {
        key: json.loads(text) for key, text in known(events).items()
    }


def test_what_is_stored_lies_in_the_order_of_the_fields() -> None:
    stored = known(History(3).grow(40).ordered())
    fields = {one.kind: [field.name for field in one.fields()] for one in subjects()}

    assert {kind for kind, _ in stored} == fields.keys()
    for (kind, _), text in stored.items():
        reports = COMPILED.folds[kind].load(text)
        for (_, listed), (_, state) in zip(json.loads(text), reports, strict=True):
            values = dict(zip(fields[kind], listed, strict=False))
            assert len(values) == len(listed) <= len(fields[kind])
            whole = {name: value for name in values if (value := getattr(state, name)) is not None}
            known_values = {name: value for name, value in values.items() if value is not None}
            assert json.loads(json.dumps(whole)) == known_values
    assert min(len(name) for names in fields.values() for name in names) > 1


def test_what_is_stored_is_read_as_it_was() -> None:
    for (kind, _), text in known(History(3).grow(40).ordered()).items():
        subject = COMPILED.folds[kind]
        assert subject.dump(subject.load(text)) == text


def test_a_field_that_nothing_is_known_of_has_its_default() -> None:
    nothing = COMPILED.folds[order.kind].empty()

    assert COMPILED.folds[order.kind].dump([(7, nothing)]) == "[[7,[]]]"
    assert COMPILED.folds[order.kind].contribution(nothing, limits()) == {}


def test_the_parts_of_a_measure_are_counted_where_a_figure_names_them_and_else_not() -> None:
    events = History(3).grow(40).ordered()
    whole, part = named("APPLICATIONS"), named("APPLICATIONS_PORTAL")

    def counted(compiled: Compiled) -> dict[str, int]:
        found = dict.fromkeys((whole.name, part.name), 0)
        for one in events:
            for measure, _, _, amount in compiled.read(one.event, When(0, 1, 0), limits())[1]:
                if measure.name in found:
                    found[measure.name] += amount
        return found

    asked, unasked = counted(Compiled([part.name])), counted(Compiled([]))
    assert 0 < asked[part.name] < asked[whole.name]
    assert unasked == {whole.name: asked[whole.name], part.name: 0}


def test_every_measure_that_a_figure_names_is_counted() -> None:
    assert named_measures() <= {measure.name for measure in MEASURES}
    assert {measure.name for measure in MEASURES} - measures().keys() <= cells().keys()
    with pytest.raises(KeyError):
        named("DREAMS")


def test_the_dictionary_tells_every_field_and_measure_with_its_meaning() -> None:
    lines = "\n".join(dictionary())

    for measure in measures().values():
        kind = "stock" if measure.is_stock else "flow"
        assert f"| `{measure.name}` | {kind} | {measure.meaning} |" in lines
    for subject in subjects():
        for field in subject.fields():
            assert f"| `{field.name}` |" in lines
            assert field.meaning


def test_an_instant_has_its_month_in_shanghai_and_its_microseconds() -> None:
    when = When.of(datetime(2026, 2, 28, 16, 0, 0, 7, tzinfo=UTC), 3)

    assert when == When(24314, 3, 1772294400000007)
