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

{{- /* One policy. `.ingress`, `.egress`: lists as YAML. */}}
{{- define "eldercare.policy" -}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "eldercare.fullname" .root }}-{{ .component }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "eldercare.labels" . | nindent 4 }}
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

{{- /* Egress to one of the neighbours that are not ours. */}}
{{- define "eldercare.egressTo" -}}
{{- $place := get (.root.Values.networkPolicy.egress | default dict) .place | default dict }}
{{- include "eldercare.rule" (dict "ports" ($place.ports | default .ports) "peers" $place.to "side" "to") }}
{{- end }}
