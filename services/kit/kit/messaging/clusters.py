"""Which Kafka cluster this is: offsets mean something only together with it."""

from aiokafka.admin import AIOKafkaAdminClient

from kit.messaging.bootstrap import Bootstrap
from kit.messaging.starting import start


async def cluster_of(kafka: Bootstrap) -> str:
    """The cluster's id. Raises: KafkaError, OSError."""
    admin = AIOKafkaAdminClient(**kafka.aiokafka())
    try:
        await start(admin)
        described = await admin.describe_cluster()
        return str(described["cluster_id"])
    finally:
        await admin.close()
