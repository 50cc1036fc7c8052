{{- define "eldercare.name" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 43 | trimSuffix "-" }}
{{- end }}

{{- /* Beginning of every name; 43 characters leave room for -supervision and -migrate-<hash> within 63. */}}
{{- define "eldercare.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name }}
{{- if .Values.fullnameOverride }}{{ .Values.fullnameOverride | trunc 43 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}{{ .Release.Name | trunc 43 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name $name | trunc 43 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "eldercare.serviceAccountName" -}}
{{- $account := .Values.serviceAccount | default dict }}
{{- if $account.name }}{{ $account.name }}{{ else if $account.create }}{{ include "eldercare.fullname" . }}{{ else }}default{{ end }}
{{- end }}

{{- /* Address of a service's gRPC for clients that spread their calls over its pods. */}}
{{- define "eldercare.grpcAddress" -}}
dns:///{{ include "eldercare.fullname" .root }}-{{ .service }}.{{ .root.Release.Namespace }}.svc:50051
{{- end }}

{{- define "eldercare.gatewayUrl" -}}
http://{{ include "eldercare.fullname" . }}-gateway.{{ .Release.Namespace }}.svc:{{ (((.Values.services).gateway).service).port | default 80 | int64 }}
{{- end }}

{{- /* `.text` with SERVICE replaced by the service's name. */}}
{{- define "eldercare.forService" -}}
{{ .text | toString | replace "SERVICE" .service }}
{{- end }}

{{- /* Lays `.from` over `.onto`, in place: maps by key, all else as a whole, null takes a key away. Sprig's merge would keep a default
       where `false`, 0 or an empty list is meant. */}}
{{- define "eldercare.overlay" -}}
{{- $onto := .onto }}
{{- range $key, $value := .from }}
{{- if kindIs "invalid" $value }}{{ $_ := unset $onto $key }}
{{- else if and (kindIs "map" $value) (kindIs "map" (get $onto $key)) }}{{ include "eldercare.overlay" (dict "onto" (get $onto $key) "from" $value) }}
{{- else }}{{ $_ := set $onto $key $value }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Fills `.into` with every service: the table of files/topology.yaml, `defaults`, and what the service says itself. */}}
{{- define "eldercare.services" -}}
{{- $root := .root }}{{ $into := .into }}
{{- range $name, $facts := ($root.Files.Get "files/topology.yaml" | fromYaml).services }}
{{- $service := deepCopy ($root.Values.defaults | default dict) }}
{{- include "eldercare.overlay" (dict "onto" $service "from" (deepCopy (get ($root.Values.services | default dict) $name | default dict))) }}
{{- $_ := set $service "hears" $facts.hears }}
{{- $_ := set $service "calls" $facts.calls }}
{{- $_ := set $service "rings" $facts.rings }}
{{- $kind := ($service.autoscaling).kind | default "none" }}
{{- $_ := set $service "least" (eq $kind "none" | ternary $service.replicas ($service.autoscaling).min | default 1 | int64) }}
{{- $_ := set $into $name $service }}
{{- end }}
{{- end }}

{{- /* Fills `.into` with what a pod beside the services takes from `defaults`, and `.over` it. Containers that never end would keep a job
       from ending, so extraContainers are not taken over. */}}
{{- define "eldercare.job" -}}
{{- include "eldercare.overlay" (dict "onto" .into "from" (deepCopy (omit (.root.Values.defaults | default dict) "extraContainers" "podAnnotations" "terminationGracePeriodSeconds"))) }}
{{- include "eldercare.overlay" (dict "onto" .into "from" (deepCopy (.over | default dict))) }}
{{- end }}
