"""GET /problems and /problems/…: what each `type` of a problem means, as a page, and as JSON to who
asks for that.

The texts stand beside the refusals of each service; `python -m city.operations.problems` collects
them when the gateway is built, since the gateway knows no service.
"""

import html
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TypedDict

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from gateway.http import language
from gateway.http.problems import PAGES, Kind, Problem, page_of, title_of
from kit.contracts.phrases import Language, Phrase

BUILT = Path(__file__).parents[1] / "problems.json"
NO_PAGE = Kind(404, "NOT_FOUND", Phrase("no problem has this name", "没有这个名称的问题"))

Texts = dict[Language, str]


class Entry(TypedDict):
    """One reason. texts: as they are told, facts in braces. rules: by code, of MALFORMED."""

    status: int
    service: list[str]
    fields: list[str]
    texts: list[Texts]
    rules: dict[str, Texts]


Catalogue = Mapping[str, Entry]  # by reason

_WORDS: dict[str, Phrase] = {
    "all": Phrase("All problems", "全部问题"),
    "code": Phrase("Code", "代码"),
    "field": Phrase("Field", "字段"),
    "reason": Phrase("Reason", "原因代码"),
    "rule": Phrase("Rule", "规则"),
    "status": Phrase("Status", "状态码"),
    "text": Phrase("What it says", "说明"),
    "title": Phrase("Problems", "问题目录"),
    "what": Phrase("What to do", "如何处理"),
    "who": Phrase("Who answers it", "由谁答复"),
}
_ADVICE: dict[int, Phrase] = {
    400: Phrase("Send a request of HTTP/1.1.", "请发送 HTTP/1.1 请求。"),
    401: Phrase("Ask the issuer for a token and send it.", "请向签发服务取得令牌后再发送。"),
    403: Phrase("Ask somebody whose role or person may do it.", "请由有相应角色或身份的人员办理。"),
    404: Phrase(
        "Check the id: it names nothing, or nothing that you may see.",
        "请核对标识：它不存在，或您无权查看。",
    ),
    405: Phrase("Look the method up in /openapi.json.", "请在 /openapi.json 中查找方法。"),
    408: Phrase("Send it again, faster.", "请更快地重新发送。"),
    409: Phrase(
        "The rules, or what is there already, forbid it: the same request does not help before "
        "something has changed.",
        "规则或现有情况不允许：在情况改变之前，重复同样的请求没有帮助。",
    ),
    410: Phrase("Go on from the cursor that the facts name.", "请从 facts 给出的游标继续。"),
    412: Phrase(
        "Read it again, look at the change, and send yours with the new ETag.",
        "请重新读取，查看更改，再带新的 ETag 发送。",
    ),
    413: Phrase("Send it in smaller parts.", "请分成较小的部分发送。"),
    422: Phrase(
        "Mend each field that `errors` names; `code` tells the rule to a program.",
        "请改正 `errors` 列出的每个字段；`code` 供程序识别规则。",
    ),
    429: Phrase("Wait as `Retry-After` says.", "请按 `Retry-After` 等待。"),
    431: Phrase("Send a shorter header.", "请缩短请求头。"),
    500: Phrase("Tell the operators the trace id.", "请把 trace_id 告知运维人员。"),
    503: Phrase(
        "Wait as `Retry-After` says, and send it again with the same idempotency key.",
        "请按 `Retry-After` 等待，再用同一幂等键重新发送。",
    ),
}
_STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem}"
    "dt{font-weight:600;margin-top:1rem}dd{margin:0}"
    "td,th{text-align:left;padding:.2rem 1rem .2rem 0}"
)


def routes(catalogue: Catalogue | None = None) -> list[Route]:
    """catalogue: None: the one that was built."""

    def known() -> Catalogue:
        return catalogue if catalogue is not None else built()

    async def index(request: Request) -> Response:
        if _wants_json(request):
            return JSONResponse({"problems": known()}, headers=_headers(None))
        chosen = language.of_scope(request.scope)
        return HTMLResponse(_index(known(), chosen), headers=_headers(chosen))

    async def page(request: Request) -> Response:
        reason = request.path_params["name"].upper().replace("-", "_")
        entry = known().get(reason)
        if entry is None:
            return Problem(NO_PAGE)
        if _wants_json(request):
            return JSONResponse({"reason": reason, **entry}, headers=_headers(None))
        chosen = language.of_scope(request.scope)
        return HTMLResponse(_page(reason, entry, chosen), headers=_headers(chosen))

    return [Route(PAGES, index), Route(PAGES + "/{name}", page)]


@cache
def built() -> Catalogue:
    """What the build collected; nothing where it did not."""
    read: Catalogue = json.loads(BUILT.read_text("utf-8")) if BUILT.exists() else {}
    return read


def _wants_json(request: Request) -> bool:
    accepted = request.headers.get("accept", "")
    return "json" in accepted and "text/html" not in accepted


def _headers(chosen: Language | None) -> dict[str, str]:
    headers = {"Vary": "Accept, Accept-Language", "X-Content-Type-Options": "nosniff"}
    if chosen is not None:
        headers["Content-Language"] = language.TAGS[chosen]
        headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return headers


def _index(known: Catalogue, chosen: Language) -> str:
    rows = "".join(
        f"<tr><td><a href='{page_of(reason)}'>{reason}</a></td><td>{entry['status']}</td>"
        f"<td>{html.escape(entry['texts'][0][chosen])}</td></tr>"
        for reason, entry in sorted(known.items())
    )
    heads = "".join(f"<th>{_WORDS[name].in_(chosen)}</th>" for name in ("reason", "status", "text"))
    return _document(_WORDS["title"].in_(chosen), f"<table><tr>{heads}</tr>{rows}</table>", chosen)


def _page(reason: str, entry: Entry, chosen: Language) -> str:
    status = entry["status"]
    texts = "<br>".join(html.escape(text[chosen]) for text in entry["texts"])
    parts = {
        "text": texts,
        "status": f"{status} {title_of(status).in_(chosen)}",
        "field": html.escape(", ".join(entry["fields"])),
        "who": html.escape(", ".join(entry["service"])),
        "what": html.escape(_ADVICE[status].in_(chosen)) if status in _ADVICE else "",
    }
    body = "".join(
        f"<dt>{_WORDS[name].in_(chosen)}</dt><dd>{text}</dd>"
        for name, text in parts.items()
        if text
    )
    rules = "".join(
        f"<tr><td>{code}</td><td>{html.escape(text[chosen])}</td></tr>"
        for code, text in sorted(entry["rules"].items())
    )
    if rules:
        heads = "".join(f"<th>{_WORDS[name].in_(chosen)}</th>" for name in ("code", "rule"))
        rules = f"<table><tr>{heads}</tr>{rules}</table>"
    back = f"<p><a href='{PAGES}'>{_WORDS['all'].in_(chosen)}</a></p>"
    return _document(reason, f"<dl>{body}</dl>{rules}{back}", chosen)


def _document(title: str, body: str, chosen: Language) -> str:
    return (
        f"<!doctype html><html lang='{language.TAGS[chosen]}'><head><meta charset='utf-8'>"
        f"<meta name='viewport' content='width=device-width'><title>{title}</title>"
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>{body}</body></html>"
    )
