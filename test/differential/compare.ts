// Runs a generated case on PostgreSQL 15 and on millrace: after each transaction every view, and its query ad hoc, must
// answer what PostgreSQL answers to the query, as a multiset; errors must have its SQLSTATE.
import { ProtocolClient } from '../support/protocol-client.ts';
import type { Address, Answer } from '../support/protocol-client.ts';
import { createTable } from './generate.ts';
import type { CaseSpec } from './generate.ts';

/** Rows as sorted text, or the SQLSTATE of the error. */
export interface Outcome {
  readonly rows: readonly string[];
  readonly code: string | null;
  readonly message: string;
  readonly tag: string;
  /** Names and types of the columns. */
  readonly columns: string;
}

export class SqlClient {
  readonly #client: ProtocolClient;

  private constructor(client: ProtocolClient) {
    this.#client = client;
  }

  static async connect(address: Address, database: string): Promise<SqlClient> {
    const client = await ProtocolClient.open(address);
    const opened = await client.startup({ user: 'postgres', database, TimeZone: 'UTC' });
    const error = opened.find((a) => a.msg === 'ErrorResponse');
    if (error !== undefined) throw new Error(String(error['M']));
    return new SqlClient(client);
  }

  async run(sql: string): Promise<Outcome> {
    this.#client.send({ Query: { q: sql } });
    return outcome(await this.#client.untilReady());
  }

  /** COPY table FROM STDIN, of lines in the text format. */
  async copy(table: string, lines: Iterable<string>): Promise<Outcome> {
    const CHUNK = 1 << 16;
    this.#client.send({ Query: { q: `COPY ${table} FROM STDIN` } });
    const begun = await this.#client.untilReady();
    if (begun.at(-1)?.msg !== 'CopyInResponse') return outcome(begun);
    let chunk = '';
    for (const line of lines) {
      chunk += `${line}\n`;
      if (chunk.length < CHUNK) continue;
      this.#client.send({ CopyData: { data: chunk } });
      chunk = '';
    }
    this.#client.send({ CopyData: { data: chunk } }, 'CopyDone');
    return outcome(await this.#client.untilReady());
  }

  close(): void {
    this.#client.close();
  }
}

function outcome(answers: readonly Answer[]): Outcome {
  const rows = answers.filter((a) => a.msg === 'DataRow').map((a) => JSON.stringify(a['values'])).toSorted();
  const error = answers.find((a) => a.msg === 'ErrorResponse' || a.msg === '<connection closed by server>');
  const complete = answers.filter((a) => a.msg === 'CommandComplete').at(-1);
  const description = answers.find((a) => a.msg === 'RowDescription');
  return {
    columns: JSON.stringify(description?.['fields'] ?? null),
    rows, code: error === undefined ? null : String(error['C'] ?? 'closed'), message: String(error?.['M'] ?? ''),
    tag: String(complete?.['tag'] ?? ''),
  };
}

/**
 * A numeric's trailing zeros and a bpchar's trailing blanks are not part of its value: which of equal values stands for a group
 * is PostgreSQL's choice of the moment. Rows are compared without them; likewise −0 and 0, and equal intervals.
 */
export function canonical(row: string): string {
  return row.replace(/"(-?\d+)\.(\d*?)0+"/g, (_, whole: string, rest: string) => `"${whole}${rest === '' ? '' : `.${rest}`}"`)
    .replaceAll('"-0"', '"0"').replace(/ +"/g, '"').replace(INTERVAL, length);
}

const INTERVAL =
  /"(?=[-+\d])(?:([-+]?\d+) years?)? ?(?:([-+]?\d+) mons?)? ?(?:([-+]?\d+) days?)? ?(?:([-+]?)(\d+):(\d\d):(\d\d(?:\.\d+)?))?"/g;

/** An interval as PostgreSQL compares it: months of 30 days, days of 24 hours. */
function length(_: string, ...[years, months, days, sign, hours, minutes, seconds]: readonly (string | undefined)[]): string {
  const time = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
  const whole = Number(years ?? 0) * 360 + Number(months ?? 0) * 30 + Number(days ?? 0);
  return `"${(whole * 86400 + (sign === '-' ? -time : time)).toFixed(6)} s"`;
}

export interface Mismatch {
  readonly what: string;
  readonly ours: string;
  readonly theirs: string;
}

export interface CaseResult {
  readonly mismatch: Mismatch | null;
  /** View answers compared. */
  readonly comparisons: number;
  readonly views: number;
}

/** null: the same rows, columns and SQLSTATE. */
export function difference(what: string, ours: Outcome, theirs: Outcome): Mismatch | null {
  if (ours.code !== theirs.code) {
    return { what, ours: `${ours.code ?? 'ok'} ${ours.message} ${ours.rows.join(' ')}`, theirs: `${theirs.code ?? 'ok'} ${theirs.message} ${theirs.rows.join(' ')}` };
  }
  if (ours.code !== null) return null;
  const [named, wanted] = [columnsOf(ours), columnsOf(theirs)];
  if (named !== wanted) return { what: `columns of ${what}`, ours: named, theirs: wanted };
  const a = ours.rows.map(canonical).toSorted();
  const b = theirs.rows.map(canonical).toSorted();
  if (a.length === b.length && a.every((row, i) => row === b[i])) return null;
  const onlyOurs = subtract(a, b);
  const onlyTheirs = subtract(b, a);
  return { what, ours: `${a.length} rows, extra: ${onlyOurs.join(' ')}`, theirs: `${b.length} rows, extra: ${onlyTheirs.join(' ')}` };
}

/** Without the table a column comes from (a view's columns are its own) and without modifiers (PostgreSQL's is of the folded plan). */
function columnsOf({ columns }: Outcome): string {
  return columns.replace(/"table":\d+,"attnum":\d+,/g, '').replace(/"mod":-?\d+,/g, '');
}

function subtract(from: readonly string[], what: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const row of what) counts.set(row, (counts.get(row) ?? 0) + 1);
  return from.filter((row) => {
    const n = counts.get(row) ?? 0;
    counts.set(row, n - 1);
    return n <= 0;
  });
}

/** Requires: both clients on empty databases of their own. */
export async function compareCase(spec: CaseSpec, ours: SqlClient, theirs: SqlClient): Promise<CaseResult> {
  let comparisons = 0;
  const views: { readonly name: string; readonly query: string }[] = [];
  const both = async (sql: string): Promise<Mismatch | null> => {
    const [a, b] = [await ours.run(sql), await theirs.run(sql)];
    return difference(sql, a, b) ?? (a.tag === b.tag ? null : { what: sql, ours: a.tag, theirs: b.tag });
  };
  const result = (mismatch: Mismatch | null): CaseResult => ({ mismatch, comparisons, views: views.length });
  for (const table of spec.tables) {
    const mismatch = await both(createTable(table));
    if (mismatch !== null) return result(mismatch);
  }
  for (const { name, query } of spec.views) {
    const wanted = await theirs.run(query);
    const mismatch = difference(query, await ours.run(query), wanted);
    if (mismatch !== null) return result(mismatch);
    if (wanted.code !== null) continue;
    const created = await ours.run(`CREATE MATERIALIZED VIEW ${name} AS ${query}`);
    const viewed = await theirs.run(`CREATE VIEW ${name} AS ${query}`);
    if (created.code !== viewed.code) {
      return result({ what: `CREATE MATERIALIZED VIEW ${name} AS ${query}`, ours: `${created.code} ${created.message}`, theirs: viewed.message });
    }
    if (created.code !== null) continue;
    views.push({ name, query });
  }
  for (const { statements, commit } of spec.transactions) {
    for (const sql of ['BEGIN', ...statements, commit ? 'COMMIT' : 'ROLLBACK']) {
      const mismatch = await both(sql);
      if (mismatch !== null) return result(mismatch);
    }
    for (const { name, query } of views) {
      comparisons += 2;
      const wanted = await theirs.run(query);
      const mismatch = difference(`view: ${query}`, await ours.run(`SELECT * FROM ${name}`), wanted)
        ?? difference(`ad hoc: ${query}`, await ours.run(query), wanted);
      if (mismatch !== null) return result(mismatch);
    }
  }
  return result(null);
}

/** Drops views, then transactions, then statements, as long as the case still fails. */
export async function shrink(spec: CaseSpec, fails: (candidate: CaseSpec) => Promise<boolean>): Promise<CaseSpec> {
  let best = spec;
  const attempt = async (candidate: CaseSpec): Promise<boolean> => {
    if (!await fails(candidate)) return false;
    best = candidate;
    return true;
  };
  for (let at = best.views.length - 1; at >= 0; at--) {
    await attempt({ ...best, views: best.views.filter((_, i) => i !== at) });
  }
  for (let at = best.transactions.length - 1; at >= 0; at--) {
    await attempt({ ...best, transactions: best.transactions.filter((_, i) => i !== at) });
  }
  for (let t = 0; t < best.transactions.length; t++) {
    for (let at = best.transactions[t].statements.length - 1; at >= 0; at--) {
      await attempt({ ...best, transactions: best.transactions.map((one, i) => (
        i === t ? { ...one, statements: one.statements.filter((_, s) => s !== at) } : one)) });
    }
  }
  return best;
}

/** The case as a script to paste. */
export function script(spec: CaseSpec): string {
  return [
    ...spec.tables.map(createTable),
    ...spec.views.map((v) => `CREATE MATERIALIZED VIEW ${v.name} AS ${v.query}`),
    ...spec.transactions.flatMap((t) => ['BEGIN', ...t.statements, t.commit ? 'COMMIT' : 'ROLLBACK']),
  ].map((s) => `${s};`).join('\n');
}
