"""Which Kafka cluster this is: offsets mean something only together with it."""

from aiokafka.admin import AIOKafkaAdminClient

from kit.messaging.bootstrap import Bootstrap


async def cluster_of(kafka: Bootstrap) -> str:
    """The cluster's id. Raises: KafkaError, OSError."""
    admin = AIOKafkaAdminClient(**kafka.aiokafka())
    try:
        await admin.start()
        described = await admin.describe_cluster()
        return str(described["cluster_id"])
    finally:
        await admin.close()
