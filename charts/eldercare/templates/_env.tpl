{{- /* Each definition prints a list of variables as YAML. `.service` is the service they are for. */}}

{{- define "eldercare.secretVariable" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ include "eldercare.forService" (dict "text" .secret "service" .service) | quote }}
      key: {{ include "eldercare.forService" (dict "text" .key "service" .service) | quote }}
{{ end }}

{{- /* Fills `.into` with the connection of one service: `database`, over it `database.perService`. */}}
{{- define "eldercare.databaseOf" -}}
{{- include "eldercare.overlay" (dict "onto" .into "from" (deepCopy (omit .root.Values.database "perService"))) }}
{{- include "eldercare.overlay" (dict "onto" .into "from" (deepCopy (get (.root.Values.database.perService | default dict) .service | default dict))) }}
{{- end }}

{{- /* DATABASE is a URI from the secret; or it names host and database, and the driver reads the rest by itself, so that no password is
       ever written into a URI. `.migrating`: in the role that owns the tables. */}}
{{- define "eldercare.databaseEnv" -}}
{{- $service := .service }}
{{- $database := dict }}{{ include "eldercare.databaseOf" (dict "root" .root "service" $service "into" $database) }}
{{- $secret := $database.existingSecret }}
{{- if .migrating }}{{ $secret = $database.migrationSecret | default $secret }}{{ end }}
{{- $keys := $database.keys | default dict }}
{{- if or $database.host $keys.host }}
{{- $place := "" }}
{{- if not $keys.host }}{{ $place = printf "%s:%d" $database.host ($database.port | default 5432 | int64) }}{{ end }}
{{- $name := "" }}
{{- if not $keys.dbname }}{{ $name = include "eldercare.forService" (dict "text" ($database.dbname | default "SERVICE") "service" $service) | printf "/%s" }}{{ end }}
- name: DATABASE
  value: {{ printf "postgresql://%s%s" $place $name | quote }}
{{ range $variable, $key := dict "PGHOST" $keys.host "PGPORT" $keys.port "PGDATABASE" $keys.dbname "PGUSER" ($keys.username | default "username") "PGPASSWORD" ($keys.password | default "password") -}}
{{ if $key }}{{ include "eldercare.secretVariable" (dict "name" $variable "secret" $secret "key" $key "service" $service) }}{{ end -}}
{{ end -}}
{{- else }}
{{ include "eldercare.secretVariable" (dict "name" "DATABASE" "secret" $secret "key" ($keys.uri | default "uri") "service" $service) }}
{{- end }}
{{- with ($database.tls).mode }}
- name: PGSSLMODE
  value: {{ . | quote }}
{{- end }}
{{- if ($database.tls).caSecret }}
- name: PGSSLROOTCERT
  value: /etc/eldercare/database/ca.crt
{{- end }}
{{ end }}

{{- define "eldercare.kafkaEnv" -}}
{{- $kafka := .root.Values.kafka }}{{ $protocol := ($kafka.security).protocol }}
- name: KAFKA
  value: {{ $kafka.bootstrapServers | quote }}
- name: KAFKA_SECURITY
  value: {{ $protocol }}
{{ if hasPrefix "SASL_" $protocol -}}
{{- $secret := $kafka.existingSecret }}{{ $username := $kafka.username }}
{{- if eq .service "topics" }}{{ $secret = ($kafka.topics).existingSecret | default $secret }}{{ $username = ($kafka.topics).username | default $username }}{{ end -}}
- name: KAFKA_MECHANISM
  value: {{ ($kafka.security).mechanism }}
{{ if $username -}}
- name: KAFKA_USERNAME
  value: {{ include "eldercare.forService" (dict "text" $username "service" .service) | quote }}
{{ else }}{{ include "eldercare.secretVariable" (dict "name" "KAFKA_USERNAME" "secret" $secret "key" (($kafka.keys).username | default "username") "service" .service) }}{{ end -}}
{{ include "eldercare.secretVariable" (dict "name" "KAFKA_PASSWORD" "secret" $secret "key" (($kafka.keys).password | default "password") "service" .service) }}
{{- end }}
{{- if ($kafka.tls).caSecret }}
- name: KAFKA_CA
  value: /etc/eldercare/kafka/ca.crt
{{- end }}
{{- with $kafka.client }}
- name: KAFKA_CLIENT
  value: {{ toJson . | quote }}
{{- end }}
{{ end }}

{{- define "eldercare.identityEnv" -}}
{{- $identity := .root.Values.identity }}
- name: ISSUER
  value: {{ $identity.issuer | quote }}
- name: KEYS_URL
  value: {{ $identity.keysUrl | default (printf "%s/.well-known/jwks.json" (include "eldercare.gatewayUrl" .root)) | quote }}
- name: AUDIENCE
  value: {{ $identity.audience | default "eldercare" | quote }}
{{ if .calls -}}
- name: TOKEN_URL
  value: {{ $identity.tokenUrl | default (printf "%s/token" (include "eldercare.gatewayUrl" .root)) | quote }}
{{ include "eldercare.secretVariable" (dict "name" "CLIENT_SECRET" "secret" .root.Values.clients.existingSecret "key" (.root.Values.clients.key | default "SERVICE") "service" .service) }}
{{- end }}
{{- end }}

{{- define "eldercare.telemetryEnv" -}}
{{- $telemetry := .root.Values.telemetry | default dict }}
- name: LOG_LEVEL
  value: {{ $telemetry.logLevel | default "info" }}
{{- with ($telemetry.otlp).endpoint }}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: POD_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- name: OTLP_ENDPOINT
  value: {{ . | quote }}
- name: OTEL_RESOURCE_ATTRIBUTES
  value: service.instance.id=$(POD_NAME),k8s.pod.name=$(POD_NAME),k8s.namespace.name=$(POD_NAMESPACE)
- name: OTEL_TRACES_SAMPLER
  value: parentbased_traceidratio
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ ($telemetry.sampling).ratio | default "0.1" | quote }}
{{- with ($telemetry.otlp).headersSecret }}
{{ include "eldercare.secretVariable" (dict "name" "OTEL_EXPORTER_OTLP_HEADERS" "secret" . "key" (($telemetry.otlp).headersKey | default "headers") "service" $.service) }}
{{- end }}
{{- end }}
{{ end }}

{{- /* Everything that a service needs, and nothing that it does not read. */}}
{{- define "eldercare.serviceEnv" -}}
{{- $root := .root }}{{ $name := .service }}{{ $service := .workload }}
- name: MANAGEMENT
  value: 0.0.0.0:9000
{{ if eq $name "gateway" -}}
{{- $addresses := dict }}
{{- range $service.calls }}{{ $_ := set $addresses (printf "eldercare.%s.v1" .) (include "eldercare.grpcAddress" (dict "root" $root "service" .)) }}{{ end -}}
- name: LISTEN
  value: 0.0.0.0:8080
- name: SERVICES
  value: {{ toJson $addresses | quote }}
{{ if (($root.Values.identity).builtIn).enabled -}}
{{- $builtIn := $root.Values.identity.builtIn -}}
{{ include "eldercare.secretVariable" (dict "name" "SIGNING_KEY" "secret" $builtIn.existingSecret "key" (($builtIn.keys).signing | default "signing-key") "service" $name) -}}
{{ include "eldercare.secretVariable" (dict "name" "CLIENTS" "secret" $builtIn.existingSecret "key" (($builtIn.keys).clients | default "clients") "service" $name) -}}
{{ end -}}
{{ else -}}
- name: GRPC
  value: 0.0.0.0:50051
{{ range $service.calls -}}
- name: {{ upper . }}_ADDRESS
  value: {{ include "eldercare.grpcAddress" (dict "root" $root "service" .) | quote }}
{{ end -}}
{{ end -}}
{{ if eq $name "datacenter" -}}
- name: CITY
  value: {{ $root.Values.area | quote }}
{{ end -}}
{{ range $ring := $service.rings -}}
{{ include "eldercare.secretVariable" (dict "name" (printf "%s_KEYS" (upper $ring)) "secret" $root.Values.keys.existingSecret "key" (get $root.Values.keys $ring | default (printf "%s-keys" $ring)) "service" $name) -}}
{{ end -}}
- name: PARTS
  value: {{ $service.outboxParts | default 1 | int64 | quote }}
{{ $database := dict }}{{ include "eldercare.databaseOf" (dict "root" $root "service" $name "into" $database) -}}
- name: POOL_SIZE
  value: {{ $database.poolSize | default 8 | int64 | quote }}
{{ include "eldercare.databaseEnv" (dict "root" $root "service" $name) | trim }}
{{ include "eldercare.kafkaEnv" (dict "root" $root "service" $name) | trim }}
{{ include "eldercare.identityEnv" (dict "root" $root "service" $name "calls" (and (ne $name "gateway") $service.calls)) | trim }}
{{ include "eldercare.telemetryEnv" (dict "root" $root "service" $name) | trim }}
{{- end }}

{{- /* `.own` (YAML), then the map `env`, then `extraEnv`. A name that is there already is refused: the API server would take the last one, or
       refuse all of them. `.at`: the key of values.yaml to blame. */}}
{{- define "eldercare.env" -}}
{{- $all := .own | fromYamlArray }}{{ $at := .at }}
{{- $seen := dict }}
{{- range $all }}{{ $_ := set $seen .name "the chart sets it from other values" }}{{ end }}
{{- range $variable, $value := .workload.env | default dict }}
{{- if hasKey $seen $variable }}{{ fail (printf "\n\n%s.env.%s: %s; leave it out" $at $variable (get $seen $variable)) }}{{ end }}
{{- $_ := set $seen $variable "it is in `env` too" }}
{{- $all = append $all (dict "name" $variable "value" $value) }}
{{- end }}
{{- range .workload.extraEnv | default list }}
{{- if hasKey $seen .name }}{{ fail (printf "\n\n%s.extraEnv: %s is there twice, %s; leave it out" $at .name (get $seen .name)) }}{{ end }}
{{- $_ := set $seen .name "it is in `extraEnv` twice" }}
{{- $all = append $all . }}
{{- end }}
{{- toYaml $all }}
{{- end }}
