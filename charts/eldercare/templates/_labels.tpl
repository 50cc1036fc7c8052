{{- /* What selects pods: name, instance, component. Nothing else, ever; changing it needs a new installation. */}}
{{- define "eldercare.selector" -}}
app.kubernetes.io/name: {{ include "eldercare.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- /* Labels of objects. The chart's version is one of them and therefore never on a pod: a new chart alone restarts nothing. */}}
{{- define "eldercare.labels" -}}
{{- with .root.Values.commonLabels }}{{ toYaml . }}
{{ end }}
{{- if .component }}{{ include "eldercare.selector" . }}
{{ else -}}
app.kubernetes.io/name: {{ include "eldercare.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{ end -}}
app.kubernetes.io/part-of: eldercare
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* Labels of pods: those of the selector cannot be changed by podLabels. */}}
{{- define "eldercare.podLabels" -}}
{{- with omit (.workload.podLabels | default dict) "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/component" }}{{ toYaml . }}
{{ end -}}
{{ include "eldercare.selector" . }}
app.kubernetes.io/part-of: eldercare
{{- end }}
