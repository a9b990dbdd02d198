#!/usr/bin/env bash
# Compiles and runs the JDBC program against a fresh server. Needs a JDK and pgjdbc (Debian: libpostgresql-jdbc-java).
set -euo pipefail
cd "$(dirname "$0")/../../.."
jar=${PGJDBC_JAR:-/usr/share/java/postgresql.jar}
[ -f "$jar" ] || { echo "jdbc: $jar is not there" >&2; exit 1; }
work=$(mktemp -d)
node dist/wire/main.js --data "$work/data" --port 0 >"$work/out" 2>"$work/err" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do grep -q 'JDBC:' "$work/out" && break; sleep 0.1; done
url=$(sed -n 's/^ *JDBC: *//p' "$work/out")
[ -n "$url" ] || { cat "$work/out" "$work/err" >&2; exit 1; }
javac -d "$work" test/clients/jdbc/Main.java
java -cp "$work:$jar" Main "$url" || { cat "$work/err" >&2; exit 1; }
