"""An issuer of tokens on loopback: two keys (Ed25519, RS256), their JWKS, and client credentials
for services.
"""

import base64
import json
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypedDict
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm

AUDIENCE = "eldercare"
LIFE_S = 300


class Spoken(TypedDict, total=False):
    """For whom a token speaks, as `Issuer.token` takes it."""

    area: str | None
    organisation_id: str | None
    elder_ids: Sequence[str]
    worker_id: str | None
    subject: str
    client_id: str
    algorithm: str
    life_s: int


class Issuer:
    """Signs what a test asks it to; `url` is its `iss`, `keys_url` its JWKS, `token_url` turns
    client credentials into a token.
    """

    def __init__(self) -> None:
        self._ed25519 = Ed25519PrivateKey.generate()
        self._rsa: RSAPrivateKey = generate_private_key(65537, 2048)
        self.clients: dict[str, str] = {}  # client id → secret, for token_url
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.keys_url = f"{self.url}/keys"
        self.token_url = f"{self.url}/token"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def token(
        self,
        roles: Sequence[str] = ("operator",),
        *,
        area: str | None = None,
        organisation_id: str | None = None,
        elder_ids: Sequence[str] = (),
        worker_id: str | None = None,
        subject: str = "somebody",
        client_id: str = "tests",
        algorithm: str = "EdDSA",
        life_s: int = LIFE_S,
        **claims: object,
    ) -> str:
        """A token. algorithm: EdDSA or RS256. life_s: negative for one that has expired. claims:
        added, or in place of a usual one.
        """
        now = int(time.time())
        payload: dict[str, object] = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": subject,
            "azp": client_id,
            "iat": now,
            "nbf": now - 1,
        }
        payload |= {
            "exp": now + life_s,
            "jti": uuid.uuid4().hex,
            "roles": list(roles),
            "elder_ids": list(elder_ids),
        }
        scope = {"area": area, "organisation_id": organisation_id, "worker_id": worker_id}
        payload |= {name: value for name, value in scope.items() if value}
        key, key_id = (self._ed25519, "ed25519") if algorithm == "EdDSA" else (self._rsa, "rsa")
        return jwt.encode(payload | claims, key, algorithm=algorithm, headers={"kid": key_id})

    def service_token(self, name: str) -> str:
        """The token of a service itself, for internal methods."""
        return self.token(("service",), subject=name, client_id=name)

    def keys(self) -> dict[str, list[dict[str, str]]]:
        """The JWKS."""
        ed25519 = json.loads(OKPAlgorithm.to_jwk(self._ed25519.public_key()))
        rsa = json.loads(RSAAlgorithm.to_jwk(self._rsa.public_key()))
        both = [
            ed25519 | {"kid": "ed25519", "alg": "EdDSA", "use": "sig"},
            rsa | {"kid": "rsa", "alg": "RS256", "use": "sig"},
        ]
        return {"keys": both}

    def _grant(self, body: str, authorization: str) -> tuple[int, dict[str, object]]:
        form = {name: values[0] for name, values in parse_qs(body).items()}
        client = form.get("client_id", "")
        secret = form.get("client_secret", "")
        if authorization.startswith("Basic "):
            client, _, secret = base64.b64decode(authorization[6:]).decode().partition(":")
        if (
            form.get("grant_type") != "client_credentials"
            or not secret
            or self.clients.get(client) != secret
        ):
            return 401, {"error": "invalid_client"}
        return 200, {
            "access_token": self.service_token(client),
            "token_type": "Bearer",
            "expires_in": LIFE_S,
        }

    def _handler(issuer) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                known = self.path in ("/keys", "/.well-known/jwks.json")
                self._say(200 if known else 404, issuer.keys() if known else {"error": "not_found"})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
                self._say(*issuer._grant(body, self.headers.get("authorization", "")))

            def _say(self, status: int, answer: Mapping[str, object]) -> None:
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: object) -> None:
                """Silent: tests have their own output."""

        return Handler


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    """`issuer.token(roles=["official"], area="341100000000")`."""
    started = Issuer()
    started.start()
    yield started
    started.stop()
