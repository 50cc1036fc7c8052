"""The built-in issuer of the one-box city: key set, client_credentials for programs, password for
demo users.

Anywhere else an OpenID provider takes its place by configuration.
"""

import base64
import hmac
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.contracts import json_text
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
    text_of,
)
from kit.contracts import rules, texts
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import EldercareError, Malformed
from kit.db.store import Store
from kit.security.identity import Identity

PEOPLE = Phrase(
    "is a list of objects with sub and roles", "应为对象列表，每个含 sub 和 roles", key="PEOPLE"
)
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
        try:
            form = _form(await request.body())
        except Malformed as error:
            return JSONResponse({"error": "invalid_request", "error_description": str(error)}, 400)
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
            user = _demo_user(json_text.document(await request.body()))
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
            people = _people(json_text.document(await request.body()))
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


def _discovery(issuer: Issuer, _: Request) -> Response:
    """Addresses under the issuer's own name: the caller's `Host` is nobody's word.

    Source: OpenID Connect Discovery 1.0, section 3.
    """
    root = issuer.name.rstrip("/")
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


def _form(body: bytes) -> dict[str, str]:
    """Raises: Malformed. Source: RFC 6749, 3.2: a parameter is given once."""
    form: dict[str, str] = {}
    for name, text in parse_qsl(body.decode(errors="replace")):
        if name in form:
            raise Malformed(json_text.shown(name), rules.GIVEN_ONCE)
        if rule := texts.fault(text):
            raise Malformed(json_text.shown(name), rule)
        form[name] = text
    return form


def _demo_user(body: dict[str, object]) -> DemoUser:
    title = body.get("title", "")
    return DemoUser(
        username=text_of("username", body.get("username")),
        title=text_of("title", title) if title else "",
        claims=claims_of(body),
    )


def _people(body: dict[str, object]) -> list[tuple[str, Claims]]:
    """Subject and claims of each."""
    people = body.get("people")
    if not isinstance(people, list) or not all(isinstance(person, dict) for person in people):
        raise Malformed("people", PEOPLE)
    return [(text_of("sub", person.get("sub")), claims_of(person)) for person in people]


def _client_token(issuer: Issuer, request: Request) -> Response:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    try:
        decoded = base64.b64decode(credentials, validate=True).decode()
    except ValueError:  # no base64, or no UTF-8 inside
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
