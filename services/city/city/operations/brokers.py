"""The way to brokers that somebody else runs."""

from kit.messaging.bootstrap import Bootstrap
from kit.runtime.entry import settings
from kit.runtime.settings import KafkaSettings


def configured_bootstrap(address: str) -> Bootstrap:
    """How to connect to these brokers by KAFKA_SECURITY and its like; ends the program where these
    are wrong.
    """
    return settings(KafkaSettings, kafka=address).bootstrap
