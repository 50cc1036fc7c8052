{{- /* What every pod has, whatever runs in it. `.account`: its ServiceAccount, empty for the namespace's own. */}}
{{- define "eldercare.podSpec" -}}
{{- $root := .root }}{{ $workload := .workload -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .account }}
serviceAccountName: {{ . }}
{{- end }}
{{- with ($root.Values.global).imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext: {{- toYaml $workload.podSecurityContext | nindent 2 }}
{{- with $workload.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $workload.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $workload.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $workload.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* What every container of ours has. */}}
{{- define "eldercare.container" -}}
image: {{ include "eldercare.image" .root | quote }}
imagePullPolicy: {{ (.root.Values.image).pullPolicy | default "IfNotPresent" }}
securityContext: {{- toYaml .workload.securityContext | nindent 2 }}
resources: {{- toYaml (.workload.resources | default dict) | nindent 2 }}
{{- with .workload.envFrom }}
envFrom: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* Secret with the certificates of a service's database, empty for none. */}}
{{- define "eldercare.databaseCa" -}}
{{- $database := dict }}{{ include "eldercare.databaseOf" (dict "root" .root "service" .service "into" $database) }}
{{- with ($database.tls).caSecret }}{{ include "eldercare.forService" (dict "text" . "service" $.service) }}{{ end }}
{{- end }}

{{- /* Mounts of one of our containers. `.database`: the service whose database it speaks with; `.kafka`: whether it speaks with Kafka. */}}
{{- define "eldercare.mounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if .database }}{{ if include "eldercare.databaseCa" (dict "root" .root "service" .database) }}
- {name: database-ca-{{ .database }}, mountPath: /etc/eldercare/database, readOnly: true}
{{- end }}{{ end }}
{{- if and .kafka ((.root.Values.kafka).tls).caSecret }}
- {name: kafka-ca, mountPath: /etc/eldercare/kafka, readOnly: true}
{{- end }}
{{- with .workload.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Volumes of a pod. `.databases`: the services whose databases its containers speak with. */}}
{{- define "eldercare.volumes" -}}
- name: tmp
  emptyDir: {sizeLimit: {{ .workload.tmpSize | default "256Mi" }}}
{{- range $service := .databases }}
{{- $database := dict }}{{ include "eldercare.databaseOf" (dict "root" $.root "service" $service "into" $database) }}
{{- with include "eldercare.databaseCa" (dict "root" $.root "service" $service) }}
- name: database-ca-{{ $service }}
  secret:
    secretName: {{ . | quote }}
    items: [{key: {{ ($database.tls).caKey | default "ca.crt" | quote }}, path: ca.crt}]
{{- end }}{{ end }}
{{- if .kafka }}{{ with ((.root.Values.kafka).tls).caSecret }}
- name: kafka-ca
  secret:
    secretName: {{ . | quote }}
    items: [{key: {{ (($.root.Values.kafka).tls).caKey | default "ca.crt" | quote }}, path: ca.crt}]
{{- end }}{{ end }}
{{- with .workload.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
