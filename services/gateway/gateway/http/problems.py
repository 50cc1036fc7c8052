"""Errors as RFC 9457 problem documents: a stable reason, and for each offending field the rule it
breaks; sentences in the language of the request.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.http import language
from kit.contracts.phrases import Language, Phrase
from kit.contracts.refusals import EldercareError, consequence
from kit.observability import traces

PAGES = "/problems"
TITLES = {
    400: Phrase("Bad request", "请求有误"),
    401: Phrase("Unauthenticated", "未通过身份验证"),
    403: Phrase("Denied", "无权访问"),
    404: Phrase("Not found", "未找到"),
    405: Phrase("Method not allowed", "不支持该方法"),
    408: Phrase("Too slow", "过慢"),
    409: Phrase("Refused", "已拒绝"),
    410: Phrase("Gone", "已不存在"),
    412: Phrase("Changed meanwhile", "其间已被更改"),
    413: Phrase("Too large", "过大"),
    415: Phrase("Unsupported media type", "不支持的媒体类型"),
    422: Phrase("Malformed", "格式有误"),
    429: Phrase("Too many requests", "请求过多"),
    431: Phrase("Header too large", "请求头过大"),
    500: Phrase("Internal error", "内部错误"),
    503: Phrase("Unavailable", "暂不可用"),
}
_ERROR = Phrase("Error", "错误")


@dataclass(frozen=True)
class Kind:
    """What the gateway itself answers in place of a route: status, stable reason, text."""

    status: int
    reason: str
    text: Phrase

    def of(self, **facts: object) -> "Kind":
        """With the facts that the text names."""
        return replace(self, text=self.text.of(**facts))


INTERNAL = Kind(
    500,
    "INTERNAL",
    Phrase(
        "a defect of the platform; its operators find it by the trace id",
        "平台内部缺陷，运维人员可凭 trace_id 查找",
    ),
)


def title_of(status: int) -> Phrase:
    """The title of all problems with a status."""
    return TITLES.get(status, _ERROR)


def page_of(reason: str) -> str:
    """The path of the page that explains a reason."""
    return f"{PAGES}/{reason.lower().replace('_', '-')}"


class Problem(Response):
    """A problem document; in which language is known when it is sent."""

    media_type = "application/problem+json"

    def __init__(
        self,
        kind: Kind,
        *,
        errors: Iterable[tuple[str, Phrase]] = (),
        retry_after_s: float | None = None,
        facts: Mapping[str, object] | None = None,
    ) -> None:
        """errors: pairs of field and rule. facts: by name, whatever the names."""
        self._kind = kind
        self._errors = list(errors)
        self._facts = {
            name: fact.key if isinstance(fact, Phrase) else str(fact)
            for name, fact in (facts or {}).items()
        }
        self._trace_id = traces.current_trace_id()
        headers = {"Vary": "Accept-Language"}
        if retry_after_s is not None:
            headers["Retry-After"] = str(max(1, round(retry_after_s)))
        if kind.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        super().__init__(b"", kind.status, headers)
        self.tell(language.DEFAULT)

    def tell(self, chosen: Language) -> None:
        """Writes the document in a language."""
        document: dict[str, object] = {
            "type": page_of(self._kind.reason),
            "title": title_of(self._kind.status).in_(chosen),
            "status": self._kind.status,
            "reason": self._kind.reason,
            "detail": self._kind.text.in_(chosen),
        }
        if self._errors:
            document["errors"] = [
                {"field": field, "rule": rule.in_(chosen), "code": rule.key}
                for field, rule in self._errors
            ]
        if self._facts:
            document["facts"] = self._facts
        if self._trace_id:
            document["trace_id"] = self._trace_id
        self.body = json.dumps(document, ensure_ascii=False).encode()
        self.headers["Content-Length"] = str(len(self.body))
        self.headers["Content-Language"] = language.TAGS[chosen]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.tell(language.of_scope(scope))
        await super().__call__(scope, receive, send)


def defect() -> Problem:
    """The problem document of a defect: it names nothing of what went wrong."""
    return Problem(INTERNAL)


def to_problem(error: EldercareError) -> Problem:
    """The problem document of an error of the platform."""
    return Problem(
        Kind(consequence(error).http, error.reason, error.phrase),
        errors=error.violations,
        retry_after_s=error.retry_after_s,
        facts=error.facts,
    )
