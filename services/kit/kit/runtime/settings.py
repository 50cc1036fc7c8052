"""The knobs every service has; a service's own class adds its name and what is its own."""

import json
import ssl
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from kit.messaging import client_options
from kit.messaging.bootstrap import Bootstrap, Mechanism, Security


class KafkaSettings(BaseSettings):
    """Where Kafka is and how to get in; a combination that can not work is refused under the name
    of the field to mend.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    kafka: str = Field(
        pattern=r"^\S+:\d+(\s*,\s*\S+:\d+)*$",
        description="bootstrap brokers, host:port[,host:port]",
    )
    kafka_security: Security = Field(
        "PLAINTEXT",
        description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL, as the brokers' listener has it",
    )
    kafka_mechanism: Mechanism | None = Field(
        None,
        validate_default=True,
        description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; needed with SASL alone",
    )
    kafka_username: str | None = Field(None, validate_default=True, description="user of SASL")
    kafka_password: SecretStr | None = Field(
        None, validate_default=True, description="password of SASL"
    )
    kafka_ca: Path | None = Field(
        None,
        description=(
            "PEM file of the certificates that sign the brokers'; absent: those the system trusts"
        ),
    )
    kafka_client: Annotated[dict[str, str], NoDecode] = Field(
        default_factory=dict,
        description=(
            "settings of our Kafka clients by their names there, texts: "
            '{"max.poll.interval.ms": "600000"}'
        ),
    )

    @field_validator("kafka_mechanism", "kafka_username", "kafka_password")
    @classmethod
    def _with_sasl(cls, value: object, info: ValidationInfo) -> object:
        security = info.data.get("kafka_security")
        if security is not None and security.startswith("SASL_") and value is None:
            raise ValueError(f"is needed with KAFKA_SECURITY={security}")
        if security is not None and not security.startswith("SASL_") and value is not None:
            raise ValueError(f"means nothing with KAFKA_SECURITY={security}")
        return value

    @field_validator("kafka_ca")
    @classmethod
    def _readable(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        security = info.data.get("kafka_security")
        if value is None or security is None:
            return value
        if not security.endswith("SSL"):
            raise ValueError(f"means nothing with KAFKA_SECURITY={security}")
        try:
            ssl.create_default_context(cafile=value)
        except OSError as error:  # an unreadable file, or one without a certificate
            raise ValueError(
                f"{value} holds no certificates that can be read: {error.strerror or error}"
            ) from None
        return value

    @field_validator("kafka_client", mode="before")
    @classmethod
    def _json(cls, value: object) -> object:
        return json.loads(value) if isinstance(value, str) else value

    @field_validator("kafka_client")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        client_options.check(value)
        return value

    @property
    def bootstrap(self) -> Bootstrap:
        """The way to Kafka."""
        password = self.kafka_password.get_secret_value() if self.kafka_password else None
        return Bootstrap(
            self.kafka,
            self.kafka_security,
            self.kafka_mechanism,
            self.kafka_username,
            password,
            self.kafka_ca,
            self.kafka_client,
        )


class Settings(KafkaSettings):
    """Read once from the environment, in `__main__`; the variable of a field is its name in upper
    case.
    """

    # False where a service keeps nothing personal: it has no keys, and answers are kept unsealed
    keeps_personal: ClassVar[bool] = True

    service: str = Field(
        min_length=1, description="name of the service: source of its events, group of its consumer"
    )
    database: SecretStr = Field(
        description=(
            "postgresql://user:password@host:port/name, or "
            "postgresql://user@/name?host=/folder/of/socket"
        )
    )
    grpc: str = Field("127.0.0.1:0", description="listen address of gRPC; port 0 takes a free one")
    management: str = Field(
        "127.0.0.1:0", description="listen address of health, status and metrics (HTTP)"
    )
    issuer: str = Field(description="`iss` of the tokens that are accepted")
    keys_url: str = Field(description="address of the issuer's JWKS")
    audience: str = Field("eldercare", description="`aud` of the tokens that are accepted")
    client_secret: SecretStr | None = Field(
        None, description="this service's own secret at token_url; absent: it calls no neighbour"
    )
    token_url: str | None = Field(
        None, description="where client_credentials are turned into a token"
    )
    personal_keys: SecretStr | None = Field(
        None, description="id:base64,… of 32-byte AES-GCM keys; the first seals, all open"
    )
    hash_keys: SecretStr | None = Field(
        None, description="id:base64,… of keys of searchable hashes; the first is current"
    )
    clock_file: Path | None = Field(
        None, description="one box only: the business clock that all processes share"
    )
    one_box: bool = Field(
        False, description="all services on one machine, with a business clock that can be moved on"
    )
    otlp_endpoint: str | None = Field(
        None, description="OTLP collector; absent: traces and metrics stay here"
    )
    parts: int = Field(
        1,
        ge=1,
        le=64,
        description="parts of the outbox, one relay each; drain the outbox before changing it",
    )
    partitions: int = Field(
        4,
        ge=1,
        description=(
            "partitions of a topic at its creation; fixed afterwards, or the order per key breaks"
        ),
    )
    replication: int = Field(1, ge=1, description="replicas of a topic at its creation")
    pool_size: int = Field(
        8,
        ge=2,
        le=100,
        description=(
            "connections to the database for transactions; half as many more read, as many "
            "again for hot flows"
        ),
    )
    member: str | None = Field(
        None,
        description=(
            "this replica's name in its group, kept over restarts: it comes back without a "
            "rebalance"
        ),
    )
    session_ms: int = Field(
        45_000,
        ge=6_000,
        description="after this silence of a replica Kafka gives its partitions to others",
    )
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$")
