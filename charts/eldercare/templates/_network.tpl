{{- /* Peers and ports of one direction. `.to` empty: anywhere on these ports. `.side` to or from. */}}
{{- define "eldercare.rule" -}}
- ports:
    {{- range .ports }}
    - {protocol: TCP, port: {{ . | int64 }}}
    {{- end }}
  {{- with .peers }}
  {{ $.side }}: {{- toYaml . | nindent 4 }}
  {{- end }}
{{ end }}

{{- /* Pods of ours with these components. */}}
{{- define "eldercare.peers" -}}
{{- range .components }}
- podSelector:
    matchLabels: {{- include "eldercare.selector" (dict "root" $.root "component" .) | nindent 6 }}
{{- end }}
{{- end }}

{{- /* One policy. `.ingress`, `.egress`: lists as YAML. `.before`: it is of a job that runs before the release changes, so it is a hook as
       well, earlier than the job, and leaves with it: a namespace that shuts everything out lets no ordinary object be there in time. */}}
{{- define "eldercare.policy" -}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "eldercare.fullname" .root }}-{{ .component }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "eldercare.labels" . | nindent 4 }}
  {{- if and .before (eq (.root.Values.migrations).mode "hook") }}
  annotations: {{- include "eldercare.hookAnnotations" (dict "root" .root "weight" "-20") | nindent 4 }}
  {{- end }}
spec:
  podSelector:
    matchLabels: {{- include "eldercare.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- with trim .ingress }}
  ingress: {{- . | nindent 4 }}
  {{- end }}
  {{- with trim .egress }}
  egress: {{- . | nindent 4 }}
  {{- end }}
{{ end }}

{{- define "eldercare.dnsRule" -}}
{{- $dns := .Values.networkPolicy.dns | default dict }}
- ports:
    {{- range $dns.ports | default (list 53) }}
    - {protocol: UDP, port: {{ . | int64 }}}
    - {protocol: TCP, port: {{ . | int64 }}}
    {{- end }}
  {{- with $dns.to }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{ end }}

{{- /* Egress to one of the neighbours that are not ours. `.ports`: those that its address names, as a JSON list. */}}
{{- define "eldercare.egressTo" -}}
{{- $place := get (.root.Values.networkPolicy.egress | default dict) .place | default dict }}
{{- include "eldercare.rule" (dict "ports" ($place.ports | default (fromJsonArray .ports)) "peers" $place.to "side" "to") }}
{{- end }}

{{- /* Ports of the databases of `.services`, as a JSON list: what the values say, and PostgreSQL's own where only a Secret knows it. */}}
{{- define "eldercare.databasePorts" -}}
{{- $root := .root }}{{ $ports := list }}
{{- range $name := .services }}
{{- $database := dict }}{{ include "eldercare.databaseOf" (dict "root" $root "service" $name "into" $database) }}
{{- $literal := and $database.host (not ($database.keys).host) (not ($database.keys).port) }}
{{- $ports = append $ports (ternary ($database.port | default 5432) 5432 (not (not $literal)) | int64) }}
{{- end }}
{{- $ports | uniq | sortAlpha | toJson }}
{{- end }}

{{- /* Ports of addresses, as a JSON list. `.of`: URLs, or host:port[,host:port]. `.http`: what http:// means without a port. */}}
{{- define "eldercare.portsOf" -}}
{{- $ports := list }}{{ $http := .http }}
{{- range .of }}{{ range splitList "," (. | default "") }}
{{- $url := dict "scheme" "" "host" (trim .) }}
{{- if contains "://" . }}{{ $url = urlParse . }}{{ end }}
{{- if $url.host }}{{ $ports = append $ports (regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) | default (eq $url.scheme "http" | ternary ($http | default "80") "443")) }}{{ end }}
{{- end }}{{ end }}
{{- $ports | uniq | sortAlpha | toJson }}
{{- end }}
