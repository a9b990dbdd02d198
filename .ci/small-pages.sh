#!/usr/bin/env bash
# A program of the build with pages of 16 rows, where what goes wrong at the end of a page does so all the time:
#   bash .ci/small-pages.sh test/simulation/run.js --minutes 2
set -euo pipefail
cd "$(dirname "$0")/.."
# Below node_modules, so that the packages are found.
built=node_modules/.cache/millrace-small-pages
rm -rf "$built"
mkdir -p "$built"
cp -r dist/. "$built"
echo '{ "type": "module" }' > "$built/package.json"
sed -i 's/^export const PAGE_SHIFT = 10;/export const PAGE_SHIFT = 4;/' "$built/engine/data/cells.js"
grep -q 'PAGE_SHIFT = 4;' "$built/engine/data/cells.js"
program=$1
shift
node "$built/$program" "$@"
