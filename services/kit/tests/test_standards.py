from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest

from kit.contracts import standards
from kit.contracts.standard import NoStandard, Unfounded
from kit.contracts.standards import Standards

SOUND = """
group:
  cuts: {meaning: least total, unit: points, source: GB/T 42195-2022, clause: C.3, confidence: C2,
         values: {2022-12-30: [90, 66], 2024-01-01: [80, 60]}}
lost: {meaning: a cap, unit: fen, source: a damaged scan, confidence: M-lo}
"""


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def load(text: str, parameters: str | None = None) -> Standards:
        folder = tmp_path / "a_package" / "standards"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ability.yaml").write_text(text)
        monkeypatch.syspath_prepend(str(tmp_path))
        given = None
        if parameters is not None:
            given = tmp_path / "city.yaml"
            given.write_text(parameters)
        return standards.load("a_package", given)

    return load


@pytest.mark.parametrize(
    ("day", "cuts"),
    [(date(2022, 12, 30), [90, 66]), (date(2023, 12, 31), [90, 66]), (date(2024, 1, 1), [80, 60])],
)
def test_the_value_in_force_on_the_day_is_picked(loaded, day, cuts):
    assert loaded(SOUND).standard("ability.group.cuts").on(day) == cuts


def test_nothing_is_in_force_before_the_first_day(loaded):
    with pytest.raises(NoStandard, match=r"ability\.group\.cuts.*2022-12-29"):
        loaded(SOUND).standard("ability.group.cuts").on(date(2022, 12, 29))


def test_an_unknown_path_is_named(loaded):
    with pytest.raises(NoStandard, match=r"ability\.nothing"):
        loaded(SOUND).standard("ability.nothing")


def test_a_lost_number_must_be_given_by_the_deployment(loaded):
    known = loaded(SOUND)

    assert known.missing() == ["ability.lost"]
    with pytest.raises(NoStandard, match="must be given by the deployment"):
        known.standard("ability.lost").on(date(2024, 1, 1))


def test_the_deployment_gives_what_is_lost_with_its_own_source(loaded):
    known = loaded(
        SOUND, "a_package: {ability.lost: {source: city decree 7, values: {2024-01-01: 500}}}"
    )

    assert known.standard("ability.lost").on(date(2024, 1, 1)) == 500
    assert known.standard("ability.lost").source == "city decree 7"
    assert known.missing() == []


@pytest.mark.parametrize("lacking", ["meaning", "unit", "source", "confidence", "values"])
def test_a_number_without_its_foundation_is_refused(loaded, lacking):
    entry = {
        "meaning": "m",
        "unit": "u",
        "source": "s",
        "confidence": "C1",
        "values": "{2024-01-01: 1}",
    }
    kept = ", ".join(f"{key}: {value}" for key, value in entry.items() if key != lacking)

    if lacking == "values":
        assert loaded(f"a: {{{kept}}}").missing() == ["ability.a"]
    else:
        with pytest.raises(Unfounded, match=rf"ability\.a: lacks {lacking}"):
            loaded(f"a: {{{kept}}}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 5", "without meaning"),
        (
            "a: {meaning: m, unit: u, source: s, confidence: sure, values: {2024-01-01: 1}}",
            "confidence 'sure'",
        ),
        (
            "a: {meaning: m, unit: u, source: s, confidence: M-lo, values: {2024-01-01: 1}}",
            "may not become a constant",
        ),
        ("a: {meaning: m, unit: u, source: s, confidence: C1, values: {2024: 1}}", "is no day"),
        (
            "a: {meaning: m, unit: u, source: s, confidence: C1, values: {2024-01-01: null}}",
            "missing is not zero",
        ),
        (
            "a: {meaning: m, unit: u, source: s, confidence: C1, values: {2024-01-01: 1, "
            "2024-01-01: 2}}",
            "stands twice",
        ),
        (
            "a: {meaning: m, unit: u, source: s, confidence: C1, sources: x, values: "
            "{2024-01-01: 1}}",
            "sources is none of",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_reported(loaded, text, message):
    with pytest.raises(Unfounded, match=message):
        loaded(text)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("a_package: {ability.unasked: {source: s, values: {2024-01-01: 1}}}", "no standards file"),
        ("a_package: {ability.lost: {values: {2024-01-01: 1}}}", "must say source"),
    ],
)
def test_a_deployment_gives_only_what_is_asked_for_and_sourced(loaded, given, message):
    with pytest.raises(Unfounded, match=message):
        loaded(SOUND, given)


SPANS = """
patience_min: {meaning: wait, unit: min, source: ours, confidence: A, values: {2024-01-01: 15}}
share: {meaning: a part, unit: share, source: ours, confidence: A, values: {2024-01-01: 1}}
"""


@dataclass(frozen=True)
class Numbers:
    cuts: tuple[int, ...] = field(metadata=standards.key("group.cuts"))


@dataclass(frozen=True)
class Spans:
    share: float
    patience: timedelta = field(metadata=standards.key("patience_min"))


def test_the_numbers_of_a_day_are_a_dataclass(loaded):
    loaded(SOUND)
    read = standards.read("a_package", Numbers, file="ability")

    assert read(date(2022, 12, 30)) == Numbers((90, 66))
    assert read(date(2024, 1, 1)) == Numbers((80, 60))
    assert read(date(2024, 1, 1)) is read(date(2024, 1, 1))


def test_a_number_has_the_type_of_its_field(loaded):
    loaded(SPANS)

    found = standards.read("a_package", Spans, file="ability")(date(2024, 1, 1))

    assert found == Spans(1.0, timedelta(minutes=15))
    assert isinstance(found.share, float)


def test_a_number_of_another_type_is_refused(loaded):
    @dataclass(frozen=True)
    class Wrong:
        cuts: int = field(metadata=standards.key("group.cuts"))

    loaded(SOUND)
    read = standards.read("a_package", Wrong, file="ability")

    with pytest.raises(
        Unfounded, match=r"ability\.group\.cuts: .*: input should be a valid integer"
    ):
        read(date(2024, 1, 1))


def test_the_environment_names_the_file_of_a_deployments_own_numbers(loaded, tmp_path, monkeypatch):
    given = tmp_path / "own.yaml"
    given.write_text(
        'a_package: {ability.group.cuts: {source: "a decree", values: {2022-12-30: [70, 50]}}}'
    )
    monkeypatch.setenv("STANDARDS", str(given))

    cuts = loaded(SOUND).standard("ability.group.cuts")

    assert (cuts.source, cuts.on(date(2024, 1, 1))) == ("a decree", [70, 50])
    monkeypatch.setenv("STANDARDS", str(tmp_path / "nowhere.yaml"))
    with pytest.raises(FileNotFoundError):
        loaded(SOUND)
