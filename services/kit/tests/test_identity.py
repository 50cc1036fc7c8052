import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from kit.contracts.refusals import Unauthenticated, Unavailable
from kit.security import identity
from kit.security.identity import Identity, TokenSource


class Published:
    """An issuer's two pages as an application that httpx calls in this process: its keys can be
    withdrawn, and it can be down.
    """

    def __init__(self) -> None:
        self.keys = {"k1": Ed25519PrivateKey.generate()}
        self.reads = self.grants = 0
        self.down = False
        self.now = 1000.0

    def tick(self) -> float:
        return self.now

    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.down:
            raise httpx.ConnectError("down")
        answer = self._grant(Request(scope)) if scope["method"] == "POST" else self._published()
        await answer(scope, receive, send)

    def _grant(self, request: Request) -> JSONResponse:
        self.grants += 1
        if (
            base64.b64decode(request.headers["authorization"].removeprefix("Basic "))
            != b"dispatch:s3cret"
        ):
            return JSONResponse({"error": "invalid_client"}, 401)
        return JSONResponse({"access_token": f"token {self.grants}", "expires_in": 300})

    def _published(self) -> JSONResponse:
        self.reads += 1
        keys = [
            json.loads(OKPAlgorithm.to_jwk(key.public_key())) | {"kid": kid, "use": "sig"}
            for kid, key in self.keys.items()
        ]
        return JSONResponse(
            {
                "keys": [
                    *keys,
                    {"kty": "strange", "kid": "x"},
                    {"kty": "oct", "kid": "secret", "k": "AAAA"},
                ]
            }
        )

    def token(self, kid: str = "k1", key: Ed25519PrivateKey | None = None, **claims: object) -> str:
        payload = {
            "sub": "li",
            "iss": "http://issuer",
            "aud": "eldercare",
            "exp": time.time() + 60,
            "roles": ["official"],
        }
        payload |= {"area": "341100000000", **claims}
        payload = {name: value for name, value in payload.items() if value is not None}
        return jwt.encode(payload, key or self.keys[kid], algorithm="EdDSA", headers={"kid": kid})


@pytest.fixture
def published() -> Published:
    return Published()


@pytest.fixture
async def verifier(published) -> AsyncIterator[Identity]:
    made = Identity(
        issuer="http://issuer",
        audience="eldercare",
        keys_url="http://issuer/keys",
        http=published.http(),
        tick=published.tick,
    )
    yield made
    await made.close()


async def test_a_token_is_verified_once_and_then_known(verifier, published):
    token = published.token()

    callers = [await verifier.verify(token) for _ in range(3)]

    assert callers[0] is callers[2]
    assert (callers[0].subject, callers[0].area, published.reads) == ("li", "341100000000", 1)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": time.time() - 60},
        {"aud": "others"},
        {"iss": "http://else"},
        {"sub": None},
        {"exp": None},
        {"aud": None},
        {"nbf": time.time() + 86_400},  # from when the tests were collected
        {"exp": float("inf")},
        {"exp": 10**400},
        {"sub": "li\u0000"},
        {"sub": "li\ud800"},
        {"sub": "l" * 256},
        {"azp": "portal\u0000"},
        {"roles": 5},
    ],
)
async def test_a_token_with_a_wrong_claim_is_refused(verifier, published, claims):
    with pytest.raises(Unauthenticated):
        await verifier.verify(published.token(**claims))


@pytest.mark.parametrize("claimed", ["no id", "\u0000", "1" * 36, 5, ["x"], {}])
async def test_an_id_that_is_none_names_nobody(verifier, published, claimed):
    token = published.token(
        roles=["worker", "family"],
        organisation_id=claimed,
        worker_id=claimed,
        elder_ids=[claimed],
        area=claimed,
    )

    caller = await verifier.verify(token)

    assert (caller.organisation_id, caller.worker_id, caller.area) == (None, None, None)
    assert caller.elder_ids == frozenset()


async def test_a_token_signed_by_somebody_else_is_refused(verifier, published):
    with pytest.raises(Unauthenticated):
        await verifier.verify(published.token(key=Ed25519PrivateKey.generate()))


async def test_no_token_may_choose_a_weaker_signature(verifier, published):
    await verifier.verify(published.token())
    claims = {"sub": "li", "iss": "http://issuer", "aud": "eldercare", "exp": time.time() + 60}
    unsigned = jwt.encode(claims, "", algorithm="none", headers={"kid": "k1"})
    shared = jwt.encode(
        claims,
        published.keys["k1"].public_key().public_bytes_raw() * 2,
        algorithm="HS256",
        headers={"kid": "k1"},
    )

    deep = base64.urlsafe_b64encode(b'{"kid": ' + b"[" * 5000).decode()
    odd = ("é", "\u0000", "a.b.c", f"{deep}.e30.e30", f"{deep}.{deep[:90]}.{deep[:90]}")
    for token in (unsigned, shared, "", *odd, published.token()[:-4], "x" * 9000):
        with pytest.raises(Unauthenticated):
            await verifier.verify(token)


async def test_a_new_key_is_found_without_a_restart_and_a_flood_of_unknown_ones_is_not_passed_on(
    verifier, published
):
    await verifier.verify(published.token())
    published.keys["k2"] = Ed25519PrivateKey.generate()
    published.now += identity.REFETCH_S

    assert await verifier.verify(published.token("k2"))
    strangers = [
        published.token(f"s{number}", Ed25519PrivateKey.generate()) for number in range(50)
    ]
    refused = await asyncio.gather(
        *(verifier.verify(token) for token in strangers), return_exceptions=True
    )

    assert {type(error) for error in refused} == {Unauthenticated}
    assert published.reads == 2


async def test_a_withdrawn_key_stops_counting_for_known_tokens_too(verifier, published, until):
    token = published.token()
    await verifier.verify(token)
    published.keys = {"k2": Ed25519PrivateKey.generate()}
    published.now += identity.KEYS_FRESH_S

    async def refused() -> bool:
        try:
            await verifier.verify(token)
        except Unauthenticated:
            return True
        return False

    await until(refused, 5)


async def test_the_last_keys_count_while_the_issuer_is_down_but_not_forever(verifier, published):
    await verifier.verify(published.token())
    published.down = True
    published.now += identity.KEYS_FRESH_S

    assert await verifier.verify(published.token(sub="zhang"))
    published.now += identity.KEYS_STALE_S
    with pytest.raises(Unavailable):
        await verifier.verify(published.token(sub="wang"))


async def test_without_any_keys_the_issuer_is_unavailable_and_not_the_caller_wrong(
    verifier, published
):
    published.down = True

    with pytest.raises(Unavailable):
        await verifier.verify(published.token())


async def test_a_services_own_token_is_asked_for_once_and_again_before_it_ends(published):
    source = TokenSource(
        token_url="http://issuer/token",
        client_id="dispatch",
        client_secret="s3cret",
        http=published.http(),
        tick=published.tick,
    )

    first = await asyncio.gather(*(source.token() for _ in range(10)))
    published.now += 240
    second = await source.token()
    published.down = True
    published.now += 240

    assert set(first) == {"token 1"}
    assert second == await source.token() == "token 2"
    published.now += 60
    with pytest.raises(Unavailable):
        await source.token()
    await source.close()


async def test_a_wrong_secret_gives_no_token(published):
    source = TokenSource(
        token_url="http://issuer/token",
        client_id="dispatch",
        client_secret="wrong",
        http=published.http(),
        tick=published.tick,
    )

    with pytest.raises(Unavailable):
        await source.token()
    await source.close()


async def test_it_works_over_a_real_connection(issuer):
    issuer.clients["dispatch"] = "s3cret"
    verifier = Identity(issuer=issuer.url, audience="eldercare", keys_url=issuer.keys_url)
    source = TokenSource(token_url=issuer.token_url, client_id="dispatch", client_secret="s3cret")

    caller = await verifier.verify(await source.token())

    assert (caller.service, caller.client_id) == (True, "dispatch")
    assert (await verifier.verify(issuer.token(algorithm="RS256"))).roles == {"operator"}
    await verifier.close()
    await source.close()
