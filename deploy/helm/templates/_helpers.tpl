{{- /* Names and labels that every object has. */ -}}
{{- define "gridwhistle.labels" -}}
app.kubernetes.io/part-of: gridwhistle
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- /*
Every Deployment there is to be, as a list: the pool of each service, then each dedicated worker. `topics` are those whose
lag scales it; none: all of its group.
*/ -}}
{{- define "gridwhistle.workloads" -}}
{{- $reads := dict "router" (list "incidents" "commands" "escalations") "escalation" (list "cases" "commands") "notifier" (list "incidents" "commands" "cases" "escalations") -}}
{{- $found := list -}}
{{- $most := .Values.kafka.partitions | int -}}
{{- range $service := list "intake" "router" "escalation" "notifier" -}}
{{- $said := index $.Values.services $service -}}
{{- $found = append $found (dict "name" (printf "%s-%s" $.Release.Name $service) "service" $service "districts" (join "," $.Values.districts) "min" $said.minReplicas "max" $said.maxReplicas "topics" list "district" "") -}}
{{- end -}}
{{- $seen := dict -}}
{{- range $one := .Values.dedicated -}}
{{- if hasKey $seen $one.district }}{{ fail (printf "dedicated: %s is there twice" $one.district) }}{{ end -}}
{{- $_ := set $seen $one.district true -}}
{{- if and $.Values.districts (not (has $one.district $.Values.districts)) }}{{ fail (printf "dedicated: %s is not in districts, so no pool would take over" $one.district) }}{{ end -}}
{{- range $service, $own := $one.services -}}
{{- $topics := list -}}
{{- range $suffix := index $reads $service | default list }}{{ $topics = append $topics (printf "gw.%s.%s" $one.district $suffix) }}{{ end -}}
{{- range $partner := $own.partners | default list }}{{ $topics = append $topics (printf "gw.%s.in.%s" $one.district $partner) }}{{ end -}}
{{- $found = append $found (dict "name" (printf "%s-%s-%s" $.Release.Name $service $one.district) "service" $service "districts" $one.district "min" ($own.minReplicas | default 1) "max" ($own.maxReplicas | default $most) "topics" $topics "district" $one.district) -}}
{{- end -}}
{{- end -}}
{{- range $one := $found -}}
{{- if gt (int $one.min) (int $one.max) }}{{ fail (printf "%s: minReplicas is larger than maxReplicas" $one.name) }}{{ end -}}
{{- if and $one.district (gt (int $one.max) $most) }}{{ fail (printf "%s: maxReplicas is larger than kafka.partitions (%d), the others would have nothing to do" $one.name $most) }}{{ end -}}
{{- end -}}
{{- toYaml $found -}}
{{- end }}

{{- define "gridwhistle.selector" -}}
app.kubernetes.io/part-of: gridwhistle
app.kubernetes.io/instance: {{ .release }}
app.kubernetes.io/component: {{ .one.service }}
gridwhistle/pool: {{ .one.district | default "all" | quote }}
{{- end }}

{{- /* Nobody in particular, with no rights and a root that cannot be written. */ -}}
{{- define "gridwhistle.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}
{{- define "gridwhistle.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- /* Who a container is to broker and database. */ -}}
{{- define "gridwhistle.connection" -}}
- {name: GW_KAFKA_BOOTSTRAP, value: {{ .kafka.bootstrap | quote }}}
- {name: GW_KAFKA_USERNAME, value: {{ .who.username | quote }}}
- {name: GW_KAFKA_PASSWORD_FILE, value: /var/lib/gridwhistle/secrets/kafka.password}
- {name: GW_KAFKA_CA_FILE, value: /var/lib/gridwhistle/secrets/ca.pem}
- {name: GW_MONGO_URL_FILE, value: /var/lib/gridwhistle/secrets/mongo.url}
{{- end }}
