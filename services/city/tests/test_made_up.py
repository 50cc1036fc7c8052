"""The numbers of the made-up city are those that its story was written with."""

from datetime import date

import pytest

from city.box.services import MADE_UP
from kit.contracts import standards
from simulator import norms

DAYS = [date(2026, month, day) for month in range(1, 13) for day in (1, 20)]


@pytest.mark.parametrize("day", DAYS)
def test_services_and_story_know_the_same_policies(day: date) -> None:
    subsidy = standards.load("subsidy", MADE_UP)
    tiers = subsidy.standard("home-care.tiers").read(dict[int, int], day)

    assert {level: norms.cash_fen(level, day) for level in tiers} == {
        level: yuan * norms.FEN for level, yuan in tiers.items()
    }
    assert max(tiers.values()) == subsidy.standard("home-care.cap").read(int, day)
    cap = subsidy.standard("national-voucher.cap").read(int, day)
    assert norms.voucher_fen(day) == cap * norms.FEN


def test_versions_of_policies_begin_within_the_year_of_the_story() -> None:
    subsidy = standards.load("subsidy", MADE_UP)

    for path in ("home-care.tiers", "national-voucher.cap"):
        begins = [day for day, _ in subsidy.standard(path).values]
        assert [day.year for day in begins].count(2026) > 1, path
        assert all(day.day == 1 for day in begins), path


@pytest.mark.parametrize("name", ["validity_months", "reassessment_lead_days", "appeal_days"])
def test_services_and_story_know_the_same_procedure(name: str) -> None:
    number = standards.load("assessment", MADE_UP).standard(f"procedure.{name}")

    for day in DAYS:
        assert norms.whole(f"procedure.{name}", day) == number.read(int, day)
