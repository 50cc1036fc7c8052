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
from typing import TypedDict

from cluster.objects import Object

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


class _Scoped(TypedDict):
    resource: str
    scope: str
    verbs: list[str]
    responseKind: dict[str, str]


class _Version(TypedDict):
    version: str
    resources: list[_Scoped]


class _Group(TypedDict):
    """A group of kinds, as the discovery of the API server lists it."""

    metadata: dict[str, str]
    versions: list[_Version]


class Api:
    """Speaks to one API server as its administrator."""

    @classmethod
    def of(cls, kubeconfig: Path) -> Api:
        """Takes address, token and authority from a kubeconfig (JSON) that a ControlPlane wrote."""
        config = json.loads(kubeconfig.read_text())
        cluster = config["clusters"][0]["cluster"]
        token = config["users"][0]["user"]["token"]
        return cls(cluster["server"], token, Path(cluster["certificate-authority"]))

    def __init__(self, url: str, token: str, authority: Path):
        self._at = urllib.parse.urlsplit(url).netloc
        self._token = token
        self._authority = authority
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
        body: Mapping[str, object] | None = None,
        content: str = JSON,
        accept: str = JSON,
    ) -> str:
        """The text of the answer. Raises Refused, also for a warning."""
        data = None if body is None else json.dumps(body).encode()
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": content,
            "Accept": accept,
        }
        for wait_s in (0.2, 0.5, 1, 2, 4, 8, 16, 0):
            answer, text = self._exchange(method, path, data, headers)
            # 429: the server asks to come again, since the store of a new kind is being opened
            if answer.status != 429:
                break
            time.sleep(wait_s)
        if answer.status >= 400:
            reason = json.loads(text).get("message", text) if text.startswith("{") else text
            raise Refused(answer.status, reason)
        if warnings := answer.headers.get_all("Warning"):
            warned = "; ".join(warnings)
            raise Refused(299, f"{method} {path} was accepted with a warning: {warned}")
        return text

    def _object(
        self, method: str, path: str, body: Mapping[str, object] | None = None, content: str = JSON
    ) -> Object:
        found: Object = json.loads(self.call(method, path, body, content))
        return found

    def ready(self) -> bool:
        try:
            return self._authority.exists() and self.call("GET", "/readyz") == "ok"
        except (Refused, OSError, http.client.HTTPException):
            return False

    def kinds(self) -> Mapping[tuple[str, str], Kind]:
        """Every kind that the server knows, by (version, kind)."""
        if not self._kinds:
            for root in ("/api", "/apis"):
                groups: list[_Group] = json.loads(self.call("GET", root, accept=DISCOVERY))["items"]
                for group in groups:
                    for kind in _kinds_of(group):
                        self._kinds[kind.version, kind.kind] = kind
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
        return self._object("GET", self.path(version, kind, namespace, name))

    def list(
        self, version: str, kind: str, namespace: str | None = None, labels: str = ""
    ) -> list[Object]:
        query = f"?labelSelector={urllib.parse.quote(labels)}" if labels else ""
        text = self.call("GET", self.path(version, kind, namespace) + query)
        found: list[Object] = json.loads(text)["items"]
        for item in found:  # in a list the server leaves both out
            item["apiVersion"] = version
            item["kind"] = kind
        return found

    def create(self, thing: Object) -> Object:
        namespace = thing["metadata"].get("namespace")
        where = self.path(thing["apiVersion"], thing["kind"], namespace)
        return self._object("POST", where, thing)

    def apply(
        self,
        thing: Object,
        namespace: str | None = None,
        *,
        dry: bool = False,
        applied_by: str = "cluster-test",
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
        query = f"?fieldManager={applied_by}&fieldValidation=Strict" + (
            "&dryRun=All" if dry else "&force=true"
        )
        return self._object("PATCH", where + query, thing, content="application/apply-patch+yaml")

    def merge(self, path: str, patch: Mapping[str, object]) -> Object:
        return self._object("PATCH", path, patch, content="application/merge-patch+json")

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


def _kinds_of(group: _Group) -> Iterator[Kind]:
    for version in group["versions"]:
        name = "/".join(filter(None, [group["metadata"].get("name"), version["version"]]))
        for found in version["resources"]:
            yield Kind(
                version=name,
                kind=found["responseKind"]["kind"],
                plural=found["resource"],
                namespaced=found["scope"] == "Namespaced",
                verbs=frozenset(found["verbs"]),
            )


def eventually(check: Callable[[], object], what: str, seconds: float = 120) -> None:
    """Polls until `check` is true; an AssertionError of `check` counts as not yet. Raises
    AssertionError with the last one's text.
    """
    deadline = time.monotonic() + seconds
    last = ""
    while True:
        try:
            if check():
                return
        except AssertionError as error:
            last = f": {error}"
        assert time.monotonic() < deadline, f"{what} did not come true within {seconds:.0f} s{last}"
        time.sleep(0.1)
