#!/bin/sh
# Puts the passwords of the environment into the shipped ACL file, which has CHANGE-ME-<user> in their places, leaves out the
# users that nobody here is, and starts Redis with the shipped configuration. Paths can be given, for tests.
set -eu
acl=${ACL_FILE:-/etc/redis/users.acl}
configuration=${CONFIGURATION_FILE:-/etc/redis/redis.conf}
users=${RUN_FOLDER:-/run/redis}/users.acl

umask 077
sed \
  -e "s/CHANGE-ME-data /$REDIS_DATA_PASSWORD /" \
  -e "s/CHANGE-ME-state /$REDIS_STATE_PASSWORD /" \
  -e "s/CHANGE-ME-membership /$REDIS_MEMBERSHIP_PASSWORD /" \
  -e "s/CHANGE-ME-monitor /$REDIS_MONITOR_PASSWORD /" \
  -e "s/CHANGE-ME-exporter /$REDIS_EXPORTER_PASSWORD /" \
  -e '/^user gatehouse-replica /d' \
  "$acl" >"$users"
if grep -q -e CHANGE-ME -e 'on > ' "$users"; then
  echo "A user of $acl has no password." >&2
  exit 1
fi

exec redis-server "$configuration" --aclfile "$users" --bind "${BIND:-0.0.0.0}" --dir "${DATA_FOLDER:-/data}" "$@"
