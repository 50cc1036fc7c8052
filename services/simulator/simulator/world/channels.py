"""By which way people ask. Pure. Assumption: the shares."""

from random import Random

CHANNELS = (("PORTAL", 0.2), ("HOTLINE", 0.35), ("MOBILE", 0.35), ("TERMINAL", 0.1))


def channel(rng: Random) -> str:
    """By which way somebody asks."""
    names = [name for name, _ in CHANNELS]
    shares = [share for _, share in CHANNELS]
    return rng.choices(names, shares)[0]
