// Records the golden protocol conversations: MILLRACE_ORACLE=postgres://postgres@127.0.0.1:5433/postgres node dist/test/wire/record.js
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProtocolClient } from '../support/protocol-client.ts';
import { FIXTURES, playCase, readScripts } from './golden.ts';

const url = new URL(process.env['MILLRACE_ORACLE'] ?? 'postgres://127.0.0.1:5432');
const address = { host: url.hostname, port: Number(url.port) };
/** Empty, so that nothing left in another database answers. */
const DATABASE = 'millrace_golden';
const setup = await ProtocolClient.open(address);
await setup.startup({ user: 'postgres', database: 'postgres' });
await setup.play([{ Query: { q: `drop database if exists ${DATABASE}` } }, { Query: { q: `create database ${DATABASE}` } }]);
setup.close();
const cases: string[] = [];
for (const golden of readScripts()) {
  cases.push(JSON.stringify({ ...golden, receive: await playCase(address, golden, DATABASE) }));
}
writeFileSync(join(FIXTURES, 'golden-protocol.json'),
  `{"note":"recorded against PostgreSQL 15 by record.ts","cases":[\n${cases.join(',\n')}\n]}\n`);
console.log(`${cases.length} conversations recorded`);
