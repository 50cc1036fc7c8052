"""How often things happen. Assumption: all of them, after surveys and reports of 2015 to 2025,
sized for a month of story.
"""

APPLICANTS = 0.055  # of all elders, in the time of the story; most of those with level ≥ 2
DISABLED_APPLICANTS = 0.6  # of these
EARLY_APPLICANTS = 0.8  # in the first third of the days
ASSESSORS_PER_ELDER = 3 * 50 / 800_000
CHANNELS = (("PORTAL", 0.2), ("HOTLINE", 0.35), ("MOBILE", 0.35), ("TERMINAL", 0.1))
WITHDRAWN, APPEAL, REFUSE = 0.03, 0.03, 0.12
SLOW, SLOW_DAYS = (
    0.02,
    24,
)  # of applications, and the very first one; days until the assessors come, which may be too late

ORDERS_A_DAY = {
    "voucher": 0.42,
    "poor": 0.10,
    "market": 0.0006,
}  # of an elder with a voucher, of a poor assessed one, of any other
MONDAY = 1.2
DAYS_AHEAD = (1, 1, 2, 3)
HOURS, HOUR_WEIGHTS = (8, 9, 10, 11, 13, 14, 15, 16), (3, 4, 4, 2, 1, 4, 4, 2)
CANCEL, COMES_ALL_THE_SAME = 0.03, 0.3
SILENT, DECLINE = 0.01, 0.05

# shares of a day: of elders
DEATHS, CHANGES, MOVES, NEW, MOVED_OUT = 0.00011, 0.0006, 0.0001, 0.0003, 0.00008
# elders a day who expect a visit, moving house and moving out alike, so that a small city sees it
# too
MOVE_ANYWAY = 0.15
# of those who get cash early, and the first of them: told after a month was paid that they did not
# live in
LATE_DEATHS = 0.15
REPORTED_TWICE = 0.4
# shares of a day: of workers, of firms, of stays
LEAVE, READS_LATE, DISCHARGED = 0.002, 0.05, 0.012
LEAVE_ANYWAY = 0.1  # workers a day, so that a small city sees it too
LEAST_COLLEAGUES = 2  # workers of a county who stay
CLOSING_DAYS = (2, 5)  # days of a week of the story on which a facility closes

FOLLOW_UP, REACHED, SATISFIED = 0.35, 0.9, 0.93
COMPLAIN, VERIFY, UPHELD = 0.006, 0.03, 0.5
DAYS_TO_CLOSE = (1, 3, 5, 9)
