"""The built-in issuer: who gets a token, and that the platform accepts it."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from pydantic import SecretStr

from gateway.issuer import api as built_in
from gateway.issuer.tokens import Issuer
from kit.contracts.clock import Clock
from kit.contracts.refusals import Unauthenticated
from kit.db.store import Store
from kit.security.access import Caller
from kit.security.identity import Identity

NAME = "http://gateway"


def pem(key: Any) -> SecretStr:
    return SecretStr(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()
    )


@pytest.fixture
def own() -> Issuer:
    secrets = {
        "dispatch": SecretStr("a secret of dispatch"),
        "simulator": SecretStr("a secret of the city"),
        "smoke": SecretStr("a secret of the smoke test"),
    }
    return Issuer.from_settings(
        NAME, "eldercare", pem(ed25519.Ed25519PrivateKey.generate()), secrets
    )


@pytest_asyncio.fixture
async def trusting(own: Issuer, opened) -> AsyncIterator[Identity]:
    """An identity that reads its keys from the issuer under test."""
    keys = await opened(built_in.routes(own, None, None, one_box=False))  # type: ignore[arg-type] – the key set needs neither
    made = Identity(
        issuer=NAME, audience="eldercare", keys_url=f"{NAME}/.well-known/jwks.json", http=keys
    )
    yield made


@pytest_asyncio.fixture
async def unchanged(shared, clock: Clock) -> AsyncIterator[Store]:
    """A store that all tests share, since none of them adds a user."""
    made = Store(await shared("gateway"), service="gateway", clock=clock)
    yield made
    await made.close()


@pytest_asyncio.fixture
async def box(own: Issuer, unchanged: Store, trusting: Identity, opened) -> httpx.AsyncClient:
    return await opened(built_in.routes(own, unchanged, trusting, one_box=True))


@pytest_asyncio.fixture
async def production(
    own: Issuer, unchanged: Store, trusting: Identity, opened
) -> httpx.AsyncClient:
    return await opened(built_in.routes(own, unchanged, trusting, one_box=False))


async def granted(http: httpx.AsyncClient, client: str, secret: str) -> httpx.Response:
    return await http.post(
        "/token", data={"grant_type": "client_credentials"}, auth=(client, secret)
    )


async def logged_in(
    http: httpx.AsyncClient, username: str, password: str = "demo"
) -> httpx.Response:
    return await http.post(
        "/token", data={"grant_type": "password", "username": username, "password": password}
    )


async def operator(http: httpx.AsyncClient) -> dict[str, str]:
    token = (await granted(http, "simulator", "a secret of the city")).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


async def test_discovery_leads_to_the_keys(box: httpx.AsyncClient) -> None:
    configuration = (await box.get("/.well-known/openid-configuration")).json()
    keys = (await box.get(configuration["jwks_uri"])).json()["keys"]

    assert (configuration["issuer"], configuration["token_endpoint"]) == (NAME, f"{NAME}/token")
    assert [(key["kty"], key["crv"], key["alg"]) for key in keys] == [("OKP", "Ed25519", "EdDSA")]
    assert not any("d" in key for key in keys)


async def test_discovery_takes_no_address_over_from_the_caller(box: httpx.AsyncClient) -> None:
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}

    answer = await box.get("/.well-known/openid-configuration", headers=forged)

    assert answer.json()["token_endpoint"] == f"{NAME}/token"
    assert "evil.example" not in answer.text


async def test_a_program_with_its_secret_is_a_service(
    box: httpx.AsyncClient, trusting: Identity
) -> None:
    answer = await granted(box, "dispatch", "a secret of dispatch")

    assert answer.headers["cache-control"] == "no-store"
    caller = await trusting.verify(answer.json()["access_token"])
    assert (caller.client_id, caller.roles) == ("dispatch", frozenset({"service"}))


async def test_the_smoke_test_is_a_monitor_of_the_city_and_nobody_else(
    box: httpx.AsyncClient,
    trusting: Identity,
) -> None:
    caller = await trusting.verify(
        (await granted(box, "smoke", "a secret of the smoke test")).json()["access_token"]
    )

    assert (caller.client_id, caller.area, caller.service) == ("smoke", "341100000000", False)
    assert caller.roles == {"monitor"}
    assert not caller.organisation_id


@pytest.mark.parametrize(
    ("client", "secret"),
    [("dispatch", "another"), ("nobody", "x"), ("dispatch", ""), ("dispatch", "密码")],
)
async def test_a_wrong_secret_gets_no_token(
    box: httpx.AsyncClient, client: str, secret: str
) -> None:
    refused = await granted(box, client, secret)

    assert (refused.status_code, refused.json()) == (401, {"error": "invalid_client"})


@pytest.mark.parametrize(
    "header",
    [
        "Basic !!!",
        "Basic",
        "Bearer x",
        "",
        "Basic é".encode(),
        b"Basic \xff",
        b"Basic AAAA\xc3\xa9",
    ],
)
async def test_a_malformed_header_gets_no_token(
    box: httpx.AsyncClient, header: str | bytes
) -> None:
    refused = await box.post(
        "/token", data={"grant_type": "client_credentials"}, headers={"Authorization": header}
    )

    assert refused.status_code == 401


async def test_demo_users_log_in_with_their_scope(
    box: httpx.AsyncClient, trusting: Identity
) -> None:
    caller = await trusting.verify((await logged_in(box, "langya")).json()["access_token"])

    assert caller == Caller(
        "langya", "portal", frozenset({"official", "inspector"}), area="341102000000"
    )


@pytest.mark.parametrize(
    ("username", "password"), [("langya", "x"), ("langya", "密码"), ("nobody", "demo"), ("", "")]
)
async def test_a_wrong_password_logs_nobody_in(
    box: httpx.AsyncClient, username: str, password: str
) -> None:
    refused = await logged_in(box, username, password)

    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_grant"})


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ("grant_type=password&username=%00&password=demo", "username"),
        ("grant_type=password&username=city&password=%ED%A0%80", "password"),
        ("grant_type=password&username=city&username=langya&password=demo", "username"),
        ("grant_type=%00", "grant_type"),
    ],
)
async def test_a_form_that_is_none_is_refused_by_name(
    box: httpx.AsyncClient, form: str, field: str
) -> None:
    refused = await box.post("/token", content=form.encode())

    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    assert refused.json()["error_description"].startswith(f"{field}: ")


@pytest.mark.parametrize("text", ["a\u0000", "\ud800", "a" * 300, 5, "", None, ["x"]])
@pytest.mark.parametrize("field", ["username", "title", "worker_id", "elder_ids"])
async def test_a_text_of_a_demo_user_that_cannot_be_kept_is_refused(
    box: httpx.AsyncClient, field: str, text: object
) -> None:
    user = {"username": "somebody", "roles": ["worker"], field: text}
    if field != "username" and not text:
        return  # these may be absent
    if field == "elder_ids" and text == ["x"]:
        user[field] = [["x"]]

    refused = await box.post(
        "/onebox/users", content=json.dumps(user).encode(), headers=await operator(box)
    )

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


async def test_outside_one_box_nobody_has_a_password_and_nobody_mints(
    production: httpx.AsyncClient,
) -> None:
    assert (await logged_in(production, "langya")).json()["error"] == "unsupported_grant_type"
    for path in ("/onebox/users", "/onebox/tokens"):
        assert (
            await production.post(path, json={}, headers=await operator(production))
        ).status_code == 404


async def test_a_user_that_the_city_added_logs_in(
    own: Issuer, store: Store, trusting: Identity, opened
) -> None:
    box = await opened(built_in.routes(own, store, trusting, one_box=True))
    firm = {
        "username": "firm-1",
        "title": "Firm",
        "roles": ["provider"],
        "organisation_id": "0190a000-0000-7000-8000-000000000001",
    }
    await box.post("/onebox/users", json=firm, headers=await operator(box))

    caller = await trusting.verify((await logged_in(box, "firm-1")).json()["access_token"])

    assert caller.organisation_id == firm["organisation_id"]
    users = (await box.get("/onebox/users")).json()["users"]
    assert {"city", "firm-1"} <= {user["username"] for user in users}


FIRM, WORKER, ELDER, OTHER_ELDER, HOME = (
    f"00000000-0000-7000-8000-00000000000{number}" for number in range(1, 6)
)
SCOPES = {
    "provider": {"organisation_id": FIRM},
    "worker": {"organisation_id": FIRM, "worker_id": WORKER},
    "home": {"organisation_id": HOME},
    "elder": {"elder_ids": [ELDER]},
    "family": {"elder_ids": [ELDER, OTHER_ELDER]},
}


@pytest.mark.parametrize("role", SCOPES)
async def test_a_demo_user_of_each_role_that_the_city_knows_logs_in_with_its_scope(
    role: str,
    own: Issuer,
    store: Store,
    trusting: Identity,
    opened,
) -> None:
    box = await opened(built_in.routes(own, store, trusting, one_box=True))
    user = {"username": role, "title": role, "roles": [role], **SCOPES[role]}
    for _ in range(2):  # a city that begins again adds its users again
        assert (await box.post("/onebox/users", json=user, headers=await operator(box))).json() == {
            "username": role
        }

    caller = await trusting.verify((await logged_in(box, role)).json()["access_token"])

    wanted = {
        name: frozenset(claim) if isinstance(claim, list) else claim
        for name, claim in SCOPES[role].items()
    }
    assert caller == Caller(role, "portal", frozenset({role}), **wanted)
    listed = [
        one for one in (await box.get("/onebox/users")).json()["users"] if one["username"] == role
    ]
    assert listed == [{"username": role, "title": role, "roles": [role], "area": None}]


async def test_operators_mint_tokens_for_people(box: httpx.AsyncClient, trusting: Identity) -> None:
    people = [
        {"sub": "child", "roles": ["family"], "elder_ids": [ELDER, OTHER_ELDER]},
        {"sub": "w", "roles": ["worker"], "worker_id": WORKER},
    ]

    tokens = (
        await box.post("/onebox/tokens", json={"people": people}, headers=await operator(box))
    ).json()["tokens"]

    family, worker = [await trusting.verify(token) for token in tokens]
    assert (family.elder_ids, worker.worker_id) == (frozenset({ELDER, OTHER_ELDER}), WORKER)


@pytest.mark.parametrize("path", ["/onebox/users", "/onebox/tokens"])
async def test_only_operators_mint(box: httpx.AsyncClient, path: str) -> None:
    official = {"Authorization": f"Bearer {(await logged_in(box, 'city')).json()['access_token']}"}

    assert (await box.post(path, json={"people": []}, headers=official)).status_code == 403
    assert (await box.post(path, json={"people": []})).status_code == 401


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/onebox/tokens", b"{", "body"),
        ("/onebox/tokens", b"[]", "body"),
        ("/onebox/tokens", b"{}", "people"),
        ("/onebox/tokens", b'{"people": [{"sub": "x", "roles": ["king"]}]}', "roles"),
        ("/onebox/tokens", b'{"people": [{"sub": "x", "roles": [{}]}]}', "roles"),
        ("/onebox/tokens", b'{"people": [1]}', "people"),
        ("/onebox/users", b'{"roles": ["elder"]}', "username"),
        ("/onebox/users", b'{"username": "x"}', "roles"),
    ],
)
async def test_what_cannot_be_minted_is_named(
    box: httpx.AsyncClient, path: str, body: bytes, field: str
) -> None:
    refused = await box.post(path, content=body, headers=await operator(box))

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


async def test_tokens_of_both_keys_are_accepted_while_the_signing_key_rotates(opened) -> None:
    old, new = (pem(ed25519.Ed25519PrivateKey.generate()).get_secret_value() for _ in range(2))
    rings = (old, f"{old}\n{new}", new + old, new)
    before, announced, rotating, after = (
        Issuer.from_settings(NAME, "eldercare", SecretStr(ring), {}) for ring in rings
    )

    async def accepts(published: Issuer, signing: Issuer) -> bool:
        keys = await opened(built_in.routes(published, None, None, one_box=False))  # type: ignore[arg-type]
        identity = Identity(
            issuer=NAME, audience="eldercare", keys_url=f"{NAME}/.well-known/jwks.json", http=keys
        )
        try:
            return (
                await identity.verify(signing.token("who", {"roles": ["service"]}))
            ).subject == "who"
        except Unauthenticated:
            return False

    assert [await accepts(announced, signing) for signing in (before, announced, rotating)] == [
        True
    ] * 3
    assert [
        await accepts(rotating, signing) for signing in (before, announced, rotating, after)
    ] == [True] * 4
    assert not await accepts(after, before)
    assert await accepts(after, rotating)


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN PRIVATE KEY-----"])
def test_a_text_without_a_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="SIGNING_KEY"):
        Issuer.from_settings(NAME, "eldercare", SecretStr(text), {})


def test_another_kind_of_key_is_refused() -> None:
    with pytest.raises(ValueError, match="Ed25519"):
        Issuer.from_settings(NAME, "eldercare", pem(ec.generate_private_key(ec.SECP256R1())), {})
