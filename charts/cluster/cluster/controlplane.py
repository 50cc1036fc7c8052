"""etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok on free ports of the
loopback interface.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import tempfile
from functools import partial
from pathlib import Path
from types import TracebackType

from cluster import tools
from cluster.api import Api, eventually
from cluster.kubelet.gate import Gate
from cluster.objects import Metadata
from cluster.processes import Server, free_port

ZONES = 3
# One node more than zones: of a pool of its own, tainted, as in charts/eldercare/ci/ha-values.yaml.
POOL = {"node.example.org/pool": "compute"}
TAINT = {"key": "compute", "effect": "NoSchedule"}
STAGES = Path(__file__).parent / "kubelet" / "stages.yaml"
QUICK = ["--kube-api-qps=500", "--kube-api-burst=1000", "--leader-elect=false", "--secure-port=0"]
KWOK = [
    f"--config={STAGES}",
    "--manage-all-nodes=true",
    "--node-ip=127.0.0.1",
    "--cidr=10.32.0.0/16",
    "--node-lease-duration-seconds=40",
]


class ControlPlane:
    """A running cluster; use it as a context manager, what it started ends with it.

    Strict where a production cluster is: RBAC, Pod Security admission, tokens. Tokens, certificates
    and data live in a folder of its own.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="cluster-")
        self.folder = Path(self._folder.name)
        self.kubeconfig = self.folder / "kubeconfig"
        self.servers: list[Server] = []
        self.gate: Gate | None = None
        self.api: Api

    def __enter__(self) -> ControlPlane:
        try:
            self._start()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def end(self) -> None:
        if self.gate:
            self.gate.end()
            self.api.close()
        for server in reversed(self.servers):
            server.end()
        self._folder.cleanup()

    def _server(self, name: str, *command: str) -> Server:
        server = Server(name, list(command), self.folder)
        self.servers.append(server)
        return server

    def _start(self) -> None:
        k8s = tools.binary("k8s")
        kwok = tools.binary("kwok")
        store, peer, port = (f"http://127.0.0.1:{free_port()}" for _ in range(3))
        url = port.replace("http:", "https:")
        token = secrets.token_hex(16)
        key = self.folder / "accounts.key"
        certificates = self.folder / "certificates"
        key.write_bytes(subprocess.run([k8s, "key"], check=True, capture_output=True).stdout)
        (self.folder / "tokens.csv").write_text(f'{token},admin,admin,"system:masters"\n')
        self._server("etcd", k8s, "etcd", *self._etcd_flags(store, peer))
        flags = self._apiserver_flags(store, url, key, certificates)
        server = self._server("kube-apiserver", k8s, "kube-apiserver", *flags)
        self.api = Api(url, token, certificates / "apiserver.crt")
        server.until(self.api.ready, 300)
        self._write_kubeconfig(url, token, certificates / "apiserver.crt")
        config = f"--kubeconfig={self.kubeconfig}"
        signing = [
            f"--service-account-private-key-file={key}",
            f"--root-ca-file={certificates}/apiserver.crt",
        ]
        controllers = "kube-controller-manager"
        self._server(controllers, k8s, controllers, config, *signing, *QUICK)
        self._server("kube-scheduler", k8s, "kube-scheduler", config, *QUICK)
        self._server("kwok", kwok, config, *KWOK, f"--server-address=127.0.0.1:{free_port()}")
        self.gate = Gate(self.api)
        self._furnish()

    def _etcd_flags(self, store: str, peer: str) -> list[str]:
        return [
            "--name=one",
            f"--data-dir={self.folder}/etcd",
            "--unsafe-no-fsync",
            "--log-level=warn",
            f"--listen-client-urls={store}",
            f"--advertise-client-urls={store}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=one={peer}",
        ]

    def _apiserver_flags(self, store: str, url: str, key: Path, certificates: Path) -> list[str]:
        return [
            f"--etcd-servers={store}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={url.rpartition(':')[2]}",
            f"--cert-dir={certificates}",
            f"--token-auth-file={self.folder}/tokens.csv",
            "--anonymous-auth=false",
            "--authorization-mode=RBAC",
            "--enable-admission-plugins=PodSecurity",
            "--endpoint-reconciler-type=none",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--service-account-issuer=https://cluster.test",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--profiling=false",
        ]

    def _write_kubeconfig(self, url: str, token: str, authority: Path) -> None:
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": "test",
                    "cluster": {"server": url, "certificate-authority": str(authority)},
                }
            ],
            "users": [{"name": "admin", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
            "current-context": "test",
        }
        self.kubeconfig.touch(mode=0o600)
        self.kubeconfig.write_text(json.dumps(config))

    def _furnish(self) -> None:
        """Nodes in three zones, custom resource definitions, and all parts at work."""
        for number in range(ZONES + 1):
            name = f"node-{number}"
            pooled = number == ZONES
            labels = {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "topology.kubernetes.io/zone": f"zone-{number % ZONES}",
            }
            if pooled:
                labels |= POOL
            metadata: Metadata = {"name": name, "labels": labels}
            self.api.create(
                {
                    "apiVersion": "v1",
                    "kind": "Node",
                    "metadata": metadata,
                    "spec": {"taints": [TAINT] if pooled else []},
                }
            )
        defined = tools.definitions()
        for definition in defined:
            self.api.apply(definition)
        for definition in defined:
            spec = definition["spec"]
            served = [
                f"{spec['group']}/{version['name']}"
                for version in spec["versions"]
                if version["served"]
            ]
            eventually(
                partial(self._knows, spec["names"]["kind"], served), definition["metadata"]["name"]
            )
            self.api.list(served[0], spec["names"]["kind"])
        for server in self.servers:
            server.until(self._nodes_ready, 300)

    def _knows(self, kind: str, versions: list[str]) -> bool:
        return all(self.api.knows(version, kind) for version in versions)

    def _nodes_ready(self) -> bool:
        ready = [
            condition["status"]
            for node in self.api.list("v1", "Node")
            for condition in node.get("status", {}).get("conditions", [])
            if condition["type"] == "Ready"
        ]
        return ready == ["True"] * (ZONES + 1)
