"""The answers of an honest assessment. Pure and seeded."""

from random import Random
from typing import TypedDict

MOST = {
    "eating": 4,
    "grooming": 4,
    "bathing": 4,
    "upper_clothing": 4,
    "lower_clothing": 4,
    "bladder": 4,
    "bowel": 4,
    "toileting": 4,
    "bed_position": 4,
    "transfer": 4,
    "walking": 4,
    "stairs": 3,
    "time_orientation": 4,
    "space_orientation": 4,
    "person_orientation": 4,
    "memory": 4,
    "understanding": 4,
    "expression": 4,
    "aggression": 1,
    "depression": 1,
    "consciousness": 2,
    "vision": 2,
    "hearing": 2,
    "daily_affairs": 4,
    "transport": 3,
    "social_contact": 4,
}
FULL_POINTS = 90
POINTS_OF_LEVEL = ((90, 90), (66, 89), (46, 65), (30, 45), (0, 29))
# shares of levels that are worse than their points; the rate is ours
WORSENED = 0.12
COMA = 0.05


class Flags(TypedDict):
    """What can worsen a level besides the points."""

    coma: bool
    diagnoses: list[str]
    psychiatrist_diagnosed: bool
    risk_events: int


def answers(rng: Random, level: int) -> tuple[dict[str, int], Flags]:
    """The 26 answers and flags that lead to a level under GB/T 42195-2022."""
    flags = Flags(
        coma=False,
        diagnoses=["I10"],
        psychiatrist_diagnosed=False,
        risk_events=rng.choice((0, 0, 0, 1)),
    )
    level_by_points = level
    if level >= 1 and rng.random() < WORSENED:
        level_by_points = level - 1
        if rng.choice(("dementia", "falls")) == "dementia":
            flags["diagnoses"] = ["F01"]
        else:
            flags["risk_events"] = rng.randint(2, 4)
    elif level == 4 and rng.random() < COMA:
        flags["coma"] = True
    total = rng.randint(*POINTS_OF_LEVEL[level_by_points])
    return _points(rng, FULL_POINTS - total), flags


def _points(rng: Random, lost: int) -> dict[str, int]:
    """Full points of every item, less so many that are lost by chance."""
    points = dict(MOST)
    items = list(MOST)
    while lost:
        item = rng.choice(items)
        if points[item]:
            points[item] -= 1
            lost -= 1
    return points
