{{- /* The one image: registry/repository:tag@digest. */}}
{{- define "eldercare.image" -}}
{{- $image := .Values.image | default dict }}
{{- $reference := printf "%s:%s" $image.repository ($image.tag | default .Chart.AppVersion) }}
{{- with $image.digest }}{{ $reference = printf "%s@%s" $reference . }}{{ end }}
{{- with (.Values.global).imageRegistry }}{{ $reference = printf "%s/%s" (trimSuffix "/" .) $reference }}{{ end }}
{{- $reference }}
{{- end }}
