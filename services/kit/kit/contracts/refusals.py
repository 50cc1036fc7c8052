"""What goes wrong, by whose fault it is; that one fact decides status, log, retry and parking.

EldercareError
├─ Refusal            the caller asked for what the rules forbid
│  ├─ Malformed       the request breaks a constraint of its contract
│  ├─ NotFound        no such row, or none that this caller may see
│  ├─ Conflict        what is there already forbids it
│  │  └─ Outdated     what is there was changed since the caller read it
│  ├─ Denied          the caller's roles do not include this method
│  └─ Unauthenticated nobody vouches for the caller
└─ Unavailable        a neighbour did not answer in time
(anything else)       a defect of ours

A service declares its refusals in one form: a class with the text in both languages, the offending
field where it is always the same, and no `__init__`. Facts are keywords where it is raised; the
text names them, and they travel with the reason. A fact may be an id as it is, since it is written
as text at the edge, or a phrase, of which the key travels:

    class TooYoung(Refusal):
        # its docstring says what the rules forbid, and the facts' units
        text = Phrase(
            "the person is {age}, an elder is at least {least_age}",
            "此人 {age} 岁，老年人须年满 {least_age} 岁",
        )
        field = "id_number"

    raise TooYoung(age=57, least_age=60)
    raise ImpossibleDay(field="died_on", day=day, why=IN_THE_FUTURE)
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from kit.contracts.phrases import Phrase

DOMAIN = "eldercare"
_NO_SUCH = Phrase("no such {kind}", "没有这样的{kind}")
_OWN = frozenset({"facts", "phrase", "reason"})  # what an error has besides what its class has


@dataclass(frozen=True, slots=True)
class Consequence:
    """What one kind of error leads to at each edge.

    code: name of the gRPC status. http: status. message: what becomes of a Kafka record. log:
    level. alert: who is called.
    """

    code: str
    http: int
    message: Literal["park", "retry", "three tries"]
    log: Literal["info", "warning", "exception"]
    alert: Literal["no", "if the limit trips", "if it lasts", "yes"]


class EldercareError(Exception):
    """An error that tells whose fault it is, in `phrase` to a caller of either language.

    `facts` are also attributes, and may have any name; `reason` is stable over releases and is
    what a caller compares, never the text. `field` names the offending field of the request, where
    there is one.
    """

    text: ClassVar[Phrase] = Phrase("it failed", "未能完成")
    field: str | None = None
    retry_after_s: float | None = None
    _reason: ClassVar[str] = "ELDERCARE_ERROR"

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._reason = re.sub(
            r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", cls.__name__
        ).upper()

    def __init__(
        self, text: Phrase | None = None, /, *, field: str | None = None, **facts: object
    ) -> None:
        self.facts: dict[str, object] = facts
        self.reason: str = self._reason
        self._bear(facts)
        if field is not None:
            self.field = field
        self.phrase = self.text.of(**facts) if text is None else text
        super().__init__(self.phrase)

    def _bear(self, facts: Mapping[str, object]) -> None:
        """Makes facts attributes, but for names that every error has: a fact called `reason` does
        not change the reason.
        """
        for name, fact in facts.items():
            if name not in _OWN and not hasattr(EldercareError, name):
                setattr(self, name, fact)

    @property
    def violations(self) -> tuple[tuple[str, Phrase], ...]:
        """Pairs of offending field and broken rule."""
        if not self.field:
            return ()
        return ((self.field, Phrase(self.phrase, self.phrase.zh, key=self.reason)),)


class Refusal(EldercareError):
    """The caller asked for what the rules forbid; asking again does not help."""

    text = Phrase("the rules forbid it", "规则不允许")


class Malformed(Refusal):
    """A field of the request breaks a constraint of its contract.

    rule: a phrase with a key, such as those of `kit.contracts.rules`.
    """

    text = Phrase(
        "each field that `errors` names breaks the rule beside it",
        "`errors` 列出的每个字段都违反了所附的规则",
    )

    def __init__(
        self, field: str, rule: Phrase, *, also: Iterable[tuple[str, Phrase]] = ()
    ) -> None:
        self.rule = rule
        self._violations = ((field, rule), *also)
        en = "; ".join(f"{name}: {broken}" for name, broken in self._violations)
        zh = "；".join(f"{name}：{broken.zh}" for name, broken in self._violations)
        super().__init__(Phrase(en, zh), field=field)

    @property
    def violations(self) -> tuple[tuple[str, Phrase], ...]:
        return self._violations


class NotFound(Refusal):
    """There is no such row, or none that this caller may see; the two are never told apart."""

    text = Phrase("no {kind} {key}", "没有{kind} {key}")

    def __init__(
        self, kind: str | type = "row", key: object = None, *, field: str | None = None
    ) -> None:
        name = kind if isinstance(kind, str) else kind.__name__
        text = self.text if key is not None else _NO_SUCH
        super().__init__(text.of(kind=name, key=key), field=field, kind=name, key=key)


class Conflict(Refusal):
    """What is there already forbids it; another request, or the same one later, may pass."""

    text = Phrase("what is there already forbids it", "现有情况不允许")


class Outdated(Conflict):
    """The row was changed since the caller read it: the change must be looked at before another
    one is made over it.
    """

    field = "version"
    text = Phrase(
        "it is of version {version} now; read it again", "现在的版本是 {version}，请重新读取"
    )


class Denied(Refusal):
    """The caller's roles do not include this method."""

    text = Phrase("the caller may not do this", "调用者无权这样做")


class Unauthenticated(Refusal):
    """No valid token came with the call."""

    text = Phrase("no valid token came with the call", "调用没有带有效的令牌")


class Unavailable(EldercareError):
    """A neighbour did not answer in time; the request may pass after `retry_after_s` seconds."""

    text = Phrase("{neighbour} does not answer", "{neighbour}没有应答")

    def __init__(
        self, neighbour: str, text: Phrase | None = None, /, *, retry_after_s: float = 1.0
    ) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(text, neighbour=neighbour)


CONSEQUENCES: dict[type[BaseException], Consequence] = {
    Malformed: Consequence("INVALID_ARGUMENT", 422, "park", "warning", "if the limit trips"),
    NotFound: Consequence("NOT_FOUND", 404, "park", "info", "no"),
    Conflict: Consequence("ABORTED", 409, "park", "info", "no"),
    Outdated: Consequence("ABORTED", 412, "park", "info", "no"),
    Denied: Consequence("PERMISSION_DENIED", 403, "park", "info", "no"),
    Unauthenticated: Consequence("UNAUTHENTICATED", 401, "park", "info", "no"),
    Refusal: Consequence("FAILED_PRECONDITION", 409, "park", "info", "no"),
    Unavailable: Consequence("UNAVAILABLE", 503, "retry", "warning", "if it lasts"),
    BaseException: Consequence("INTERNAL", 500, "three tries", "exception", "yes"),
}
# of two kinds with one code the one that the tree names first, the more general
KINDS: dict[str, type[EldercareError]] = {
    consequence.code: kind
    for kind, consequence in reversed(CONSEQUENCES.items())
    if issubclass(kind, EldercareError)
}
_KINDS_BY_REASON = {kind._reason: kind for kind in CONSEQUENCES if issubclass(kind, EldercareError)}


def consequence(error: BaseException | type[BaseException]) -> Consequence:
    """The row of the table that the nearest ancestor of this error has."""
    kind = error if isinstance(error, type) else type(error)
    return next(CONSEQUENCES[ancestor] for ancestor in kind.__mro__ if ancestor in CONSEQUENCES)


def error_from_parts(
    code: str,
    text: Phrase,
    *,
    reason: str = "",
    facts: dict[str, object] | None = None,
    violations: Iterable[tuple[str, Phrase]] = (),
    retry_after_s: float | None = None,
) -> EldercareError:
    """The error of a neighbour, rebuilt from its parts: its class by `reason` where the tree has
    it, else by `code`; reason, facts and fields as they were sent.

    Raises: KeyError where the code belongs to no error of the tree.
    """
    kind = _KINDS_BY_REASON.get(reason) or KINDS[code]
    error = kind.__new__(kind)
    EldercareError.__init__(error, text)
    error.facts = dict(facts or {})
    error._bear(error.facts)
    pairs = tuple(violations)
    error.reason = reason or error.reason
    error.field = pairs[0][0] if pairs else None
    error.retry_after_s = retry_after_s
    if isinstance(error, Malformed):
        error.rule = pairs[0][1] if pairs else text
        error._violations = pairs
    return error
