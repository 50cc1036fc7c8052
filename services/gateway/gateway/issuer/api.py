"""The built-in issuer of the one-box city: key set, client_credentials for programs, password for
demo users.

Anywhere else an OpenID provider takes its place by configuration.
"""

import base64
import binascii
import hmac
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.http.callers import require_operator
from gateway.http.problems import to_problem
from gateway.issuer import queries
from gateway.issuer.tables import DemoUser
from gateway.issuer.tokens import LIFE_S, Claims, Issuer
from gateway.issuer.users import (
    CLIENTS,
    DEMO_PASSWORD,
    DEMO_USERS,
    SERVICE,
    SIMULATOR,
    claims_of,
)
from kit.contracts.refusals import EldercareError, Malformed
from kit.db.store import Store
from kit.security.identity import Identity

_LISTED = ("username", "title", "roles", "area")


def routes(issuer: Issuer, store: Store, identity: Identity, *, one_box: bool) -> list[Route]:
    """The issuer's routes; in one box also demo users, and tokens for the people of the simulated
    city (operators only).
    """

    async def discovery(request: Request) -> Response:
        return _discovery(issuer, request)

    async def keys(_: Request) -> Response:
        return JSONResponse({"keys": issuer.published})

    async def token(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(errors="replace")))
        grant = form.get("grant_type")
        if grant == "client_credentials":
            return _client_token(issuer, request)
        if grant == "password" and one_box:
            username = form.get("username", "")
            return await _user_token(issuer, store, username, form.get("password", ""))
        description = "client_credentials or password"
        return JSONResponse(
            {"error": "unsupported_grant_type", "error_description": description}, 400
        )

    always = [
        Route("/.well-known/openid-configuration", discovery),
        Route("/.well-known/jwks.json", keys),
        Route("/token", token, methods=["POST"]),
    ]
    return always + (_one_box_routes(issuer, store, identity) if one_box else [])


def _one_box_routes(issuer: Issuer, store: Store, identity: Identity) -> list[Route]:
    async def users(_: Request) -> Response:
        async with store.reading() as session:
            rows = await queries.added_users(session)
        added = [{"username": row.username, "title": row.title, **row.claims} for row in rows]
        listed = [{name: user.get(name) for name in _LISTED} for user in (*DEMO_USERS, *added)]
        return JSONResponse({"users": listed})

    async def add_user(request: Request) -> Response:
        try:
            await require_operator(identity, request)
            user = _demo_user(await _json_object(request))
            username = user.username
            async with store.transaction() as session:
                await session.merge(user)
        except EldercareError as error:
            return to_problem(error)
        return JSONResponse({"username": username})

    async def mint(request: Request) -> Response:
        """Tokens for a list of people: the simulated city acts for thousands."""
        try:
            await require_operator(identity, request)
            people = _people(await _json_object(request))
            tokens = [
                issuer.token(subject, claims, client=SIMULATOR, life_s=12 * LIFE_S)
                for subject, claims in people
            ]
        except EldercareError as error:
            return to_problem(error)
        return JSONResponse({"tokens": tokens})

    return [
        Route("/onebox/users", users),
        Route("/onebox/users", add_user, methods=["POST"]),
        Route("/onebox/tokens", mint, methods=["POST"]),
    ]


def _discovery(issuer: Issuer, request: Request) -> Response:
    """Source: OpenID Connect Discovery 1.0, section 3."""
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


async def _json_object(request: Request) -> dict[str, object]:
    try:
        body = await request.json()
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Malformed("body", "is a JSON object")
    return body


def _demo_user(body: dict[str, object]) -> DemoUser:
    username = body.get("username")
    claims = claims_of(body)
    if not isinstance(username, str) or not username:
        raise Malformed("username", "is a text")
    return DemoUser(username=username, title=str(body.get("title", "")), claims=claims)


def _people(body: dict[str, object]) -> list[tuple[str, Claims]]:
    """Subject and claims of each."""
    people = body.get("people")
    if not isinstance(people, list) or not all(
        isinstance(person, dict) and person.get("sub") for person in people
    ):
        raise Malformed("people", "is a list of objects with sub and roles")
    return [(str(person["sub"]), claims_of(person)) for person in people]


def _client_token(issuer: Issuer, request: Request) -> Response:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    try:
        decoded = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        decoded = ""
    client_id, _, secret = decoded.partition(":")
    known = issuer.secrets.get(client_id)
    if scheme.lower() != "basic" or known is None or not _equal(known.get_secret_value(), secret):
        return JSONResponse({"error": "invalid_client"}, 401, {"WWW-Authenticate": "Basic"})
    claims = CLIENTS.get(client_id, SERVICE)
    return _granted(issuer.token(client_id, claims, client=client_id))


async def _user_token(issuer: Issuer, store: Store, username: str, password: str) -> Response:
    claims = next((user for user in DEMO_USERS if user["username"] == username), None)
    if claims is None:
        async with store.reading() as session:
            user = await queries.added_user(session, username)
        claims = user.claims if user else None
    if claims is None or not _equal(DEMO_PASSWORD, password):
        return JSONResponse({"error": "invalid_grant"}, 400)
    return _granted(issuer.token(username, claims_of(claims)))


def _equal(known: str, given: str) -> bool:
    return hmac.compare_digest(known.encode(), given.encode())


def _granted(token: str) -> Response:
    return JSONResponse(
        {"access_token": token, "token_type": "Bearer", "expires_in": LIFE_S},
        headers={"Cache-Control": "no-store"},
    )
