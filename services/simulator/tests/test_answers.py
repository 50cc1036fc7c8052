"""The 26 answers of an assessment lead to the level they were made for; the scale is written down
here a second time.
"""

from random import Random

import pytest

from simulator.world.answers import MOST, Flags, answers

GROUPS = {  # GB/T 42195-2022, table 1 to 4: most points of each item, by group
    "self care": {
        "eating": 4,
        "grooming": 4,
        "bathing": 4,
        "upper_clothing": 4,
        "lower_clothing": 4,
        "bladder": 4,
        "bowel": 4,
        "toileting": 4,
    },
    "motor": {"bed_position": 4, "transfer": 4, "walking": 4, "stairs": 3},
    "mental": {
        "time_orientation": 4,
        "space_orientation": 4,
        "person_orientation": 4,
        "memory": 4,
        "understanding": 4,
        "expression": 4,
        "aggression": 1,
        "depression": 1,
        "consciousness": 2,
    },
    "social": {"vision": 2, "hearing": 2, "daily_affairs": 4, "transport": 3, "social_contact": 4},
}
CUTS = (90, 66, 46, 30)
DEMENTIA = {"F00", "F01", "F02", "F03"}


def level_of(points: dict[str, int], flags: Flags) -> int:
    """The level by the text of the norm: points, then coma, then one step for dementia or repeated
    accidents.
    """
    total = sum(points.values())
    level = sum(total < cut for cut in CUTS)
    if flags["coma"]:
        return 4
    worse = bool(DEMENTIA & set(flags["diagnoses"])) or int(str(flags["risk_events"])) >= 2
    return min(4, level + 1) if worse else level


@pytest.mark.parametrize("level", range(5))
def test_answers_lead_to_the_level_asked_for(level: int) -> None:
    for seed in range(400):
        points, flags = answers(Random(seed), level)

        assert level_of(points, flags) == level, (seed, points, flags)


def test_answers_keep_to_each_items_range() -> None:
    most = {item: points for group in GROUPS.values() for item, points in group.items()}
    assert most == MOST
    assert (len(most), sum(most.values())) == (26, 90)

    for seed in range(200):
        points, _ = answers(Random(seed), seed % 5)
        assert points.keys() == most.keys()
        assert all(0 <= points[item] <= most[item] for item in most)


def test_each_reason_for_a_worse_level_occurs() -> None:
    flags = [answers(Random(seed), 1 + seed % 4)[1] for seed in range(1500)]

    assert any(one["coma"] for one in flags)
    assert any(one["diagnoses"] == ["F01"] for one in flags)
    assert any(int(str(one["risk_events"])) >= 2 for one in flags)
