"""The knobs of the gateway."""

from dataclasses import fields

from pydantic import Field, SecretStr

from gateway.http.limits import Bounds
from kit.runtime.settings import Settings as KitSettings


class Settings(KitSettings):
    """What the gateway needs beside what every service needs."""

    service: str = Field("gateway", min_length=1)
    listen: str = Field("127.0.0.1:8080", description="listen address of the public HTTP")
    services: dict[str, str] = Field(
        description='gRPC address by contract package: {"eldercare.assessment.v1": "host:port", …}'
    )
    peers: dict[str, str] = Field(
        default_factory=dict, description="one box only: management address (http://…) by service"
    )
    hash_keys: SecretStr = Field(
        description="id:base64,… of keys that mark cursors of the feed; the first is current"
    )
    signing_key: SecretStr | None = Field(
        None,
        description=(
            "Ed25519 keys (PEM) of the built-in issuer: the first signs, all are known; "
            "absent: tokens come from elsewhere"
        ),
    )
    clients: dict[str, SecretStr] = Field(
        default_factory=dict, description="secrets of the built-in issuer's clients, by client id"
    )
    traces_url: str | None = Field(
        None,
        pattern=r"^https?://\S*\{trace_id\}\S*$",
        description=(
            "page of a trace for people's browsers, with {trace_id} in it; absent: ids alone"
        ),
    )
    concurrency: int = Field(
        256,
        gt=0,
        description=(
            "requests under way at once, and as many without a token; more get 503 and come again"
        ),
    )
    client_concurrency: int = Field(
        64,
        gt=0,
        description="requests under way of one organisation, else subject: a quarter of all",
    )
    peer_concurrency: int = Field(
        128,
        gt=0,
        description=(
            "requests under way of one address without a token; all who come through one proxy "
            "are one address"
        ),
    )
    polls: int = Field(
        256,
        gt=0,
        description=(
            "polls of the feed at once, beside the requests: each asks the database five times "
            "a second"
        ),
    )
    client_polls: int = Field(
        16,
        gt=0,
        description="polls of the feed that wait for one organisation; one subscriber needs one",
    )
    client_files: int = Field(
        1,
        gt=0,
        description="files of one client that arrive or are read in: each is held in memory",
    )
    body_mib: int = Field(
        64, gt=0, description="largest file: one of 300 000 elders is about 45 MiB"
    )
    json_bytes: int = Field(
        1 << 20,
        gt=0,
        description=(
            "largest body but for files: 2 000 people for tokens are half of it; JSON grows "
            "thirtyfold in memory"
        ),
    )
    bodies_mib: int = Field(
        128,
        gt=0,
        description=(
            "files that arrive or are worked on, and as much of other bodies: two largest files"
        ),
    )
    header_bytes: int = Field(
        32 << 10, gt=0, description="longest header; a token has at most 8 KiB"
    )
    header_s: float = Field(10, gt=0, description="time of a header, from its first byte")
    body_s: float = Field(20, gt=0, description="time of a body; a file has ten times as long")
    connections: int = Field(
        4096, gt=0, description="open connections; each takes a file descriptor of the process"
    )
    peer_connections: int = Field(
        1024,
        gt=0,
        description=(
            "open connections of one address; one proxy must get through all requests and "
            "polls that may be under way"
        ),
    )

    def bounds(self) -> Bounds:
        """The bounds that the limits keep."""
        sizes = {"body_bytes": self.body_mib << 20, "bodies_bytes": self.bodies_mib << 20}
        same = [field.name for field in fields(Bounds) if field.name not in sizes]
        return Bounds(**sizes, **{name: getattr(self, name) for name in same})
