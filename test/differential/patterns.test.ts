// Random regular expressions find what PostgreSQL's find, groups included: PATTERN_SEED repeats a run.
import { describe, expect, test } from 'vitest';
import { DatabaseError } from '../../engine/data/error.ts';
import { matchGroups, regexOf, searchAll } from '../../engine/data/regex/regex.ts';
import { ProtocolClient } from '../support/protocol-client.ts';
import { Random } from '../support/random.ts';
import { oracleAddress } from './hunt.ts';
import { PatternGenerator } from './patterns.ts';

const SEED = Number(process.env['PATTERN_SEED'] ?? 1);
const COUNT = Number(process.env['PATTERN_COUNT'] ?? 1500);

/** As array_out writes the groups of each match. */
function found(pattern: string, text: string, flags: string): string {
  try {
    const regex = regexOf(pattern, flags);
    const shown = (group: string | null): string => (group === null ? 'NULL' : group === '' ? '""' : group);
    const out: string[] = [];
    for (const match of searchAll(regex, text, true)) out.push(`{${matchGroups(match, regex.groups).map(shown).join(',')}}`);
    return out.join(' ');
  } catch (error) {
    if (error instanceof DatabaseError) return `${error.code} ${error.message}`;
    throw error;
  }
}

const address = oracleAddress();

describe.skipIf(address === null)('regular expressions', () => {
  test(`as PostgreSQL's (PATTERN_SEED=${SEED} npx vitest run test/differential/patterns.test.ts)`, async () => {
    if (address === null) return;
    const client = await ProtocolClient.open(address);
    await client.startup({ user: 'postgres', database: 'postgres' });
    const random = new Random(SEED);
    const generator = new PatternGenerator(random);
    for (let i = 0; i < COUNT; i++) {
      const [pattern, text, flags] = [generator.pattern(), generator.text(), random.bool(0.1) ? 'i' : ''];
      client.send({ Query: { q: `SELECT m::text FROM regexp_matches('${text}', '${pattern}', 'g${flags}') m` } });
      const answers = await client.untilReady();
      const error = answers.find((a) => a.msg === 'ErrorResponse');
      const rows = answers.filter((a) => a.msg === 'DataRow')
        .map((a) => (Array.isArray(a['values']) ? String(a['values'][0]) : ''));
      const theirs = error === undefined ? rows.join(' ') : `${error['C']} ${error['M']}`;
      expect([pattern, text, flags, found(pattern, text, flags)]).toEqual([pattern, text, flags, theirs]);
    }
    client.close();
  }, 60_000);
});
