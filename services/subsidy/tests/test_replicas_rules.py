"""Which approved level is in force."""

from datetime import UTC, date, datetime

from subsidy.replicas import rules


def test_the_level_in_force_is_that_of_the_result_approved_last_among_those_that_hold():
    january, march = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    early = rules.ApprovedLevel(2, date(2026, 1, 1), date(2026, 7, 1), january.date(), january)
    late = rules.ApprovedLevel(4, date(2026, 3, 10), date(2026, 9, 1), march.date(), march)

    assert [
        rules.level_on([late, early], day)
        for day in (date(2026, 3, 9), date(2026, 3, 10), date(2026, 8, 1))
    ] == [2, 4, 4]
    home = rules.Residence(None, "341102001003", rules.Status.ALIVE)
    edges = rules.History([home], levels=[late, early]).edges()
    assert min(day for day in edges if day > date(2026, 3, 2)) == date(2026, 3, 10)
