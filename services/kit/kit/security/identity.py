"""Who speaks: verifies bearer tokens against the issuer's published keys, and gets this service's
own token.

Tokens live in real time; the business clock has no say here.
"""

import asyncio
import hashlib
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import httpx
import jwt

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Unauthenticated, Unavailable
from kit.security.access import Caller

ALGORITHMS = (
    "EdDSA",
    "ES256",
    "RS256",
)  # asymmetric only: a shared secret would let every service mint tokens
LEEWAY_S = 30
# after that the keys are read again beside the calls, so that a withdrawn key stops counting
KEYS_FRESH_S = 300.0
KEYS_STALE_S = 3600.0  # how long the last keys count while the issuer does not answer
# least pause between two reads: a flood of unknown key ids must not become a flood of requests
REFETCH_S = 5.0
KNOWN_MOST = 20_000  # verified tokens kept; about 12 MB
TOKEN_MOST_BYTES = 8_192
FETCH_TIMEOUT_S = 3.0


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates of this machine: to read them takes 40 ms, so all clients share them."""
    return httpx.create_ssl_context()


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=FETCH_TIMEOUT_S, follow_redirects=False, verify=_trusted())


@dataclass(frozen=True, slots=True)
class _Known:
    caller: Caller
    until: float
    key_id: str


class Identity:
    """Turns a token into its caller.

    issuer, audience: what `iss` and `aud` must be. keys_url: the issuer's JWKS. tick: seconds that
    only grow.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        keys_url: str,
        http: httpx.AsyncClient | None = None,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tick = tick
        self._issuer = issuer
        self._audience = audience
        self._keys_url = keys_url
        self._http = http or _client()
        self._keys: dict[str, jwt.PyJWK] = {}
        self._read_at = self._tried_at = float("-inf")
        self._reading = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None
        self._known: dict[bytes, _Known] = {}

    async def verify(self, token: str) -> Caller:
        """The caller a token names.

        Raises: Unauthenticated where it is not valid now; Unavailable where the issuer's keys
        cannot be had.
        """
        print_ = hashlib.blake2b(token.encode(), digest_size=16).digest()
        known = self._known.get(print_)
        age_s = self._tick() - self._read_at
        if KEYS_FRESH_S <= age_s < KEYS_STALE_S and (
            self._refreshing is None or self._refreshing.done()
        ):
            self._refreshing = asyncio.create_task(self._read(), name="keys of the issuer")
        if known is not None and time.time() < known.until and age_s < KEYS_STALE_S:
            return known.caller
        key_id, key = await self._key(token)
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
            caller = Caller.from_claims(claims)
            until = float(claims["exp"]) + LEEWAY_S
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated(Phrase("the token has expired", "令牌已过期")) from error
        except (jwt.PyJWTError, TypeError, ValueError, OverflowError, RecursionError) as error:
            raise Unauthenticated(Phrase("the token is not valid", "令牌无效")) from error
        if len(self._known) >= KNOWN_MOST:
            self._forget()
        self._known[print_] = _Known(caller, until, key_id)
        return caller

    async def close(self) -> None:
        """Closes the connections to the issuer."""
        if self._refreshing is not None:
            self._refreshing.cancel()
        await self._http.aclose()

    async def _key(self, token: str) -> tuple[str, jwt.PyJWK]:
        if len(token) > TOKEN_MOST_BYTES:
            raise Unauthenticated(Phrase("the token is longer than 8 KB", "令牌超过 8 KB"))
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise Unauthenticated(
                Phrase("the bearer is no signed token", "Bearer 之后不是已签名的令牌")
            ) from error
        key_id = str(header.get("kid", ""))
        if key_id not in self._keys or self._tick() - self._read_at >= KEYS_STALE_S:
            await self._read()
        key = self._keys.get(key_id)
        if key is None:
            raise Unauthenticated(
                Phrase(
                    "the token is signed with a key that the issuer does not publish",
                    "令牌的签名密钥未由签发服务公布",
                )
            )
        return key_id, key

    async def _read(self) -> None:
        """Reads the issuer's keys, once for all who wait, at most every few seconds."""
        asked_at = self._tick()
        async with self._reading:
            if self._tried_at >= asked_at or self._tick() - self._tried_at < REFETCH_S:
                self._usable()  # somebody else has just read them
                return
            self._tried_at = self._tick()
            try:
                answer = await self._http.get(self._keys_url)
                answer.raise_for_status()
                self._keys = _signing_keys(answer.json())
            except (httpx.HTTPError, ValueError, KeyError, TypeError, jwt.PyJWTError) as error:
                self._usable(error)
                return
            self._read_at = self._tick()
            self._known = {
                print_: known for print_, known in self._known.items() if known.key_id in self._keys
            }

    def _usable(self, error: Exception | None = None) -> None:
        if self._tick() - self._read_at >= KEYS_STALE_S:
            raise Unavailable(
                "issuer",
                Phrase("the issuer's keys cannot be read", "无法读取签发服务的密钥"),
                retry_after_s=REFETCH_S,
            ) from error

    def _forget(self) -> None:
        now = time.time()
        self._known = {print_: known for print_, known in self._known.items() if known.until > now}
        for print_ in list(self._known)[: max(0, len(self._known) - KNOWN_MOST // 2)]:
            del self._known[print_]


def _signing_keys(published: object) -> dict[str, jwt.PyJWK]:
    """The keys of a key set that may have signed a token, by their ids.

    Raises: ValueError where it is none. Source: RFC 7517, section 5.
    """
    if not isinstance(published, dict) or not isinstance(published.get("keys"), list):
        raise ValueError("this is no key set")
    keys = {}
    for entry in published["keys"]:
        if not _may_sign(entry):
            continue
        try:
            key = jwt.PyJWK.from_dict(entry)
        except jwt.PyJWTError:
            continue  # a key of a kind we do not know must not hide the ones we do
        if key.algorithm_name in ALGORITHMS:
            keys[str(entry["kid"])] = key
    return keys


def _may_sign(entry: dict[str, object]) -> bool:
    is_secret = entry.get("kty") == "oct"
    is_for_signatures = entry.get("use", "sig") == "sig"
    return is_for_signatures and not is_secret and bool(entry.get("kid"))


class TokenSource:
    """This service's own token, by client_credentials; asked for again when four fifths of its life
    are over.
    """

    def __init__(
        self,
        *,
        token_url: str,
        client_id: str,
        client_secret: str,
        http: httpx.AsyncClient | None = None,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tick = tick
        self._token_url = token_url
        self._auth = (client_id, client_secret)
        self._http = http or _client()
        self._token = ""
        self._renew_at = float("-inf")
        self._dead_at = float("-inf")
        self._asking = asyncio.Lock()

    async def token(self) -> str:
        """A token with life left. Raises: Unavailable."""
        if self._tick() < self._renew_at:
            return self._token
        async with self._asking:
            if self._tick() >= self._renew_at:
                await self._ask()
        return self._token

    async def _ask(self) -> None:
        try:
            answer = await self._http.post(
                self._token_url, data={"grant_type": "client_credentials"}, auth=self._auth
            )
            answer.raise_for_status()
            body = answer.json()
            self._token = str(body["access_token"])
            life = float(body.get("expires_in", 60))
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            if self._tick() < self._dead_at:
                return  # the old one still counts: try again at the next call
            raise Unavailable(
                "issuer",
                Phrase("the issuer gives no token", "签发服务没有给出令牌"),
                retry_after_s=REFETCH_S,
            ) from error
        self._renew_at = self._tick() + life * 0.8
        self._dead_at = self._tick() + life

    async def close(self) -> None:
        """Closes the connections to the issuer."""
        await self._http.aclose()
