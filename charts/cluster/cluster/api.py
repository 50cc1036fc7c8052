"""A client of the API server that treats every warning as an error."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Object = dict[str, Any]
JSON = "application/json"
DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
# Events outlive what they tell of; the other two are deprecated views of EndpointSlices and of
# nothing, and listing them warns.
NOT_COUNTED = {"events", "endpoints", "componentstatuses"}


class Refused(Exception):
    """The server said no, or warned; the text is its own."""

    def __init__(self, status: int, text: str):
        super().__init__(f"{status}: {text}")
        self.status = status


@dataclass(frozen=True)
class Kind:
    """How objects of one kind are addressed."""

    version: str  # "v1", "apps/v1"
    kind: str
    plural: str
    namespaced: bool
    verbs: frozenset[str]


class Api:
    """Speaks to one API server as its administrator."""

    @classmethod
    def of(cls, kubeconfig: Path) -> Api:
        """Takes address, token and authority from a kubeconfig (JSON) that a ControlPlane wrote."""
        told = json.loads(kubeconfig.read_text())
        at = told["clusters"][0]["cluster"]
        return cls(
            at["server"], told["users"][0]["user"]["token"], Path(at["certificate-authority"])
        )

    def __init__(self, url: str, token: str, authority: Path):
        self._at, self._token, self._authority = urllib.parse.urlsplit(url).netloc, token, authority
        self._kinds: dict[tuple[str, str], Kind] = {}
        self._own = threading.local()  # a kept connection serves one call at a time

    def _exchange(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str]
    ) -> tuple[http.client.HTTPResponse, str]:
        """One request on this thread's connection, which is opened anew when the server has closed
        it in between.
        """
        while True:
            connection = getattr(self._own, "connection", None)
            kept = connection is not None
            if connection is None:
                context = ssl.create_default_context(cafile=str(self._authority))
                connection = self._own.connection = http.client.HTTPSConnection(
                    self._at, context=context, timeout=30
                )
            try:
                connection.request(method, path, data, headers)
                answer = connection.getresponse()
                return answer, answer.read().decode(errors="replace")
            except (http.client.HTTPException, OSError):
                self.close()
                if not kept:
                    raise

    def close(self) -> None:
        """Closes this thread's connection; the next call opens another."""
        if connection := getattr(self._own, "connection", None):
            connection.close()
        self._own.connection = None

    def call(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        content: str = JSON,
        accept: str = JSON,
    ) -> Any:
        """The decoded answer; a str where it is not JSON. Raises Refused, also for a warning."""
        data = None if body is None else json.dumps(body).encode()
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": content,
            "Accept": accept,
        }
        for wait_s in (0.2, 0.5, 1, 2, 4, 8, 16, 0):
            answer, text = self._exchange(method, path, data, headers)
            if (
                answer.status != 429
            ):  # the server asks to come again: the store of a new kind is being opened
                break
            time.sleep(wait_s)
        if answer.status >= 400:
            raise Refused(
                answer.status,
                json.loads(text).get("message", text) if text.startswith("{") else text,
            )
        if warnings := answer.headers.get_all("Warning"):
            raise Refused(
                299, f"{method} {path} was accepted with a warning: {'; '.join(warnings)}"
            )
        return json.loads(text) if answer.headers.get_content_type().endswith("json") else text

    def ready(self) -> bool:
        try:
            return self._authority.exists() and self.call("GET", "/readyz") == "ok"
        except (Refused, OSError, http.client.HTTPException):
            return False

    def kinds(self) -> Mapping[tuple[str, str], Kind]:
        """Every kind that the server knows, by (version, kind)."""
        if not self._kinds:
            for root in ("/api", "/apis"):
                for group in self.call("GET", root, accept=DISCOVERY)["items"]:
                    for version in group["versions"]:
                        name = "/".join(
                            filter(None, [group["metadata"].get("name"), version["version"]])
                        )
                        for found in version["resources"]:
                            kind, inside = (
                                found["responseKind"]["kind"],
                                found["scope"] == "Namespaced",
                            )
                            self._kinds[name, kind] = Kind(
                                name, kind, found["resource"], inside, frozenset(found["verbs"])
                            )
        return self._kinds

    def knows(self, version: str, kind: str) -> bool:
        """Asks the server anew when the kind is not among those it had at the last look."""
        if (version, kind) not in self._kinds:
            self._kinds = {}
        return (version, kind) in self.kinds()

    def path(
        self, version: str, kind: str, namespace: str | None = None, name: str | None = None
    ) -> str:
        """Raises KeyError for a kind that the server does not know."""
        known = self.kinds()[version, kind]
        parts = [("apis/" if "/" in version else "api/") + version]
        if known.namespaced and namespace:
            parts += ["namespaces", namespace]
        return "/" + "/".join([*parts, known.plural, *([urllib.parse.quote(name)] if name else [])])

    def get(self, version: str, kind: str, namespace: str | None, name: str) -> Object:
        found: Object = self.call("GET", self.path(version, kind, namespace, name))
        return found

    def list(
        self, version: str, kind: str, namespace: str | None = None, labels: str = ""
    ) -> list[Object]:
        query = f"?labelSelector={urllib.parse.quote(labels)}" if labels else ""
        found = self.call("GET", self.path(version, kind, namespace) + query)["items"]
        return [{"apiVersion": version, "kind": kind, **item} for item in found]

    def create(self, thing: Object) -> Object:
        made: Object = self.call(
            "POST",
            self.path(thing["apiVersion"], thing["kind"], thing["metadata"].get("namespace")),
            thing,
        )
        return made

    def apply(
        self,
        thing: Object,
        namespace: str | None = None,
        *,
        dry: bool = False,
        manager: str = "cluster-test",
    ) -> Object:
        """Server-side apply with strict field validation; `dry` goes through admission and stores
        nothing.
        """
        where = self.path(
            thing["apiVersion"],
            thing["kind"],
            thing["metadata"].get("namespace", namespace),
            thing["metadata"]["name"],
        )
        query = f"?fieldManager={manager}&fieldValidation=Strict" + (
            "&dryRun=All" if dry else "&force=true"
        )
        applied: Object = self.call(
            "PATCH", where + query, thing, content="application/apply-patch+yaml"
        )
        return applied

    def merge(self, path: str, patch: Object) -> Object:
        merged: Object = self.call("PATCH", path, patch, content="application/merge-patch+json")
        return merged

    def delete(self, version: str, kind: str, namespace: str | None, name: str) -> None:
        self.call("DELETE", self.path(version, kind, namespace, name))

    def everything(self, namespace: str) -> Iterator[tuple[str, str]]:
        """(kind, name) of all that is in a namespace, and of what stands outside but was made by a
        release of that namespace.
        """
        seen = set()
        for kind in self.kinds().values():
            group = kind.version.rpartition("/")[0]
            if (
                "list" not in kind.verbs
                or kind.plural in NOT_COUNTED
                or (group, kind.plural) in seen
            ):
                continue
            seen.add((group, kind.plural))
            for item in self.list(kind.version, kind.kind, namespace if kind.namespaced else None):
                notes = item["metadata"].get("annotations", {})
                if not kind.namespaced and notes.get("meta.helm.sh/release-namespace") != namespace:
                    continue
                yield f"{kind.kind}.{group}".rstrip("."), item["metadata"]["name"]


def eventually(check: Callable[[], object], what: str, seconds: float = 120) -> None:
    """Polls until `check` is true; an AssertionError of `check` counts as not yet. Raises
    AssertionError with the last one's text.
    """
    deadline, last = time.monotonic() + seconds, ""
    while True:
        try:
            if check():
                return
        except AssertionError as error:
            last = f": {error}"
        assert time.monotonic() < deadline, f"{what} did not come true within {seconds:.0f} s{last}"
        time.sleep(0.1)
