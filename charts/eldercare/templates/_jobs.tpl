{{- /* A job of ours in the mode of migrations.mode: a hook of the release, or part of it under a name that follows its content, since the pod
       of a Job cannot change. `.component` migrate or topics, `.weight` its order among hooks, `.pod` its pod's spec as YAML. */}}
{{- define "eldercare.jobObject" -}}
{{- $migrations := .root.Values.migrations | default dict }}
{{- $name := printf "%s-%s" (include "eldercare.fullname" .root) .component }}
{{- $template := include "eldercare.jobTemplate" . }}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ eq $migrations.mode "job" | ternary (printf "%s-%s" $name (sha256sum $template | trunc 8)) $name }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "eldercare.labels" . | nindent 4 }}
  {{- if eq $migrations.mode "hook" }}
  annotations: {{- include "eldercare.hookAnnotations" . | nindent 4 }}
  {{- end }}
spec:
  activeDeadlineSeconds: {{ $migrations.activeDeadlineSeconds | default 900 | int64 }}
  backoffLimit: {{ $migrations.backoffLimit | default 0 | int64 }}
  {{- if ne (toString $migrations.ttlSecondsAfterFinished) "" }}
  ttlSecondsAfterFinished: {{ $migrations.ttlSecondsAfterFinished | int64 }}
  {{- end }}
  template: {{- $template | nindent 4 }}
{{- end }}

{{- define "eldercare.jobTemplate" -}}
metadata:
  labels: {{- include "eldercare.podLabels" . | nindent 4 }}
  {{- with .workload.podAnnotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- include "eldercare.podSpec" (merge (dict "account" (.root.Values.migrations).serviceAccountName) .) | nindent 2 }}
  restartPolicy: Never
  {{- .pod | nindent 2 }}
{{- end }}

{{- /* Annotations of what runs before the release changes. `.weight`: its order. */}}
{{- define "eldercare.hookAnnotations" -}}
{{- with (.root.Values.migrations).hookAnnotations }}
{{- toYaml . }}
{{- else -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
{{- end }}
