// The surface table: items of surface.sql run here, and on PostgreSQL, and what came of them as Markdown.
import { DatabaseError } from '../../engine/data/error.ts';
import { openDatabase } from '../../sql/index.ts';
import { Client } from '../support/client.ts';
import { ProtocolClient } from '../support/protocol-client.ts';
import type { Address, Answer } from '../support/protocol-client.ts';

export interface Item {
  readonly section: string;
  readonly name: string;
  readonly sql: string;
  readonly own: boolean;
  readonly once: boolean;
  readonly error: boolean;
}

export interface Surface {
  readonly setup: string;
  readonly changes: string;
  readonly items: readonly Item[];
}

/** Rows are sorted; code '' where all went well. */
export interface Outcome {
  readonly code: string;
  readonly message: string;
  readonly columns: readonly string[];
  readonly rows: readonly string[];
}

/** `view` null: it is not asked for. */
export interface Result {
  readonly item: Item;
  readonly once: Outcome;
  readonly view: Outcome | null;
}

export function parseSurface(text: string): Surface {
  const sections = text.split(/^--# /m).slice(1).map((part) => {
    const [title, ...lines] = part.split('\n');
    return { title, body: lines.join('\n') };
  });
  const bodyOf = (title: string): string => sections.find((s) => s.title === title)?.body ?? '';
  const items = sections.flatMap(({ title, body }) => body.split(/^--- /m).slice(1).map((part): Item => {
    const [head, ...lines] = part.split('\n');
    const flags = [...head.matchAll(/\[(\w+)\]/g)].map((m) => m[1]);
    return {
      section: title, name: head.replace(/ \[\w+\]/g, ''), sql: lines.join('\n').trim(),
      own: flags.includes('own'), once: flags.includes('once'), error: flags.includes('error'),
    };
  }));
  return { setup: bodyOf('Setup'), changes: bodyOf('Changes'), items };
}

function isQuery({ sql }: Item): boolean {
  return /^(SELECT|VALUES|TABLE|WITH)\b/.test(sql) && !sql.startsWith('WITH gone') && !/ INTO \w+ FROM |; /.test(sql);
}

async function outcome(client: Client, sql: string): Promise<Outcome> {
  try {
    const results = await client.query(sql);
    const last = results[results.length - 1];
    const rows = last.rows.map((row) => row.map((v) => v ?? '∅').join('|')).sort();
    return { code: '', message: '', columns: last.columns.map((c) => c.name), rows };
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    return { code: error.code, message: error.message, columns: [], rows: [] };
  }
}

async function undone<T>(run: (sql: string) => Promise<T>, sql: string): Promise<T> {
  await run('BEGIN');
  const result = await run(sql);
  await run('ROLLBACK');
  return result;
}

/** Views are made over empty tables, the changes keep them, and then they are read. */
export async function runHere(surface: Surface): Promise<readonly Result[]> {
  const database = await openDatabase({ data: ':memory:', now: () => 1_800_000_000_000_000n, random: () => 0.5 });
  const client = new Client(database);
  const run = (sql: string): Promise<Outcome> => outcome(client, sql);
  try {
    await client.query(surface.setup);
    const views = new Map<Item, Outcome>();
    for (const [i, item] of surface.items.entries()) {
      if (!isQuery(item) || item.once) continue;
      const { columns } = await run(item.sql);
      const names = columns.length === 0 ? '' : `(${columns.map((_, c) => `c${c}`).join(', ')})`;
      views.set(item, await run(`CREATE MATERIALIZED VIEW view_${i}${names} AS ${item.sql}`));
    }
    await client.query(surface.changes);
    const results: Result[] = [];
    for (const [i, item] of surface.items.entries()) {
      const made = views.get(item);
      const once = isQuery(item) ? await run(item.sql) : await undone(run, item.sql);
      const view = made === undefined || made.code !== '' ? made ?? null : await run(`SELECT * FROM view_${i}`);
      results.push({ item, once, view });
    }
    return results;
  } finally {
    await client.close();
    await database.close();
  }
}

/** The same on PostgreSQL, without the views, in a database of its own. */
export async function runThere(surface: Surface, address: Address): Promise<ReadonlyMap<Item, Outcome>> {
  const name = `surface_${process.pid}`;
  const connect = async (database: string): Promise<ProtocolClient> => {
    const client = await ProtocolClient.open(address);
    await client.startup({ user: 'postgres', database, TimeZone: 'UTC', client_encoding: 'UTF8', DateStyle: 'ISO', lc_messages: 'C' });
    return client;
  };
  const command = async (client: ProtocolClient, sql: string): Promise<Outcome> => {
    client.send({ Query: { q: sql } });
    return outcomeOf(await client.untilReady());
  };
  const admin = await connect('postgres');
  await command(admin, `DROP DATABASE IF EXISTS ${name}`);
  await command(admin, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'`);
  try {
    const client = await connect(name);
    for (const part of [surface.setup, surface.changes]) {
      const { code, message } = await command(client, part);
      if (code !== '') throw new Error(`PostgreSQL: ${code} ${message}`);
    }
    const out = new Map<Item, Outcome>();
    for (const item of surface.items) if (!item.own) out.set(item, await undone((sql) => command(client, sql), item.sql));
    client.close();
    return out;
  } finally {
    await command(admin, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    admin.close();
  }
}

function outcomeOf(answers: readonly Answer[]): Outcome {
  const error = answers.find((a) => a.msg === 'ErrorResponse');
  if (error !== undefined) return { code: String(error['C']), message: String(error['M']), columns: [], rows: [] };
  let columns: readonly string[] = [];
  let rows: string[] = [];
  let done = false;
  for (const a of answers) {
    if (done && (a.msg === 'RowDescription' || a.msg === 'CommandComplete')) {
      [columns, rows, done] = [[], [], false];
    }
    if (a.msg === 'RowDescription') columns = list(a['fields']).map((f) => String(Object(f)['name']));
    if (a.msg === 'DataRow') rows.push(list(a['values']).map((v) => (v === null ? '∅' : String(v))).join('|'));
    if (a.msg === 'CommandComplete') done = true;
  }
  return { code: '', message: '', columns, rows: rows.sort() };
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function shown(o: Outcome | null, item: Item): string {
  if (o === null) return '–';
  if (o.code === '') return 'yes';
  return item.error ? `yes: error ${o.code}` : `${o.code} ${cell(o.message)}`;
}

/** The document: sums, then a table a section. */
export function markdown(results: readonly Result[]): string {
  const refused = (o: Outcome | null, item: Item): boolean => o !== null && o.code !== '' && !item.error;
  const views = results.filter((r) => r.view !== null);
  const lines = [
    '# The surface', '',
    'What PostgreSQL\'s users write, statement by statement: answered as PostgreSQL 15 answers it (names, rows, errors), or refused',
    'with an SQLSTATE. A query is run ad hoc and as a materialized view that is kept while its tables change. The statements are in',
    '[surface.sql](surface.sql); [surface.test.ts](surface.test.ts) runs them, fails when this table is untrue, and writes it with',
    '`UPDATE_SURFACE=1`; with `MILLRACE_ORACLE` every answer is compared with PostgreSQL\'s.', '',
    `${results.length} items: ${results.filter((r) => !refused(r.once, r.item)).length} answered, `
    + `${results.filter((r) => refused(r.once, r.item)).length} refused. ${views.length} queries as views: `
    + `${views.filter((r) => !refused(r.view, r.item)).length} kept, ${views.filter((r) => refused(r.view, r.item)).length} refused.`,
  ];
  for (const section of new Set(results.map((r) => r.item.section))) {
    lines.push('', `## ${section}`, '', '| item | answered | as a view |', '|---|---|---|');
    for (const { item, once, view } of results.filter((r) => r.item.section === section)) {
      lines.push(`| ${cell(item.name)}${item.own ? ' ¹' : ''} | ${shown(once, item)} | ${shown(view, item)} |`);
    }
  }
  return `${[...lines, '', '¹ not PostgreSQL\'s.'].join('\n')}\n`;
}
