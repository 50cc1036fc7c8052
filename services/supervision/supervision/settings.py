"""The knobs of supervision."""

from kit.runtime import settings

GROUP = "supervision"  # its consumer group; its timers are kept under the same name


class Settings(settings.Settings):
    """Nothing beyond what every service has; `personal_keys` seal the answers of commands."""

    service: str = "supervision"
