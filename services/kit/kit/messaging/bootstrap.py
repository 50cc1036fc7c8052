"""Where Kafka's brokers are, and how a client of ours proves itself to them; the same for each
library that speaks with Kafka.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from kit.messaging import client_options

Security = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
_LOGINS = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}


@dataclass(frozen=True)
class Bootstrap:
    """The way in. brokers: host:port[,host:port]. ca: certificates (PEM) that sign the brokers'
    own; None: those the system trusts.

    client: what the operator sets of our clients (kit.messaging.client_options).
    Only combinations that `kit.runtime.settings.KafkaSettings` lets through make sense.
    """

    brokers: str
    security: Security = "PLAINTEXT"
    mechanism: Mechanism | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    client: Mapping[str, str] = field(default_factory=dict, hash=False)

    @classmethod
    def of(cls, kafka: "str | Bootstrap") -> "Bootstrap":
        """The same, or an unguarded way to these brokers."""
        return kafka if isinstance(kafka, Bootstrap) else cls(kafka)

    @property
    def servers(self) -> list[str]:
        """host:port of each broker that is asked first."""
        return [address.strip() for address in self.brokers.split(",")]

    @property
    def sealed(self) -> bool:
        """Whether the connections are encrypted."""
        return self.security in ("SSL", "SASL_SSL")

    def aiokafka(self) -> dict[str, object]:
        """Options of an aiokafka client."""
        return {"bootstrap_servers": self.servers, **self.connection()}

    def tuned(self, role: client_options.Role, **ours: int) -> dict[str, int | str]:
        """Keywords of an aiokafka client: ours, and over them what the operator sets."""
        return {**ours, **client_options.aiokafka(self.client, role)}

    def connection(self) -> dict[str, object]:
        """Options of one connection of aiokafka."""
        options: dict[str, object] = {"security_protocol": self.security}
        if self.sealed:
            options["ssl_context"] = ssl.create_default_context(cafile=self.ca)
        if self.mechanism:
            options |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        return options

    def faststream(self) -> BaseSecurity | None:
        """`security` of a FastStream broker, which takes nothing else."""
        context = ssl.create_default_context(cafile=self.ca) if self.sealed else None
        if self.mechanism:
            return _LOGINS[self.mechanism](
                self.username or "", self.password or "", ssl_context=context
            )
        return BaseSecurity(ssl_context=context) if context else None

    def librdkafka(self) -> dict[str, str | int | float | bool]:
        """Options of a client of confluent-kafka."""
        options: dict[str, str | int | float | bool] = {
            "bootstrap.servers": ",".join(self.servers),
            "security.protocol": self.security,
            "log_level": 0,
            **client_options.librdkafka(self.client),
        }
        if self.ca:
            options["ssl.ca.location"] = str(self.ca)
        if self.mechanism:
            options |= {
                "sasl.mechanism": self.mechanism,
                "sasl.username": self.username or "",
                "sasl.password": self.password or "",
            }
        return options
