"""The knobs every service has; a service's own class adds its name and what is its own."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read once from the environment, in `__main__`; the variable of a field is its name in upper case."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    service: str = Field(min_length=1, description="name of the service: source of its events, group of its consumer")
    database: SecretStr = Field(description="postgresql://user:password@host:port/name, or postgresql://user@/name?host=/folder/of/socket")
    kafka: str = Field(min_length=3, description="bootstrap brokers, host:port[,host:port]")
    grpc: str = Field("127.0.0.1:0", description="listen address of gRPC; port 0 takes a free one")
    management: str = Field("127.0.0.1:0", description="listen address of health, status and metrics (HTTP)")
    issuer: str = Field(description="`iss` of the tokens that are accepted")
    keys_url: str = Field(description="address of the issuer's JWKS")
    audience: str = Field("eldercare", description="`aud` of the tokens that are accepted")
    client_secret: SecretStr | None = Field(None, description="this service's own secret at token_url; absent: it calls no neighbour")
    token_url: str | None = Field(None, description="where client_credentials are turned into a token")
    personal_keys: SecretStr | None = Field(None, description="id:base64,… of 32-byte AES-GCM keys; the first seals, all open")
    hash_keys: SecretStr | None = Field(None, description="id:base64,… of keys of searchable hashes; the first is current")
    clock_file: Path | None = Field(None, description="one box only: the business clock that all processes share")
    one_box: bool = Field(False, description="all services on one machine, with a business clock that can be moved on")
    otlp_endpoint: str | None = Field(None, description="OTLP collector; absent: traces and metrics stay here")
    parts: int = Field(1, ge=1, le=64, description="parts of the outbox, one relay each; drain the outbox before changing it")
    partitions: int = Field(4, ge=1, description="partitions of a topic at its creation; fixed afterwards, or the order per key breaks")
    replication: int = Field(1, ge=1, description="replicas of a topic at its creation")
    member: str | None = Field(None, description="this replica's name in its group, kept over restarts: it comes back without a rebalance")
    session_ms: int = Field(45_000, ge=6_000, description="after this silence of a replica Kafka gives its partitions to others")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$")
