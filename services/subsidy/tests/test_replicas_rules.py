"""Which approved level is in force."""

from datetime import date, datetime

from subsidy.replicas import rules


def test_the_level_in_force_is_that_of_the_result_approved_last_among_those_that_hold():
    early = rules.ApprovedLevel(2, date(2026, 1, 1), date(2026, 7, 1), datetime(2026, 1, 1))  # noqa: DTZ001
    late = rules.ApprovedLevel(4, date(2026, 3, 10), date(2026, 9, 1), datetime(2026, 3, 1))  # noqa: DTZ001

    assert [
        rules.level_on([late, early], day)
        for day in (date(2026, 3, 9), date(2026, 3, 10), date(2026, 8, 1))
    ] == [2, 4, 4]
    assert rules.next_change([late, early], date(2026, 3, 2)) == date(2026, 3, 10)
