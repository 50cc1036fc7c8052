"""The knobs of the gateway."""

from pydantic import Field, SecretStr

from kit.settings import Settings as KitSettings


class Settings(KitSettings):
    """What the gateway needs beside what every service needs."""

    service: str = Field("gateway", min_length=1)
    listen: str = Field("127.0.0.1:8080", description="listen address of the public HTTP")
    services: dict[str, str] = Field(description='gRPC address by contract package: {"eldercare.assessment.v1": "host:port", …}')
    peers: dict[str, str] = Field(default_factory=dict, description="one box only: management address (http://…) by service")
    hash_keys: SecretStr = Field(description="id:base64,… of keys that mark cursors of the feed; the first is current")
    signing_key: SecretStr | None = Field(
        None, description="Ed25519 keys (PEM) of the built-in issuer: the first signs, all are known; absent: tokens come from elsewhere",
    )
    clients: dict[str, SecretStr] = Field(default_factory=dict, description="secrets of the built-in issuer's clients, by client id")
    traces_url: str | None = Field(
        None, pattern=r"^https?://\S*\{trace_id\}\S*$",
        description="page of a trace for people's browsers, with {trace_id} in it; absent: ids alone",
    )
    concurrency: int = Field(256, description="requests under way at once; more are told to come again")
    body_mib: int = Field(64, description="largest body: a file of 300 000 elders is about 45 MiB")
