"""Runs the in-memory Kafka broker of librdkafka until it is ended: `python -m devservers.memory
ADDRESS_FILE`.
"""

import signal
import sys
from pathlib import Path

from confluent_kafka import Producer


def main(address_file: str) -> None:
    """Writes the bootstrap address into the file once it answers, and prints it."""
    broker = Producer({"test.mock.num.brokers": 1, "log_level": 3})
    known = broker.list_topics(timeout=10).brokers.values()
    address = ",".join(f"{each.host}:{each.port}" for each in known)
    sys.stdout.write(
        f"Kafka in memory at {address}. It forgets everything when it ends and keeps about "
        "5 MB a partition.\n"
    )
    sys.stdout.flush()
    draft = Path(address_file + ".new")
    draft.write_text(address)
    draft.rename(address_file)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main(sys.argv[1])
