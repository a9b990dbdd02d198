// What tools and drivers send on their own: catalog queries of psql's commands, driver introspection, pgbench. The
// statements and what PostgreSQL 15 says of their parameters and columns are recorded in a fixture.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProtocolClient } from '../support/protocol-client.ts';
import type { Address, Answer } from '../support/protocol-client.ts';
import { FIXTURES } from './golden.ts';

export interface ClientStatement {
  /** The tool, and the command that made it send this. */
  readonly client: string;
  readonly sql: string;
}

export interface Described {
  /** SQLSTATE and message, when it fails. */
  readonly error?: string;
  readonly parameters: readonly string[];
  /** `name:type OID`; types made by users are `name:user`. */
  readonly columns: readonly string[];
}

export type RecordedStatement = ClientStatement & Described;

/** What the statements find. */
const SETUP: readonly string[] = [
  'create schema sales',
  "create type sales.mood as enum ('sad', 'ok', 'happy')",
  'create table t (a int primary key, b text)',
  `create table sales.customer (id int generated always as identity primary key, name text not null unique, m sales.mood,
    tags text[], meta jsonb, balance numeric(10,2) default 0 check (balance >= 0), created_at timestamptz default now())`,
  `create table sales.orders (id serial primary key, customer_id int references sales.customer(id) on delete cascade,
    total numeric(10,2), placed timestamptz default now(), note varchar(20))`,
  'create table orders (id int, note text)',
  'create index orders_placed on sales.orders (placed desc, id)',
  'create view sales.order_totals as select * from sales.orders where total > 100',
  'create materialized view totals as select customer_id, count(*) as n, sum(total) from sales.orders group by customer_id',
  'create sequence counter',
  "comment on table t is 'plain'",
  "comment on column t.a is 'key'",
  "insert into t values (1, 'x'), (2, null)",
  "insert into sales.customer (name, m, tags) values ('ann', 'happy', '{a,b}')",
  'insert into sales.orders (customer_id, total) values (1, 120), (1, 3)',
  'create table pgbench_history(tid int,bid int,aid int,delta int,mtime timestamp,filler char(22))',
  'create table pgbench_tellers(tid int not null primary key,bid int,tbalance int,filler char(84))',
  'create table pgbench_accounts(aid int not null primary key,bid int,abalance int,filler char(84))',
  'create table pgbench_branches(bid int not null primary key,bbalance int,filler char(88))',
];

export function readStatements(): readonly RecordedStatement[] {
  const { statements }: { statements: readonly RecordedStatement[] } =
    JSON.parse(readFileSync(join(FIXTURES, 'client-statements.json'), 'utf8'));
  return statements;
}

export async function openShop(address: Address, database = 'postgres'): Promise<ProtocolClient> {
  const client = await ProtocolClient.open(address);
  await client.startup({ user: 'postgres', database, TimeZone: 'UTC' });
  for (const q of SETUP) {
    const failed = (await client.play([{ Query: { q } }])).find((a) => a.msg === 'ErrorResponse');
    if (failed !== undefined) throw new Error(`${String(failed['M'])}: ${q}`);
  }
  return client;
}

/** Prepares and describes; runs it too when it takes no parameters. What it changes is undone. */
export async function describeStatement(client: ProtocolClient, sql: string): Promise<Described> {
  await client.play([{ Query: { q: 'begin' } }]);
  const parsed = await client.play([{ Parse: { q: sql } }, { Describe: { kind: 'S' } }, 'Sync']);
  const parameters = parsed.find((a) => a.msg === 'ParameterDescription')?.['oids'];
  const takesNone = Array.isArray(parameters) && parameters.length === 0;
  const run = takesNone ? await client.play([{ Bind: {} }, { Execute: {} }, 'Sync']) : [];
  await client.play([{ Query: { q: 'rollback' } }, { Query: { q: 'deallocate all' } }]);
  const failed = [...parsed, ...run].find((a) => a.msg === 'ErrorResponse');
  return {
    ...(failed === undefined ? {} : { error: `${String(failed['C'])} ${String(failed['M'])}` }),
    parameters: Array.isArray(parameters) ? parameters.map((oid) => typeWord(Number(oid))) : [],
    columns: columnsOf(parsed),
  };
}

const typeWord = (oid: number): string => (oid >= 16384 ? 'user' : String(oid));

function columnsOf(answers: readonly Answer[]): readonly string[] {
  const fields: unknown = answers.find((a) => a.msg === 'RowDescription')?.['fields'];
  if (!Array.isArray(fields)) return [];
  return fields.map((f: { readonly name: string; readonly type: number }) => `${f.name}:${typeWord(f.type)}`);
}
