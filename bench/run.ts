// npm run bench: every bench, one table; names as arguments run a part (relational, group-by).
import { holds, printTable } from './bench.ts';
import { runOperatorBenches } from './operator/run.ts';

const results = runOperatorBenches(process.argv.slice(2));
printTable(results);
if (!results.every(holds)) process.exitCode = 1;
