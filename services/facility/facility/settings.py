"""The knobs of this service."""

from kit.runtime import settings


class Settings(settings.Settings):
    """Nothing beyond what every service has; `personal_keys` and `hash_keys` are needed."""

    service: str = "facility"
