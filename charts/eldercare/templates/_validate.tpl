{{- /* Says everything that is wrong with the values at once, each with its key and what to do. What is about types is in the schema. */}}
{{- define "eldercare.validate" -}}
{{- $found := dict "said" list }}
{{- include "eldercare.deprecations" (dict "root" . "into" $found) }}
{{- range list "image" "database" "kafka" "keys" "clients" "identity" "migrations" "networkPolicy" "defaults" }}
{{- if not (kindIs "map" (get $.Values .)) }}{{ $_ := set $found "said" (append $found.said (printf "%s: is missing; these are the values of an older release: upgrade with --reset-then-reuse-values" .)) }}{{ end }}
{{- end }}
{{- range $key, $value := dict "image.repository" (.Values.image).repository "area" .Values.area "migrations.mode" (.Values.migrations).mode }}
{{- if not $value }}{{ $_ := set $found "said" (append $found.said (printf "%s: is missing; these are the values of an older release: upgrade with --reset-then-reuse-values" $key)) }}{{ end }}
{{- end }}
{{- if not $found.said }}
{{- $services := dict }}{{ include "eldercare.services" (dict "root" . "into" $services) }}
{{- include "eldercare.validateDatabase" (dict "root" . "into" $found "services" $services) }}
{{- include "eldercare.validateKafka" (dict "root" . "into" $found) }}
{{- include "eldercare.validateIdentity" (dict "root" . "into" $found "services" $services) }}
{{- include "eldercare.validateScaling" (dict "root" . "into" $found "services" $services) }}
{{- include "eldercare.validateEdges" (dict "root" . "into" $found "services" $services) }}
{{- end }}
{{- if $found.said }}
{{- fail (printf "\n\n%s %s cannot be installed with these values:\n  - %s\n" .Chart.Name .Chart.Version (join "\n  - " $found.said)) }}
{{- end }}
{{- end }}

{{- define "eldercare.say" -}}
{{- $_ := set .into "said" (append .into.said .text) }}
{{- end }}

{{- define "eldercare.validateDatabase" -}}
{{- $into := .into }}{{ $root := .root }}
{{- $places := dict }}{{ $unnamed := list }}{{ $unverified := list }}{{ $ownerless := list }}
{{- range $name := keys .services | sortAlpha }}
{{- $database := dict }}{{ include "eldercare.databaseOf" (dict "root" $root "service" $name "into" $database) }}
{{- $keys := $database.keys | default dict }}
{{- if not $database.existingSecret }}{{ $unnamed = append $unnamed $name }}
{{- else }}
{{- $place := list $database.host $keys.host $database.port $database.dbname $keys.dbname | toJson }}
{{- if or $keys.dbname (not (or $database.host $keys.host)) }}{{ $place = list $database.existingSecret $keys.uri $keys.dbname $database.host $keys.host | toJson }}{{ end }}
{{- $place = include "eldercare.forService" (dict "text" $place "service" $name) }}
{{- with get $places $place }}
{{- include "eldercare.say" (dict "into" $into "text" (printf "database: %s and %s would share one database, and each needs its own; put SERVICE into database.existingSecret, database.keys or database.dbname, or name each in database.perService" . $name)) }}
{{- end }}
{{- $_ := set $places $place $name }}
{{- end }}
{{- if and $database.runtimeRole (not $database.migrationSecret) }}{{ $ownerless = append $ownerless $name }}{{ end }}
{{- if and (has ($database.tls).mode (list "verify-full" "verify-ca")) (not ($database.tls).caSecret) }}{{ $unverified = append $unverified $name }}{{ end }}
{{- end }}
{{- range $name, $_ := $root.Values.database.perService }}{{ if not (hasKey $.services $name) }}
{{- include "eldercare.say" (dict "into" $into "text" (printf "database.perService.%s: there is no such service; there are %s" $name (keys $.services | sortAlpha | join ", "))) }}
{{- end }}{{ end }}
{{- with $unnamed }}
{{- include "eldercare.say" (dict "into" $into "text" (printf "database.existingSecret: name the Secret with the database of %s, for example SERVICE-db with `kubectl create secret generic subsidy-db --from-literal=uri=postgresql://user:password@host:5432/subsidy`" (join ", " .))) }}
{{- end }}
{{- with $ownerless }}
{{- include "eldercare.say" (dict "into" $into "text" (printf "database.migrationSecret: is needed by database.runtimeRole; name the Secret of the role that owns the tables of %s" (join ", " .))) }}
{{- end }}
{{- with $unverified }}
{{- include "eldercare.say" (dict "into" $into "text" (printf "database.tls.caSecret: is needed by database.tls.mode %s; name the Secret that holds the certificates (CloudNativePG: <cluster>-ca), or say database.tls.mode=require to encrypt without knowing to whom" $root.Values.database.tls.mode)) }}
{{- end }}
{{- end }}

{{- define "eldercare.validateKafka" -}}
{{- $into := .into }}{{ $kafka := .root.Values.kafka }}{{ $protocol := ($kafka.security).protocol | default "" }}
{{- if not $kafka.bootstrapServers }}{{ include "eldercare.say" (dict "into" $into "text" "kafka.bootstrapServers: name the brokers, host:port[,host:port]") }}{{ end }}
{{- if and (hasPrefix "SASL_" $protocol) (not $kafka.existingSecret) }}
{{- include "eldercare.say" (dict "into" $into "text" (printf "kafka.existingSecret: is needed by kafka.security.protocol %s; name the Secret with the password, for example SERVICE-kafka" $protocol)) }}
{{- end }}
{{- if and (($kafka.tls).caSecret) (not (hasSuffix "SSL" $protocol)) }}
{{- include "eldercare.say" (dict "into" $into "text" (printf "kafka.tls.caSecret: means nothing with kafka.security.protocol %s; say SSL or SASL_SSL" $protocol)) }}
{{- end }}
{{- if and (eq ($kafka.topics).mode "strimzi") (not ($kafka.topics).strimziCluster) }}
{{- include "eldercare.say" (dict "into" $into "text" "kafka.topics.strimziCluster: is needed by kafka.topics.mode strimzi; name the Kafka object") }}
{{- end }}
{{- if lt (int64 ($kafka.replication | default 3)) 1 }}{{ include "eldercare.say" (dict "into" $into "text" "kafka.replication: at least 1") }}{{ end }}
{{- end }}

{{- define "eldercare.validateIdentity" -}}
{{- $into := .into }}{{ $values := .root.Values }}{{ $identity := $values.identity }}{{ $builtIn := $identity.builtIn | default dict }}
{{- if not $values.keys.existingSecret }}
{{- include "eldercare.say" (dict "into" $into "text" "keys.existingSecret: name the Secret with the keys of personal data, `kubectl create secret generic eldercare-keys --from-literal=personal-keys=$(eldercare keys new k1) --from-literal=hash-keys=$(eldercare keys new h1)`; keep a copy, what they sealed is lost without them") }}
{{- end }}
{{- if not $values.clients.existingSecret }}
{{- include "eldercare.say" (dict "into" $into "text" "clients.existingSecret: name the Secret with the client secrets at the issuer, under the keys `dispatch` and, for helm test, `smoke`") }}
{{- end }}
{{- if not $identity.issuer }}{{ include "eldercare.say" (dict "into" $into "text" "identity.issuer: name the OIDC issuer, exactly as in `iss` of its tokens") }}{{ end }}
{{- if $builtIn.enabled }}
{{- if not $builtIn.existingSecret }}{{ include "eldercare.say" (dict "into" $into "text" "identity.builtIn.existingSecret: name the Secret with signing-key (Ed25519, PEM) and clients (JSON)") }}{{ end }}
{{- else }}
{{- if not $identity.keysUrl }}{{ include "eldercare.say" (dict "into" $into "text" "identity.keysUrl: name the address of the issuer's JWKS, or enable identity.builtIn for an evaluation") }}{{ end }}
{{- if not $identity.tokenUrl }}{{ include "eldercare.say" (dict "into" $into "text" "identity.tokenUrl: name the issuer's token endpoint, or enable identity.builtIn for an evaluation") }}{{ end }}
{{- end }}
{{- end }}

{{- define "eldercare.validateScaling" -}}
{{- $into := .into }}{{ $partitions := int64 (.root.Values.kafka.partitions | default 12) }}
{{- range $name, $service := .services }}
{{- $scaling := $service.autoscaling | default dict }}{{ $at := printf "services.%s.autoscaling" $name }}
{{- if ne ($scaling.kind | default "none") "none" }}
{{- if lt (int64 $scaling.max) (int64 $service.least) }}
{{- include "eldercare.say" (dict "into" $into "text" (printf "%s.max: %d is less than min, %d" $at (int64 $scaling.max) (int64 $service.least))) }}
{{- end }}
{{- if and (eq $scaling.kind "hpa") (not $scaling.cpu) }}
{{- include "eldercare.say" (dict "into" $into "text" (printf "%s.cpu: is needed by kind hpa" $at)) }}
{{- end }}
{{- if and $scaling.cpu (not ((($service.resources).requests).cpu)) }}
{{- include "eldercare.say" (dict "into" $into "text" (printf "%s.cpu: is a share of services.%s.resources.requests.cpu, which is not set" $at $name)) }}
{{- end }}
{{- end }}
{{- if eq $scaling.kind "keda" }}
{{- if not $service.hears }}
{{- include "eldercare.say" (dict "into" $into "text" (printf "%s.kind: keda counts what a group is behind, and %s hears nothing; say hpa" $at $name)) }}
{{- else if gt (int64 $scaling.max) $partitions }}
{{- include "eldercare.say" (dict "into" $into "text" (printf "%s.max: %d is more than kafka.partitions, %d; a pod without a partition reads nothing" $at (int64 $scaling.max) $partitions)) }}
{{- end }}
{{- end }}
{{- if ge (int64 ($service.pdb).maxUnavailable) (int64 $service.least) }}{{ if and ($service.pdb).enabled (gt (int64 $service.least) 1) }}
{{- include "eldercare.say" (dict "into" $into "text" (printf "services.%s.pdb.maxUnavailable: %d of %d pods would protect nothing; say less, or pdb.enabled=false" $name (int64 $service.pdb.maxUnavailable) (int64 $service.least))) }}
{{- end }}{{ end }}
{{- if lt (int64 ($service.terminationGracePeriodSeconds | default 60)) 55 }}
{{- include "eldercare.say" (dict "into" $into "text" (printf "services.%s.terminationGracePeriodSeconds: a drain takes up to 50 s, at least 55 are needed" $name)) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "eldercare.validateEdges" -}}
{{- $into := .into }}{{ $root := .root }}{{ $values := .root.Values }}
{{- $route := (($values.services).gateway).httpRoute | default dict }}
{{- if and $route.enabled (not $route.parentRefs) }}{{ include "eldercare.say" (dict "into" $into "text" "services.gateway.httpRoute.parentRefs: name the Gateway, [{name: …, namespace: …}]") }}{{ end }}
{{- if and ($values.networkPolicy).enabled (not ((($values.networkPolicy).egress).database).ports) }}
{{- range $name := keys .services | sortAlpha }}
{{- $database := dict }}{{ include "eldercare.databaseOf" (dict "root" $root "service" $name "into" $database) }}
{{- if ($database.keys).port }}{{ include "eldercare.say" (dict "into" $into "text" (printf "networkPolicy.egress.database.ports: name the port of PostgreSQL, that of %s is known to the Secret alone (database.keys.port, or that of perService)" $name)) }}{{ end }}
{{- end }}
{{- end }}
{{- if and ($values.networkPolicy).enabled (($values.telemetry).podMonitor).enabled (not (($values.networkPolicy).monitoring).from) }}
{{- include "eldercare.say" (dict "into" $into "text" "networkPolicy.monitoring.from: telemetry.podMonitor scrapes port 9000, and nobody may come to it; say who, [{namespaceSelector: …}]") }}
{{- end }}
{{- if and $values.image.digest (not (hasPrefix "sha256:" $values.image.digest)) }}{{ include "eldercare.say" (dict "into" $into "text" "image.digest: begins with sha256:") }}{{ end }}
{{- end }}
