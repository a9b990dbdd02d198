// Runs a generated case on PostgreSQL 15 and on millrace: after each transaction every view, and its query ad hoc, must
// answer what PostgreSQL answers to the query, as a multiset; errors must have its SQLSTATE.
import { ProtocolClient } from '../support/protocol-client.ts';
import type { Address, Answer, ScriptMessage } from '../support/protocol-client.ts';
import { createTables } from './generate.ts';
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

  /** All sent before the first is answered; lines behind a COPY .. FROM STDIN are its data. `extended`: by that protocol. */
  async runAll(list: readonly string[], extended = false): Promise<Outcome[]> {
    this.#client.send(...list.flatMap((sql) => messages(sql, extended)));
    const outcomes: Outcome[] = [];
    for (const _ of list) {
      const answers = [...await this.#client.untilReady()];
      if (answers.at(-1)?.msg === 'CopyInResponse') answers.push(...await this.#client.untilReady());
      outcomes.push(outcome(answers));
    }
    return outcomes;
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

function messages(sql: string, extended: boolean): readonly ScriptMessage[] {
  const [q, ...lines] = sql.startsWith('COPY ') ? sql.split('\n') : [sql];
  if (lines.length > 0) return [{ Query: { q } }, { CopyData: { data: lines.map((line) => `${line}\n`).join('') } }, 'CopyDone'];
  return extended ? [{ Parse: { q } }, { Bind: {} }, { Describe: { kind: 'P' } }, { Execute: {} }, 'Sync'] : [{ Query: { q } }];
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
  /** rows, columns, tag, or the two SQLSTATEs: shrinking keeps it. */
  readonly kind: string;
  readonly ours: string;
  readonly theirs: string;
}

export interface CaseResult {
  readonly mismatch: Mismatch | null;
  /** View answers compared. */
  readonly comparisons: number;
  /** Their queries. */
  readonly views: readonly string[];
}

/** null: the same rows, columns and SQLSTATE. */
export function difference(what: string, ours: Outcome, theirs: Outcome): Mismatch | null {
  if (ours.code !== theirs.code) return codes(what, ours, theirs);
  if (ours.code !== null) return null;
  const [named, wanted] = [columnsOf(ours), columnsOf(theirs)];
  if (named !== wanted) return { what: `columns of ${what}`, kind: 'columns', ours: named, theirs: wanted };
  const a = ours.rows.map(canonical).toSorted();
  const b = theirs.rows.map(canonical).toSorted();
  if (a.length === b.length && a.every((row, i) => row === b[i])) return null;
  const onlyOurs = subtract(a, b);
  const onlyTheirs = subtract(b, a);
  const listed = (rows: readonly string[]): string => (rows.length > 30 ? [...rows.slice(0, 30), `... ${rows.length} in all`] : rows).join(' ');
  return { what, kind: 'rows', ours: `${a.length} rows, extra: ${listed(onlyOurs)}`, theirs: `${b.length} rows, extra: ${listed(onlyTheirs)}` };
}

/** Without the table a column comes from (a view's columns are its own) and without modifiers (PostgreSQL's is of the folded plan). Types of our own have any OID. */
function columnsOf({ columns }: Outcome): string {
  return columns.replace(/"table":\d+,"attnum":\d+,/g, '').replace(/"mod":-?\d+,/g, '')
    .replace(/"type":(\d{5,})/g, '"type":"own"');
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

/** A view's query as it is compared. */
interface Compared {
  readonly name: string;
  readonly query: string;
}

const REWRITES_OFF = (names: string): string => `SET optimizer_disable = '${names}'`;

/** millrace under test: a client of it, and the way to another after a restart of the server on what is on disk. */
export interface Subject {
  readonly client: SqlClient;
  restarted(crash: boolean): Promise<SqlClient>;
}

/** Requires: both on empty databases of their own. */
export async function compareCase(spec: CaseSpec, subject: Subject, theirs: SqlClient): Promise<CaseResult> {
  let ours = subject.client;
  let comparisons = 0;
  const result = (mismatch: Mismatch | null, views: readonly Compared[] = []): CaseResult =>
    ({ mismatch, comparisons, views: views.map((v) => v.query) });
  const both = async (list: readonly string[]): Promise<Mismatch | null> => {
    const [a, b] = await Promise.all([ours.runAll(list), theirs.runAll(list)]);
    return firstOf(list.map((sql, i) => difference(sql, a[i], b[i])
      ?? (a[i].tag === b[i].tag ? null : { what: sql, kind: 'tag', ours: a[i].tag, theirs: b[i].tag })));
  };
  const begun = await both([...spec.types, ...spec.tables.flatMap(createTables)]);
  if (begun !== null) return result(begun);
  await ours.runAll([REWRITES_OFF(spec.shape.disable), `SET optimizer_seed = ${spec.shape.viewSeed}`]);
  const views: Compared[] = [];
  const createViews = async (after: number): Promise<Mismatch | null> => {
    for (const { name, query } of spec.views.filter((v) => v.after === after)) {
      const [[wanted, viewed], [given, created]] = await Promise.all([
        theirs.runAll([query, `CREATE VIEW ${name} AS ${query}`]), ours.runAll([query, `CREATE MATERIALIZED VIEW ${name} AS ${query}`])]);
      const mismatch = difference(query, given, wanted) ?? (created.code === viewed.code || wanted.code !== null ? null
        : codes(`CREATE MATERIALIZED VIEW ${name} AS ${query}`, created, viewed));
      if (mismatch !== null) return mismatch;
      // Of a query that fails on what the tables hold both make the view, and keep it.
      if (created.code === null && viewed.code === null) views.push({ name, query });
    }
    return null;
  };
  const early = await createViews(0);
  if (early !== null) return result(early, views);
  await ours.run(`SET optimizer_seed = ${spec.shape.querySeed}`);
  for (const [number, { statements, commit }] of spec.transactions.entries()) {
    const changed = await both(['BEGIN', ...statements, commit ? 'COMMIT' : 'ROLLBACK']);
    if (changed !== null) return result(changed, views);
    const [wanted, given] = await Promise.all([
      theirs.runAll(views.map((v) => v.query)), ours.runAll(views.flatMap((v) => [`SELECT * FROM ${v.name}`, v.query]), spec.extended)]);
    comparisons += given.length;
    const mismatch = firstOf(views.map(({ query }, i) => difference(`view: ${query}`, given[i * 2], wanted[i])
      ?? difference(`ad hoc: ${query}`, given[i * 2 + 1], wanted[i])));
    if (mismatch !== null) return result(mismatch, views);
    const late = await createViews(number + 1);
    if (late !== null) return result(late, views);
    if (!spec.restarts || number % 2 === 1) continue;
    ours = await subject.restarted(number % 4 === 0);
    await ours.runAll([REWRITES_OFF(spec.shape.disable), `SET optimizer_seed = ${spec.shape.querySeed}`]);
  }
  return result(null, views);
}

function firstOf(list: readonly (Mismatch | null)[]): Mismatch | null {
  return list.find((m) => m !== null) ?? null;
}

function codes(what: string, ours: Outcome, theirs: Outcome): Mismatch {
  const shown = (o: Outcome): string => `${o.code ?? 'ok'} ${o.message} ${o.rows.join(' ')}`;
  return { what, kind: `${ours.code ?? 'ok'}/${theirs.code ?? 'ok'}`, ours: shown(ours), theirs: shown(theirs) };
}

/** The case as a script to paste. */
export function script(spec: CaseSpec): string {
  const { disable, viewSeed, querySeed } = spec.shape;
  const created = (after: number): string[] => spec.views.filter((v) => v.after === after)
    .map((v) => `CREATE MATERIALIZED VIEW ${v.name} AS ${v.query}`);
  return [
    ...spec.types, ...spec.tables.flatMap(createTables), ...disable === '' ? [] : [REWRITES_OFF(disable)],
    ...viewSeed === 0 ? [] : [`SET optimizer_seed = ${viewSeed}`],
    ...created(0),
    ...viewSeed === querySeed ? [] : [`SET optimizer_seed = ${querySeed}`],
    ...spec.extended ? ['-- queries by the extended protocol'] : [],
    ...spec.restarts ? ['-- on disk; restarted after the 1st, 3rd, 5th .. transaction, by turns as it lies and after a clean stop'] : [],
    ...spec.transactions.flatMap((t, i) => ['BEGIN', ...t.statements, t.commit ? 'COMMIT' : 'ROLLBACK', ...created(i + 1)]),
  ].map((s) => `${s};`).join('\n');
}
