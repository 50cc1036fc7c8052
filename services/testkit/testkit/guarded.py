"""Kafka behind passwords and certificates, for tests: one broker with a door of each kind."""

import datetime
import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from devservers.kafka import Kafka, Listener
from kit.messaging.bootstrap import Bootstrap, Mechanism, Security

PASSWORD = "rain-on-the-roof"
SCRAM = {
    "sasl.enabled.mechanisms": "SCRAM-SHA-512",
    "scram-sha-512.sasl.jaas.config": (
        "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    ),
}
PLAIN = {
    "sasl.enabled.mechanisms": "PLAIN",
    "plain.sasl.jaas.config": (
        f'org.apache.kafka.common.security.plain.PlainLoginModule required user_city="{PASSWORD}";'
    ),
}


def certificates(folder: Path) -> tuple[Path, Path]:
    """The certificate of an authority, and a key store (PEM) of a broker on 127.0.0.1 that it
    signed.
    """
    now = datetime.datetime.now(datetime.UTC)
    authority = ec.generate_private_key(ec.SECP256R1())
    broker = ec.generate_private_key(ec.SECP256R1())
    names = {
        each: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)])
        for each in ("authority", "broker")
    }

    def begun(subject: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        made = (
            x509.CertificateBuilder()
            .subject_name(names[subject])
            .issuer_name(names["authority"])
            .public_key(key.public_key())
        )
        made = made.serial_number(x509.random_serial_number())
        return made.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(
            now + datetime.timedelta(days=1)
        )

    use = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    signing = x509.SubjectKeyIdentifier.from_public_key(authority.public_key())
    signer = begun("authority", authority).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    signer = signer.add_extension(use, critical=True).add_extension(signing, critical=False)
    signed = (
        begun("broker", broker)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(signing), critical=False
        )
    )
    ca = folder / "authority.pem"
    store = folder / "broker.pem"
    ca.write_bytes(signer.sign(authority, hashes.SHA256()).public_bytes(Encoding.PEM))
    store.write_bytes(
        broker.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + signed.sign(authority, hashes.SHA256()).public_bytes(Encoding.PEM)
        + ca.read_bytes(),
    )
    return ca, store


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Bootstrap]]:
    """A broker with four guarded doors, and for each the right way in."""
    folder = tmp_path_factory.mktemp("guarded")
    ca, store = certificates(folder)
    sealed = {"ssl.keystore.type": "PEM", "ssl.keystore.location": str(store)}
    doors = {
        "SCRAM": Listener("SASL_PLAINTEXT", SCRAM),
        "WORD": Listener("SASL_PLAINTEXT", PLAIN),
        "SEAL": Listener("SSL", sealed),
        "BOTH": Listener("SASL_SSL", SCRAM | sealed),
    }
    broker = Kafka(
        folder / "data", heap_mb=384, short_lived=True, doors=doors, users={"city": PASSWORD}
    )
    broker.start(timeout=120)

    def by_password(
        door: str, security: Security, mechanism: Mechanism, ca: Path | None = None
    ) -> Bootstrap:
        address = broker.address_of(door)
        return Bootstrap(address, security, mechanism, username="city", password=PASSWORD, ca=ca)

    yield {
        "OPEN": Bootstrap(broker.address),
        "SCRAM": by_password("SCRAM", "SASL_PLAINTEXT", "SCRAM-SHA-512"),
        "WORD": by_password("WORD", "SASL_PLAINTEXT", "PLAIN"),
        "SEAL": Bootstrap(broker.address_of("SEAL"), "SSL", ca=ca),
        "BOTH": by_password("BOTH", "SASL_SSL", "SCRAM-SHA-512", ca),
    }
    broker.stop()
