# A PostgreSQL 15 in a temporary folder, as a non-root user, reached through MILLRACE_ORACLE. Sourced by .ci/run.

start_postgres() {
  local bin=/usr/lib/postgresql/15/bin
  PG_DIR=$(mktemp -d)
  local as=()
  if [ "$(id -u)" = 0 ]; then
    id millrace-ci >/dev/null 2>&1 || useradd --system --no-create-home millrace-ci
    chown millrace-ci "$PG_DIR"
    as=(runuser -u millrace-ci --)
  fi
  PG_AS=("${as[@]}")
  PG_PORT=$((20000 + RANDOM % 10000))
  (cd "$PG_DIR" && "${as[@]}" "$bin/initdb" -D "$PG_DIR/data" -U postgres -A trust -E UTF8 --locale=C >/dev/null)
  (cd "$PG_DIR" && "${as[@]}" "$bin/pg_ctl" -w -D "$PG_DIR/data" -l "$PG_DIR/log" \
    -o "-p $PG_PORT -k $PG_DIR -c listen_addresses=127.0.0.1 -c max_connections=100" start >/dev/null)
  export MILLRACE_ORACLE="postgres://postgres@127.0.0.1:$PG_PORT/postgres"
}

stop_postgres() {
  (cd "$PG_DIR" && "${PG_AS[@]}" /usr/lib/postgresql/15/bin/pg_ctl -D "$PG_DIR/data" -m immediate stop >/dev/null) || true
  rm -rf "$PG_DIR"
}
