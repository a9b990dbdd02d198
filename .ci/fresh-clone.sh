#!/usr/bin/env bash
# The README's way on a fresh clone: npm start must install, build, listen, answer psql, survive kill -9 and stop cleanly.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
cleanup() { pkill -9 -f "$work/clone/dist/wire/main.js" 2>/dev/null || true; pkill -9 -f "dist/wire/main.js --data $work/data" 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
git clone -q "$root" "$work/clone"
cd "$work/clone"

wait_for() { for _ in $(seq "$2"); do grep -q "$1" "$work/out" && return; sleep 0.1; done; cat "$work/out" "$work/err" >&2; exit 1; }
launch() { : >"$work/out"; npm start --silent -- --data "$work/data" --port 0 >"$work/out" 2>"$work/err" & wait_for 'stop:' "$1"; PORT=$(sed -n 's/.*psql .* -p \([0-9]*\) .*/\1/p' "$work/out"); }
sql() { psql -h 127.0.0.1 -p "$PORT" -U millrace -X -At -v ON_ERROR_STOP=1 millrace -c "$1"; }
expect() { [ "$1" = "$2" ] || { echo "expected '$2', got '$1'" >&2; cat "$work/err" >&2; exit 1; }; }

launch 3000
[ "$(wc -l <"$work/out")" -le 10 ] || { echo 'npm start prints too much' >&2; exit 1; }
sql "CREATE TABLE t (k int PRIMARY KEY, v int); INSERT INTO t SELECT g, g % 10 FROM generate_series(1, 1000) g;
     CREATE MATERIALIZED VIEW m AS SELECT v, count(*) AS n FROM t GROUP BY v" >/dev/null
expect "$(sql 'SELECT sum(n) FROM m')" 1000
pkill -9 -f "dist/wire/main.js --data $work/data"
sleep 0.3
begin=$(date +%s%N)
launch 100
echo "ready again after kill -9 in $((($(date +%s%N) - begin) / 1000000)) ms"
expect "$(sql 'SELECT sum(n), count(*) FROM m')" '1000|10'
sql 'DELETE FROM t WHERE v = 3' >/dev/null
expect "$(sql 'SELECT sum(n), count(*) FROM m')" '900|9'
pkill -TERM -f "dist/wire/main.js --data $work/data"
for _ in $(seq 50); do pgrep -f "dist/wire/main.js --data $work/data" >/dev/null || break; sleep 0.1; done
if pgrep -f "dist/wire/main.js --data $work/data" >/dev/null; then echo 'SIGTERM did not stop it' >&2; exit 1; fi
launch 100
expect "$(sql 'SELECT sum(n), count(*) FROM m')" '900|9'
echo 'fresh clone: ok'
