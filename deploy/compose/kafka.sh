#!/bin/sh
# Starts Apache Kafka in its official image from what the job `secrets` made. The image's own start script knows no way
# to make the first user while the storage is formatted, and without that user nobody could make any other.
set -eu
secrets=/var/lib/gridwhistle/secrets/kafka
if [ ! -e /var/lib/kafka/data/meta.properties ]; then
    # The operator's password is in that file; on a command line all of the machine could read it.
    java "@$secrets/format.args"
fi
# exec: a signal to stop must reach Kafka and not this shell.
# shellcheck disable=SC2086 # several options in one variable
exec java ${KAFKA_HEAP_OPTS:--Xms512m -Xmx1g} -cp '/opt/kafka/libs/*' \
    -Dlog4j2.configurationFile=/etc/gridwhistle/log4j2.properties kafka.Kafka "$secrets/server.properties"
