// `npm run test:long -- [--minutes N] [--cases N] [--seed S] [--case K]`: the comparison with PostgreSQL 15 for as long as you like.
import { parseArgs } from 'node:util';
import { hunt, oracleAddress } from './differential/hunt.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' }, case: { type: 'string' }, cases: { type: 'string' } } });
const oracle = oracleAddress();
if (oracle === null) {
  console.error('test:long needs a PostgreSQL 15: MILLRACE_ORACLE=postgres://user@host:port/db');
  process.exit(2);
}
const minutes = Number(values.minutes ?? 10);
const seed = Number(values.seed ?? Math.floor(Date.now() / 1000) % 1_000_000);
const only = values.case === undefined ? null : Number(values.case);
const most = Number(values.cases ?? 100_000);
let end = Date.now() + minutes * 60_000;
// What has begun is finished, and the totals are shown.
process.once('SIGINT', () => {
  end = 0;
});
console.log(`seed ${seed}`);
const totals = await hunt({
  oracle, seed, first: only ?? 0, views: 8, transactions: 6, laws: true, log: (line) => console.log(`${line}\n`),
  done: (cases) => (only === null ? Date.now() >= end || cases >= most : cases >= 1),
});
console.log(`${totals.cases} cases, ${totals.views} distinct views, ${totals.comparisons} comparisons with PostgreSQL, ${totals.lawComparisons} by laws`);
console.log(`${totals.cases - totals.failures.length} passed, ${totals.failures.length} failed`);
process.exit(totals.failures.length === 0 ? 0 : 1);
