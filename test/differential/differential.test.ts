// A short hunt against PostgreSQL 15, where there is one; `npm run test:long` is the long one.
import { describe, expect, it } from 'vitest';
import { hunt, oracleAddress } from './hunt.ts';

const oracle = oracleAddress();
if (oracle === null) {
  if (process.env['MILLRACE_REQUIRE_ORACLE'] === '1') throw new Error('MILLRACE_ORACLE is not set');
  console.log('skipped: the comparison with PostgreSQL 15 needs MILLRACE_ORACLE=postgres://user@host:port/db');
}

describe.runIf(oracle !== null)('random schemas, transactions and views', () => {
  it('answer as PostgreSQL 15 does', { timeout: 240_000 }, async () => {
    if (oracle === null) return;
    const seed = Number(process.env['MILLRACE_SEED'] ?? 1);
    const totals = await hunt({ oracle, seed, first: 0, done: (cases) => cases >= 25, views: 8, transactions: 6, laws: false, log: () => undefined });
    expect(totals.failures, totals.failures.join('\n\n')).toEqual([]);
    expect(totals.comparisons).toBeGreaterThan(1000);
  });
});
