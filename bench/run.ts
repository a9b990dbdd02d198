// npm run bench: every bench of this folder, one table; names as arguments run a part (operator benches: relational, group-by).
import { holds, printTable } from './bench.ts';
import { runOperatorBenches } from './operator/run.ts';

const results = runOperatorBenches(process.argv.slice(2));
printTable(results);
if (!results.every(holds)) process.exitCode = 1;
