// Golden protocol conversations: the same scripts played against PostgreSQL 15 (recorded) and against us.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ProtocolClient } from '../support/protocol-client.ts';
import type { Address, Answer, ScriptMessage } from '../support/protocol-client.ts';

export interface GoldenCase {
  readonly name: string;
  /** Startup packets other than the plain one. */
  readonly startup?: { readonly version?: number; readonly parameters: Readonly<Record<string, string>> };
  readonly send: readonly ScriptMessage[];
}

export interface RecordedCase extends GoldenCase {
  readonly receive: readonly Answer[];
}

export const FIXTURES = join(dirname(fileURLToPath(import.meta.url)).replace('/dist/', '/'), 'fixtures');

const QUERY: readonly ScriptMessage[] = [{ Query: { q: 'select 1' } }];
const USER = { user: 'postgres', database: 'postgres', TimeZone: 'UTC' };

const STARTUPS: readonly GoldenCase[] = [
  { name: 'startup: protocol 3.9999 and an unknown _pq_ option',
    startup: { version: (3 << 16) | 9999, parameters: { ...USER, '_pq_.test_protocol_negotiation': '' } }, send: QUERY },
  { name: 'startup: protocol 3.2', startup: { version: (3 << 16) | 2, parameters: USER }, send: QUERY },
  { name: 'startup: protocol 4.0', startup: { version: 4 << 16, parameters: USER }, send: QUERY },
  { name: 'startup: no user', startup: { parameters: { database: 'postgres' } }, send: QUERY },
  { name: 'startup: unknown database', startup: { parameters: { user: 'postgres', database: 'nope' } }, send: QUERY },
  { name: 'startup: bad option value', startup: { parameters: { ...USER, DateStyle: 'bogus' } }, send: QUERY },
  { name: 'startup: unknown option', startup: { parameters: { ...USER, nosuch: '1' } }, send: QUERY },
  { name: 'startup: options -c unknown.custom', startup: { parameters: { ...USER, options: '-c a.b=1' } }, send: QUERY },
  { name: 'startup: parameters that clients send',
    startup: { parameters: { ...USER, client_encoding: "'utf-8'", DateStyle: 'ISO', TimeZone: 'Europe/Berlin',
      extra_float_digits: '2', application_name: 'golden' } },
    send: [{ Query: { q: 'show timezone' } }, { Query: { q: 'show application_name' } }] },
];

export function readScripts(): readonly GoldenCase[] {
  const { cases }: { cases: readonly GoldenCase[] } =
    JSON.parse(readFileSync(join(FIXTURES, 'protocol-scripts.json'), 'utf8'));
  return [...cases, ...STARTUPS];
}

export function readRecorded(): readonly RecordedCase[] {
  const { cases }: { cases: readonly RecordedCase[] } =
    JSON.parse(readFileSync(join(FIXTURES, 'golden-protocol.json'), 'utf8'));
  return cases;
}

/** Startup's answers are left out but for errors and version negotiation; so are reports of settings nobody changed. */
export async function playCase(
  address: Address, golden: GoldenCase, database = 'postgres',
): Promise<readonly Answer[]> {
  const client = await ProtocolClient.open(address);
  try {
    const start: NonNullable<GoldenCase['startup']> = golden.startup ?? { parameters: USER };
    const opened = await client.startup(
      start.parameters['database'] === 'postgres' ? { ...start.parameters, database } : start.parameters, start.version);
    const heard = opened.filter((a) => ['ErrorResponse', 'NegotiateProtocolVersion', '<connection closed by server>'].includes(a.msg));
    if (opened.at(-1)?.msg !== 'ReadyForQuery') return heard;
    return [...heard, ...await client.play(golden.send)];
  } finally {
    client.close();
  }
}
