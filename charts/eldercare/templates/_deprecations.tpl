{{- /* Keys that are gone, or that people bring from other charts, with what to say instead. The schema lets them through, so that this is
       what they read. */}}
{{- define "eldercare.gone" -}}
postgresql: this chart brings no database; name yours in database.* (examples/cloudnative-pg.yaml)
externalDatabase: name the database in database.*
replicaCount: say defaults.replicas, or services.<name>.replicas
ingress: say services.gateway.ingress
resources: say defaults.resources, or services.<name>.resources
env: say defaults.env, or services.<name>.env
autoscaling: say defaults.autoscaling, or services.<name>.autoscaling
nodeSelector: say defaults.nodeSelector
tolerations: say defaults.tolerations
affinity: say defaults.affinity
imagePullSecrets: say global.imagePullSecrets
serviceMonitor: say telemetry.podMonitor
image.registry: say global.imageRegistry
kafka.enabled: this chart brings no broker; name yours in kafka.bootstrapServers (examples/strimzi.yaml)
kafka.brokers: say kafka.bootstrapServers
kafka.password: passwords are read from secrets; name yours in kafka.existingSecret
database.password: passwords are read from secrets; name yours in database.existingSecret
database.url: addresses with passwords are read from secrets; name yours in database.existingSecret
migrations.enabled: say migrations.mode, hook, job or external
{{- end }}

{{- /* Appends to `.into.said` a line for each key that is set and gone. */}}
{{- define "eldercare.deprecations" -}}
{{- $into := .into }}{{ $values := .root.Values }}
{{- range $path, $words := include "eldercare.gone" . | fromYaml }}
{{- $at := $values }}{{ $there := true }}
{{- range $step := splitList "." $path }}
{{- if and $there (kindIs "map" $at) (hasKey $at $step) }}{{ $at = get $at $step }}{{ else }}{{ $there = false }}{{ end }}
{{- end }}
{{- if $there }}{{ $_ := set $into "said" (append $into.said (printf "%s: there is no such key; %s" $path $words)) }}{{ end }}
{{- end }}
{{- end }}
