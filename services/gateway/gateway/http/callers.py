"""Who calls: the token of a request, and what only operators may do."""

from starlette.requests import Request

from kit.contracts.refusals import Denied, Unauthenticated
from kit.security.identity import Identity


def bearer(request: Request) -> str:
    """The token of a request.

    Raises: Unauthenticated.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("a request carries `Authorization: Bearer …`")
    return token.strip()


async def require_operator(identity: Identity, request: Request) -> None:
    """Raises: Unauthenticated, Denied."""
    caller = await identity.verify(bearer(request))
    if "operator" not in caller.roles:
        raise Denied("only operators of the platform")
