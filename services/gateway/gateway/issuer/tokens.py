"""Mints tokens with an Ed25519 key, and publishes its public keys."""

import base64
import hashlib
import json
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from pydantic import SecretStr

Claims = Mapping[str, str | list[str]]  # roles, and of `SCOPE` what narrows them

LIFE_S = 3600
SCOPE = ("area", "organisation_id", "elder_ids", "worker_id")
_PEM = re.compile(r"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----", re.DOTALL)


@dataclass(frozen=True)
class Issuer:
    """Mints tokens with an Ed25519 key.

    name: `iss`. secrets: by client id; `users.CLIENTS` says what each may. older: keys that sign no
    more, or not yet; they are published too, so that their tokens are accepted.
    """

    name: str
    audience: str
    key: Ed25519PrivateKey
    secrets: Mapping[str, SecretStr]
    older: tuple[Ed25519PrivateKey, ...] = ()

    @classmethod
    def from_settings(
        cls, name: str, audience: str, keys: SecretStr, secrets: Mapping[str, SecretStr]
    ) -> "Issuer":
        """The first of the keys signs.

        Raises: ValueError where one is not an Ed25519 key, or none is there.
        """
        private = []
        for block in _PEM.findall(keys.get_secret_value()):
            key = serialization.load_pem_private_key(block.encode(), None)
            if not isinstance(key, Ed25519PrivateKey):
                raise ValueError("SIGNING_KEY is not an Ed25519 key")
            private.append(key)
        if not private:
            raise ValueError("SIGNING_KEY holds no private key in PEM")
        return cls(name, audience, private[0], secrets, tuple(private[1:]))

    @property
    def public(self) -> dict[str, str]:
        """The public key of the one that signs, as a JWK."""
        return _jwk(self.key)

    @property
    def published(self) -> list[dict[str, str]]:
        """The public keys of all whose tokens are accepted."""
        return [_jwk(key) for key in (self.key, *self.older)]

    def token(
        self, subject: str, claims: Claims, *, client: str = "portal", life_s: int = LIFE_S
    ) -> str:
        """A signed token."""
        now = int(time.time())
        payload: dict[str, object] = {
            "iss": self.name,
            "aud": self.audience,
            "sub": subject,
            "azp": client,
            "iat": now,
            "exp": now + life_s,
            "jti": uuid.uuid4().hex,
            "roles": claims["roles"],
        }
        payload |= {name: claims[name] for name in SCOPE if claims.get(name)}
        return jwt.encode(payload, self.key, "EdDSA", {"kid": self.public["kid"]})


def _jwk(key: Ed25519PrivateKey) -> dict[str, str]:
    """A public key as a JWK; its id is its thumbprint. Source: RFC 7638."""
    members = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    required = {name: members[name] for name in ("crv", "kty", "x")}
    canonical = json.dumps(required, separators=(",", ":")).encode()
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=")
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "use": "sig",
        "alg": "EdDSA",
        "x": members["x"],
        "kid": thumbprint.decode(),
    }
