"""Objects of Kubernetes, as far as they are read and made here."""

from __future__ import annotations

from typing import Required, TypedDict


class Metadata(TypedDict, total=False):
    name: Required[str]
    namespace: str
    uid: str
    labels: dict[str, str]
    annotations: dict[str, str]
    deletionTimestamp: str


class Key(TypedDict):
    """One key of a Secret or a ConfigMap that a volume shows."""

    key: str


class Source(TypedDict, total=False):
    """Where a Secret or a ConfigMap is used; a volume calls a Secret `secretName`."""

    name: str
    secretName: str
    key: str
    optional: bool
    items: list[Key]


class Variable(TypedDict, total=False):
    name: str
    valueFrom: dict[str, Source]


class Container(TypedDict, total=False):
    name: str
    image: Required[str]
    command: list[str]
    args: list[str]
    env: list[Variable]
    envFrom: list[dict[str, Source]]
    securityContext: dict[str, object]


class Projected(TypedDict):
    sources: list[Volume]


class Volume(TypedDict, total=False):
    """A volume, or a source of a projected one."""

    secret: Source
    configMap: Source
    projected: Projected


class PodSpec(TypedDict, total=False):
    containers: Required[list[Container]]
    initContainers: list[Container]
    volumes: list[Volume]
    nodeName: str
    imagePullSecrets: list[dict[str, str]]
    priorityClassName: str
    serviceAccountName: str
    securityContext: dict[str, object]


class PodTemplate(TypedDict):
    metadata: Metadata
    spec: PodSpec


class Condition(TypedDict):
    type: str
    status: str


class PodStatus(TypedDict, total=False):
    message: str
    conditions: list[Condition]


class Pod(PodTemplate, total=False):
    status: PodStatus


class Selector(TypedDict):
    matchLabels: dict[str, str]


class JobTemplate(TypedDict):
    """The Jobs that a CronJob makes."""

    spec: Spec


class Names(TypedDict):
    """The names of a kind that a definition brings."""

    kind: str


class Version(TypedDict):
    """One version of a kind that a definition brings."""

    name: str
    served: bool


class Spec(TypedDict, total=False):
    """Of every kind but pods: a workload, a node, a definition."""

    replicas: int
    template: PodTemplate
    jobTemplate: JobTemplate
    selector: Selector
    taints: list[dict[str, str]]
    group: str
    names: Names
    versions: list[Version]


class Status(TypedDict, total=False):
    """Of every kind but pods."""

    conditions: list[Condition]
    succeeded: int
    replicas: int
    updatedReplicas: int
    readyReplicas: int
    availableReplicas: int


class Object(TypedDict, total=False):
    apiVersion: str
    kind: Required[str]
    metadata: Required[Metadata]
    spec: Spec
    status: Status
    data: dict[str, str]
    binaryData: dict[str, str]
    stringData: dict[str, str]
    value: int
