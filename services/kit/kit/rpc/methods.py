"""What the contracts say of a method, read once from its descriptor, and who may call it."""

import importlib
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from eldercare import options_pb2
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Denied, Unauthenticated
from kit.security.access import Caller, organisation_of

CHANNELS = frozenset({"portal", "hotline", "mobile", "terminal", "api", "internal"})
_SERVICES = Phrase("only services may call this method", "只有服务可以调用该方法")
_NOT_THIS_ONE = Phrase("this service may not call this method", "该服务不得调用该方法")
_NOT_YOUR_ROLES = Phrase(
    "none of the caller's roles may call this method", "调用者的任何角色都无权调用该方法"
)
MESSAGE_MOST_BYTES = 64 * 1024 * 1024  # an import travels in one message

# `time.monotonic()` at which the caller of the call being served stops waiting: a call to a
# neighbour may not last longer.
deadline: ContextVar[float | None] = ContextVar("deadline", default=None)

Served = TypeVar("Served", bound=Callable[..., Awaitable[Message]])


@dataclass(slots=True)
class Call:
    """What is known of one call beside its request.

    caller: whose rights count – the user, also where a service calls on the user's behalf. via:
    that service.
    key: idempotency key. now: business instant. channel: the way in. token: the user's, so that a
    neighbour can be asked on the user's behalf; None where no user stands behind the call.
    replayed: whether the answer is one that was given before.
    """

    caller: Caller
    key: str | None
    channel: str
    now: datetime
    correlation_id: str
    via: Caller | None = None
    method: str = ""
    token: str | None = field(default=None, repr=False)
    replayed: bool = False

    @property
    def client_id(self) -> str:
        """The program that calls."""
        return (self.via or self.caller).client_id

    @property
    def key_scope(self) -> str:
        """Whose idempotency keys these are: the program's, and of people of an organisation that
        organisation's there, since one program serves many firms.
        """
        own = organisation_of(self.caller)
        return f"{self.client_id} {own}" if own else self.client_id


@dataclass(frozen=True)
class Method:
    """One method of the contracts with its rights."""

    full_name: str
    path: str
    request: type[Message]
    reply: type[Message]
    roles: frozenset[str]
    internal: bool
    callers: frozenset[str]
    open: bool
    public: bool
    writes: bool
    area: str
    organisation: str
    person: str

    @classmethod
    def of(cls, descriptor: MethodDescriptor) -> "Method":
        """Reads a descriptor. Raises: TypeError where the contract does not say who may call."""
        access = descriptor.GetOptions().Extensions[options_pb2.access]
        if not (access.roles or access.internal or access.open):
            raise TypeError(
                f"{descriptor.full_name} does not say who may call it: option (eldercare.access)"
            )
        if access.internal != bool(access.callers):
            raise TypeError(f"{descriptor.full_name}: `internal` and `callers` go together")
        if descriptor.client_streaming or descriptor.server_streaming:
            raise TypeError(f"{descriptor.full_name} streams; the platform's contracts are unary")
        return cls(
            full_name=descriptor.full_name,
            path=f"/{descriptor.containing_service.full_name}/{descriptor.name}",
            request=message_factory.GetMessageClass(descriptor.input_type),
            reply=message_factory.GetMessageClass(descriptor.output_type),
            roles=frozenset(access.roles),
            internal=access.internal,
            callers=frozenset(access.callers),
            open=access.open,
            public=access.public,
            writes=access.writes,
            area=access.area,
            organisation=access.organisation,
            person=access.person,
        )

    def admit(self, bearer: Caller, user: Caller | None) -> tuple[Caller, Caller | None]:
        """Decides whose rights count: (the user or the service itself, the service that speaks for
        the user). The caller acts in those roles alone that admit the call.

        user: whom `on-behalf-of` names. Raises: Denied, Unauthenticated.
        """
        if user is not None and not bearer.service:
            raise Unauthenticated(
                Phrase("only a service may speak on behalf of somebody", "只有服务可以代表他人")
            )
        if self.internal:
            if not bearer.service:
                raise Denied(_SERVICES, method=self.full_name)
            if bearer.client_id not in self.callers:
                raise Denied(_NOT_THIS_ONE, method=self.full_name)
            return user or bearer, bearer
        caller = user or bearer
        if not self.open:
            caller = caller.acting_as(self.roles)
            if not caller.roles:
                raise Denied(_NOT_YOUR_ROLES, method=self.full_name)
        return caller, bearer if bearer.service else None


def manages_transactions(served: Served) -> Served:
    """Marks a method that makes its own transactions, because a call to a neighbour stands between
    two of them.
    """
    served.between = True  # type: ignore[attr-defined]
    return served


def has_own_transactions(served: Callable[..., object]) -> bool:
    """True for a method marked by `manages_transactions`."""
    return bool(getattr(served, "between", False))


def service_named(name: str) -> ServiceDescriptor:
    """The descriptor of a service; its generated module is imported where it is not yet. Raises:
    LookupError.
    """
    pool = descriptor_pool.Default()
    try:
        return pool.FindServiceByName(name)
    except KeyError:
        pass
    try:
        importlib.import_module(f"{name.rpartition('.')[0]}.api_pb2")
        return pool.FindServiceByName(name)
    except (ImportError, KeyError) as error:
        raise LookupError(f"no contract declares the service {name}") from error


def methods_of(name: str) -> dict[str, Method]:
    """The methods of a service, by their short names."""
    return {descriptor.name: Method.of(descriptor) for descriptor in service_named(name).methods}
