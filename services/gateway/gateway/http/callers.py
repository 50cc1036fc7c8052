"""Who calls: the token of a request, and what only operators may do."""

from starlette.requests import Request

from kit.contracts import rules
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Denied, EldercareError, Malformed, Unauthenticated
from kit.security.access import Caller
from kit.security.identity import Identity

NO_TOKEN = Phrase(
    "a request carries `Authorization: Bearer …`", "请求须带有 `Authorization: Bearer …`"
)
OPERATORS = Phrase("only operators of the platform", "只限平台运维人员")
_CALLER = "eldercare.caller"  # key of a request's scope: the caller, or why there is none


def header(request: Request, name: str) -> str | None:
    """The value of a header that is given once. Raises: Malformed.

    Of two, a proxy in front may read one and we the other. Source: RFC 9110, 5.3.
    """
    given = request.headers.getlist(name)
    if len(given) > 1:
        raise Malformed(name, rules.GIVEN_ONCE)
    return given[0] if given else None


def bearer(request: Request) -> str:
    """The token of a request.

    Raises: Unauthenticated, Malformed.
    """
    scheme, _, token = (header(request, "Authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(NO_TOKEN)
    return token.strip()


async def caller_of(identity: Identity, request: Request) -> Caller:
    """Who the token of a request names. Limits and route both ask; it is verified once.

    Raises: Unauthenticated, Malformed, Unavailable.
    """
    known: Caller | EldercareError | None = request.scope.get(_CALLER)
    if known is None:
        try:
            known = await identity.verify(bearer(request))
        except EldercareError as error:
            known = error
        request.scope[_CALLER] = known
    if isinstance(known, EldercareError):
        raise known
    return known


async def require_operator(identity: Identity, request: Request) -> None:
    """Raises: Unauthenticated, Denied."""
    caller = await caller_of(identity, request)
    if "operator" not in caller.roles:
        raise Denied(OPERATORS)
