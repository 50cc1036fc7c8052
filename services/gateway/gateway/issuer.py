"""The built-in issuer of the one-box city: key set, client_credentials for programs, password for
demo users.

Anywhere else an OpenID provider takes its place by configuration.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from pydantic import SecretStr
from sqlmodel import select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.problems import told
from gateway.routes import bearer
from gateway.tables import DemoUser
from kit.contracts.refusals import Denied, EldercareError, Malformed
from kit.db.store import Store
from kit.security.access import ROLES
from kit.security.identity import Identity

LIFE_S = 3600
_PEM = re.compile(r"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----", re.DOTALL)
SIMULATOR = "simulator"
# What a client is: `smoke` reads one list of every service, a board and the feed of an organisation
# that nobody is; the rest are services.
CLIENTS: dict[str, dict[str, Any]] = {
    SIMULATOR: {"roles": ["operator"]},
    "smoke": {
        "roles": ["inspector", "assessor", "provider"],
        "area": "341100000000",
        "organisation_id": "00000000-0000-7000-8000-00000000501e",
    },
}
SERVICE: dict[str, Any] = {"roles": ["service"]}
CLAIMS = ("area", "organisation_id", "elder_ids", "worker_id")
DEMO_PASSWORD = "demo"  # the demo users of a city that forgets; no other account has a default
# roles that need no one registered; a user of an organisation, a worker, an elder is added by
# whoever registered them
DEMO_USERS: tuple[dict[str, Any], ...] = (
    {
        "username": "city",
        "title": "滁州市民政局 City civil affairs",
        "roles": ["official", "inspector"],
        "area": "341100000000",
    },
    {
        "username": "langya",
        "title": "琅琊区民政局 County civil affairs",
        "roles": ["official", "inspector"],
        "area": "341102000000",
    },
    {
        "username": "tianchang",
        "title": "天长市民政局 County civil affairs, Tianchang",
        "roles": ["official"],
        "area": "341181000000",
    },
    {
        "username": "hotline",
        "title": "12349 热线坐席 Hotline operator",
        "roles": ["hotline"],
        "area": "341100000000",
    },
    {
        "username": "inspector",
        "title": "市级监管员 City inspector",
        "roles": ["inspector"],
        "area": "341100000000",
    },
    {
        "username": "assessor",
        "title": "评估员 Assessor",
        "roles": ["assessor"],
        "area": "341100000000",
        "worker_id": "00000000-0000-7000-8000-00000000a55e",
    },
    {"username": "operator", "title": "平台运维 Platform operator", "roles": ["operator"]},
)


@dataclass(frozen=True)
class Issuer:
    """Mints tokens with an Ed25519 key.

    name: `iss`. secrets: by client id; CLIENTS tells what each may. older: keys that sign no more,
    or
    not yet; they are published too, so that their tokens are accepted.
    """

    name: str
    audience: str
    key: ed25519.Ed25519PrivateKey
    secrets: dict[str, SecretStr]
    older: tuple[ed25519.Ed25519PrivateKey, ...] = ()

    @classmethod
    def made(
        cls, name: str, audience: str, keys: SecretStr, secrets: dict[str, SecretStr]
    ) -> "Issuer":
        """From settings; the first of the keys signs. Raises: ValueError where one is not an
        Ed25519 key, or none is there.
        """
        private = []
        for block in _PEM.findall(keys.get_secret_value()):
            key = serialization.load_pem_private_key(block.encode(), None)
            if not isinstance(key, ed25519.Ed25519PrivateKey):
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
        self,
        subject: str,
        roles: list[str],
        *,
        client: str = "portal",
        life_s: int = LIFE_S,
        **claims: Any,
    ) -> str:
        """A signed token. claims: area, organisation_id, elder_ids, worker_id."""
        now = int(time.time())
        payload = {
            "iss": self.name,
            "aud": self.audience,
            "sub": subject,
            "azp": client,
            "iat": now,
            "exp": now + life_s,
            "jti": uuid.uuid4().hex,
            "roles": roles,
        } | {name: claim for name, claim in claims.items() if name in CLAIMS and claim}
        return jwt.encode(payload, self.key, "EdDSA", {"kid": self.public["kid"]})


def routes(issuer: Issuer, store: Store, identity: Identity, *, one_box: bool) -> list[Route]:
    """The issuer's routes; in one box also demo users, and tokens for the people of the simulated
    city (operators only).
    """

    async def discovery(request: Request) -> Response:
        root = str(request.base_url).rstrip("/")
        return JSONResponse(
            {
                "issuer": issuer.name,
                "jwks_uri": f"{root}/.well-known/jwks.json",
                "token_endpoint": f"{root}/token",
                "grant_types_supported": ["client_credentials", "password"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "id_token_signing_alg_values_supported": ["EdDSA"],
                "response_types_supported": [],
                "subject_types_supported": ["public"],
            }
        )

    async def keys(_: Request) -> Response:
        return JSONResponse({"keys": issuer.published})

    async def token(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(errors="replace")))
        grant = form.get("grant_type")
        if grant == "client_credentials":
            return _client_token(issuer, request)
        if grant == "password" and one_box:
            return await _user_token(
                issuer, store, form.get("username", ""), form.get("password", "")
            )
        return JSONResponse(
            {
                "error": "unsupported_grant_type",
                "error_description": "client_credentials or password",
            },
            400,
        )

    async def users(_: Request) -> Response:
        async with store.reading() as session:
            rows = (await session.exec(select(DemoUser).order_by(DemoUser.username))).all()
        listed = [
            *DEMO_USERS,
            *({"username": row.username, "title": row.title, **row.claims} for row in rows),
        ]
        return JSONResponse(
            {
                "users": [
                    {name: user.get(name) for name in ("username", "title", "roles", "area")}
                    for user in listed
                ]
            }
        )

    async def add_user(request: Request) -> Response:
        try:
            await _operator(identity, request)
            body = await _object(request)
            username, claims = body.get("username"), _claims(body)
            if not isinstance(username, str) or not username:
                raise Malformed("username", "is a text")
            async with store.transaction() as session:
                await session.merge(
                    DemoUser(username=username, title=str(body.get("title", "")), claims=claims)
                )
        except EldercareError as error:
            return told(error)
        return JSONResponse({"username": username})

    async def mint(request: Request) -> Response:
        """Tokens for a list of people: the simulated city acts for thousands."""
        try:
            await _operator(identity, request)
            people = (await _object(request)).get("people")
            if not isinstance(people, list) or not all(
                isinstance(person, dict) and person.get("sub") for person in people
            ):
                raise Malformed("people", "is a list of objects with sub and roles")
            tokens = [
                issuer.token(
                    str(person["sub"]), client=SIMULATOR, life_s=12 * LIFE_S, **_claims(person)
                )
                for person in people
            ]
        except EldercareError as error:
            return told(error)
        return JSONResponse({"tokens": tokens})

    always = [
        Route("/.well-known/openid-configuration", discovery),
        Route("/.well-known/jwks.json", keys),
        Route("/token", token, methods=["POST"]),
    ]
    return always + (
        [
            Route("/onebox/users", users),
            Route("/onebox/users", add_user, methods=["POST"]),
            Route("/onebox/tokens", mint, methods=["POST"]),
        ]
        if one_box
        else []
    )


def _jwk(key: ed25519.Ed25519PrivateKey) -> dict[str, str]:
    """A public key as a JWK; its id is its thumbprint."""
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    print_ = hashlib.sha256(
        json.dumps({"crv": "Ed25519", "kty": "OKP", "x": x}, separators=(",", ":")).encode()
    ).digest()
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "use": "sig",
        "alg": "EdDSA",
        "x": x,
        "kid": base64.urlsafe_b64encode(print_).rstrip(b"=").decode(),
    }


async def _object(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Malformed("body", "is a JSON object")
    return body


def _claims(person: dict[str, Any]) -> dict[str, Any]:
    roles = person.get("roles")
    if (
        not isinstance(roles, list)
        or not roles
        or not all(role in ROLES for role in map(str, roles))
    ):
        raise Malformed("roles", f"is a list of {', '.join(sorted(ROLES))}")
    return {"roles": roles} | {name: person[name] for name in CLAIMS if person.get(name)}


def _client_token(issuer: Issuer, request: Request) -> Response:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        client_id, _, secret = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        client_id, secret = "", ""
    known = issuer.secrets.get(client_id)
    if (
        scheme.lower() != "basic"
        or known is None
        or not hmac.compare_digest(known.get_secret_value().encode(), secret.encode())
    ):
        return JSONResponse({"error": "invalid_client"}, 401, {"WWW-Authenticate": "Basic"})
    return _granted(issuer.token(client_id, **CLIENTS.get(client_id, SERVICE), client=client_id))


async def _user_token(issuer: Issuer, store: Store, username: str, password: str) -> Response:
    claims = next((user for user in DEMO_USERS if user["username"] == username), None)
    if claims is None:
        async with store.reading() as session:
            row = await session.get(DemoUser, username)
        claims = row.claims if row else None
    if claims is None or not hmac.compare_digest(password.encode(), DEMO_PASSWORD.encode()):
        return JSONResponse({"error": "invalid_grant"}, 400)
    return _granted(issuer.token(username, **_claims(claims)))


def _granted(token: str) -> Response:
    return JSONResponse(
        {"access_token": token, "token_type": "Bearer", "expires_in": LIFE_S},
        headers={"Cache-Control": "no-store"},
    )


async def _operator(identity: Identity, request: Request) -> None:
    caller = await identity.verify(bearer(request))
    if "operator" not in caller.roles:
        raise Denied("only operators of the platform")
