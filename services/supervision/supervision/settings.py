"""The knobs of supervision."""

from kit.runtime import settings


class Settings(settings.Settings):
    """Nothing beyond what every service has; `personal_keys` seal the answers of commands."""

    service: str = "supervision"
