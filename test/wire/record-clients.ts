// Records what PostgreSQL 15 says of the statements of tools:
//   MILLRACE_ORACLE=postgres://postgres@127.0.0.1:5433/postgres node dist/test/wire/record-clients.js [more.json]
// `more.json`: [{ client, sql }] to take in. Statements PostgreSQL itself refuses are kept with its error.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProtocolClient } from '../support/protocol-client.ts';
import { describeStatement, openShop, readStatements } from './client-statements.ts';
import type { ClientStatement } from './client-statements.ts';
import { FIXTURES } from './golden.ts';

const url = new URL(process.env['MILLRACE_ORACLE'] ?? 'postgres://127.0.0.1:5432');
const address = { host: url.hostname, port: Number(url.port) };
const DATABASE = 'millrace_clients';
const setup = await ProtocolClient.open(address);
await setup.startup({ user: 'postgres', database: 'postgres' });
await setup.play([{ Query: { q: `drop database if exists ${DATABASE}` } }, { Query: { q: `create database ${DATABASE}` } }]);
setup.close();
const added = process.argv[2];
const more: readonly ClientStatement[] = added === undefined ? [] : JSON.parse(readFileSync(added, 'utf8'));
const client = await openShop(address, DATABASE);
const lines: string[] = [];
for (const { client: tool, sql } of [...readStatements(), ...more]) {
  lines.push(JSON.stringify({ client: tool, sql, ...await describeStatement(client, sql) }));
}
client.close();
writeFileSync(join(FIXTURES, 'client-statements.json'),
  `{"note":"recorded against PostgreSQL 15 by record-clients.ts","statements":[\n${lines.join(',\n')}\n]}\n`);
console.log(`${lines.length} statements recorded`);
