// A golden script on PostgreSQL 15 itself, in a database of its own: what it prints is what the script must expect.
import { ProtocolClient } from '../support/protocol-client.ts';
import type { Address, Answer } from '../support/protocol-client.ts';
import type { Script } from './script.ts';

const SETTINGS = { TimeZone: 'UTC', client_encoding: 'UTF8', DateStyle: 'ISO', lc_messages: 'C' };

async function connect(address: Address, database: string): Promise<ProtocolClient> {
  const client = await ProtocolClient.open(address);
  const answers = await client.startup({ user: 'postgres', database, ...SETTINGS });
  const error = answers.find((a) => a.msg === 'ErrorResponse');
  if (error !== undefined) throw new Error(String(error['M']));
  return client;
}

async function command(client: ProtocolClient, sql: string): Promise<readonly Answer[]> {
  client.send({ Query: { q: sql } });
  return client.untilReady();
}

/** What each block prints there, in the format of `runBlock`. */
export async function runOnPostgres(script: Script, address: Address, name: string): Promise<string[]> {
  const database = `script_${name.replace(/\W/g, '_')}_${process.pid}`;
  const admin = await connect(address, 'postgres');
  await command(admin, `DROP DATABASE IF EXISTS ${database}`);
  await command(admin, `CREATE DATABASE ${database} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'`);
  try {
    const client = await connect(address, database);
    const out: string[] = [];
    for (const block of script.blocks) {
      if (block.plan) throw new Error('a script for PostgreSQL too cannot show plans');
      out.push(printed(await command(client, block.sql)));
    }
    client.close();
    return out;
  } finally {
    await command(admin, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    admin.close();
  }
}

function printed(answers: readonly Answer[]): string {
  const notices = answers.filter((a) => a.msg === 'NoticeResponse').flatMap((a) => [`${a['S']}:  ${a['M']}`, ...more(a)]);
  const error = answers.find((a) => a.msg === 'ErrorResponse');
  if (error !== undefined) return [...notices, `ERROR:  ${error['C']}: ${error['M']}`, ...more(error)].join('\n');
  const results = answers.flatMap((a): readonly string[] => {
    switch (a.msg) {
      case 'RowDescription': return fields(a).length === 0 ? [] : [fields(a).map((f) => f.name).join('|')];
      case 'DataRow': return [values(a).map((v) => v ?? '').join('|')].map((row) => (row === '' ? '(empty)' : row));
      case 'CommandComplete': return [String(a['tag'])];
      default: return [];
    }
  });
  return [...notices, ...results].join('\n');
}

function more(a: Answer): readonly string[] {
  return [...('D' in a ? [`DETAIL:  ${a['D']}`] : []), ...('H' in a ? [`HINT:  ${a['H']}`] : [])];
}

function fields(a: Answer): readonly { readonly name: string }[] {
  return Array.isArray(a['fields']) ? a['fields'] : [];
}

function values(a: Answer): readonly (string | null)[] {
  return Array.isArray(a['values']) ? a['values'] : [];
}
