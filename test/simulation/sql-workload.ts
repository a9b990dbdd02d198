// The workload in SQL: sessions with transactions, large insertions, DDL, sequences and a source, over views that must equal their queries.
import { batchFromRows } from '../../engine/data/access.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import type { SourceConnector } from '../../engine/runtime/connector.ts';
import { openDatabase } from '../../sql/index.ts';
import type { Database } from '../../sql/index.ts';
import { Client } from '../support/client.ts';
import { Random } from '../support/random.ts';
import type { Ending } from './ledger.ts';
import type { SimulatedMachine } from './machine.ts';
import { SqlLedger } from './sql-ledger.ts';
import type { SqlEntry } from './sql-ledger.ts';
import { Violation } from './violation.ts';
import type { Sizes, Workload } from './workload.ts';

const ACCOUNTS = 8;
/** A transaction ends with one of these and has done nothing. */
const REFUSALS = ['25006', '53200', '57P03', '40001', '40P01', '55P03', '55006', '42P01', '42P07', '0A000'];
/** Its record may be on disk. */
const OPEN = ['58030', '53100', '53000'];
const SOURCE_ROWS = 60;

const SCHEMA = `
  CREATE TABLE log (number int PRIMARY KEY, kind int);
  CREATE TABLE account (id int PRIMARY KEY, balance int8 NOT NULL);
  CREATE TABLE item (id serial PRIMARY KEY, batch int, v int, note text);
  CREATE INDEX item_batch ON item (batch);
  CREATE SOURCE feed (n int8, v int8) WITH (connector = 'simulated');`;

const VIEWS: Readonly<Record<string, string>> = {
  total: 'SELECT count(*) AS n, sum(balance) AS s FROM account',
  by_batch: 'SELECT batch, count(*) AS n, sum(v) AS s, max(note) AS m FROM item GROUP BY batch',
  joined: 'SELECT a.id, a.balance, i.batch, i.v FROM account a JOIN item i ON i.v % 8 = a.id WHERE i.v > 80',
  biggest: 'SELECT id, v FROM item ORDER BY v DESC, id LIMIT 5',
  above: 'SELECT count(*) AS n, sum(n) AS s FROM by_batch',
  fed: 'SELECT v % 3 AS r, count(*) AS n, sum(n) AS s FROM feed GROUP BY v % 3',
};

interface Batch { readonly rows: number; readonly sum: number }

interface Model {
  readonly kinds: Map<number, number>;
  readonly accounts: Map<number, number>;
  readonly batches: Map<number, Batch>;
  readonly raised: Map<number, number>;
  readonly gone: Set<number>;
  readonly tables: Map<number, number[]>;
}

const emptyModel = (): Model => ({
  kinds: new Map(), accounts: new Map(), batches: new Map(), raised: new Map(), gone: new Set(), tables: new Map(),
});

/** Of the schema before faults end. */
const MAKE_TRIES = 50;
/** Phases of a fold: what makes something, what changes it, what takes it away. */
const MAKES = 0;
const CHANGES = 1;
const TAKES = 2;

interface Work {
  readonly kind: number;
  readonly what: string;
  readonly phase: number;
  readonly statements: readonly string[];
  apply(model: Model): void;
}

/** Rows 1, 2, ...; each batch is read when its turn comes. */
function feed(machine: SimulatedMachine): SourceConnector {
  const { scheduler } = machine;
  return {
    name: 'simulated', description: 'rows in order, for the simulation', defaultSchema: () => null,
    open: ({ schema, offset }) => ({
      async *read(signal) {
        let at = offset === null ? 0 : Number(new TextDecoder().decode(offset));
        while (at < SOURCE_ROWS && !signal.aborted) {
          await scheduler.turn('client');
          await scheduler.sleep(scheduler.random.float() * 5);
          const to = Math.min(SOURCE_ROWS, at + scheduler.random.int(1, 5));
          const rows = Array.from({ length: to - at }, (_, i) => [BigInt(at + i + 1), BigInt((at + i + 1) * 7)]);
          at = to;
          yield { rows: batchFromRows(schema, rows), offset: new TextEncoder().encode(String(to)) };
        }
      },
    }),
  };
}

export class SqlWorkload implements Workload {
  readonly #ledger = new SqlLedger<Model>(emptyModel);
  readonly #sizes: Sizes;
  #database: Database | null = null;
  #machine: SimulatedMachine | null = null;
  #random = new Random(1);
  #fatal: Error | null = null;
  #made = false;
  #damaged = false;
  #tables = 0;

  constructor(sizes: Sizes) {
    this.#sizes = sizes;
  }

  get acknowledged(): number {
    return this.#ledger.acknowledged;
  }

  fatal(): Error | null {
    return this.#fatal;
  }

  async open(machine: SimulatedMachine): Promise<void> {
    const { scheduler } = machine;
    this.#machine = machine;
    this.#random = scheduler.random;
    this.#fatal = null;
    this.#database = null;
    const { segmentBytes, aheadBytes, checkpointBytes, memoryBytes, history } = this.#sizes;
    this.#database = await openDatabase({
      data: '/data', machine: machine.machine, segmentBytes: segmentBytes * 4, aheadBytes, checkpointBytes: checkpointBytes * 3, memoryBytes,
      ...(history ? { history: 10_000_000n } : {}), connectors: [feed(machine)], log: (line) => machine.log(line),
      fatal: (error) => { this.#fatal ??= error; },
      now: () => BigInt(Math.floor(scheduler.wallClock * 1000)), random: () => scheduler.random.float(),
      schedule: {
        startSlices: () => machine.machine.pause,
        defer: (task) => scheduler.post('defer', task), later: (milliseconds, task) => scheduler.later(milliseconds, task),
      },
    });
  }

  #client(): Client {
    if (this.#database === null) throw new TypeError('not open');
    return new Client(this.#database);
  }

  /** All tables and views in one snapshot, compared with what the transactions found come to. */
  async #check(client: Client, ending: Ending | null): Promise<ReadonlySet<number>> {
    const since = this.#ledger.now();
    const rows = (sql: string): Promise<readonly string[]> => client.rows(sql);
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const log = (await rows('SELECT number, kind FROM log')).map((row) => row.split('|').map(Number));
    const found = new Set(log.map(([number]) => number));
    const fault = this.#ledger.fault(found, ending, { since: ending === null ? since : Infinity, damaged: this.#damaged });
    if (fault !== null) throw new Violation(`${ending === null ? '' : `after ${ending}: `}${fault}`);
    const model = this.#ledger.expected(found);
    const same = async (what: string, sql: string, wanted: readonly string[]): Promise<void> => {
      const got = (await rows(sql)).toSorted();
      if (got.join('\n') !== wanted.toSorted().join('\n')) throw new Violation(`${what}: ${got.slice(0, 12).join(' ')} where ${wanted.slice(0, 12).join(' ')} should be`);
    };
    const wrong = log.find(([number, kind]) => model.kinds.get(number) !== kind);
    if (wrong !== undefined) throw new Violation(`log: ${wrong.join()}`);
    await same('account', 'SELECT id, balance FROM account', [...model.accounts].map((row) => row.join('|')));
    await same('item', 'SELECT batch, count(*), sum(v) FROM item GROUP BY batch', [...model.batches].filter(([b]) => !model.gone.has(b))
      .map(([b, batch]) => `${b}|${batch.rows}|${batch.sum + batch.rows * (model.raised.get(b) ?? 0)}`));
    await same('feed', 'SELECT count(*) - count(DISTINCT n), count(*) - coalesce(max(n), 0), coalesce(sum(v - 7 * n), 0) FROM feed', ['0|0|0']);
    for (const [view, query] of Object.entries(VIEWS)) await same(view, `SELECT * FROM ${view}`, await rows(query));
    const compareTables = async (): Promise<void> => {
      for (const [n, values] of model.tables) {
        await same(`d${n}`, `SELECT v FROM d${n}`, values.map(String));
        await same(`dv${n}`, `SELECT * FROM dv${n}`, await rows(`SELECT count(*), sum(v) FROM d${n}`));
      }
      const dynamic = await rows(`SELECT count(*) FROM pg_class WHERE relname ~ '^d[0-9]+$'`);
      if (Number(dynamic[0]) !== model.tables.size) throw new Violation(`${dynamic[0]} tables that came and went where ${model.tables.size} should be`);
    };
    try {
      await compareTables();
    } catch (error) {
      // Names mean what they mean now, whatever the snapshot, as in PostgreSQL: a table may have come or gone since.
      if (!this.#ledger.underWay(/^(create|drop) d/, since)) throw error;
      if (error instanceof Violation ? !error.message.includes('came and went') : !isGone(error)) throw error;
    }
    await client.query('ROLLBACK');
    return found;
  }

  async checkLive(): Promise<void> {
    if (!this.#made) return;
    const client = this.#client();
    try {
      await this.#check(client, null);
    } catch (error) {
      if (!this.#readRefused(error)) throw error;
    } finally {
      await client.close();
    }
  }

  /** Readers are only refused where a page cannot be read. */
  #readRefused(error: unknown): boolean {
    const faults = this.#machine?.faults;
    if (!(error instanceof DatabaseError) || faults === undefined || faults.injected === 0) return false;
    return error.code === '58030' || (faults.reads > 0 && error.code === 'XX000');
  }

  async checkRecovered(ending: Ending, damaged: boolean): Promise<void> {
    this.#damaged = damaged;
    const client = this.#client();
    const [there] = await client.rows(`SELECT count(*) FROM pg_class WHERE relname = 'log'`);
    this.#made = there === '1';
    // It is made in one transaction: where it is not there, nothing is.
    const found = this.#made ? await this.#check(client, ending) : new Set<number>();
    const fault = this.#made ? null : this.#ledger.fault(found, ending, { damaged });
    if (fault !== null) throw new Violation(`after ${ending}: ${fault}`);
    this.#ledger.settle(found);
    await client.close();
  }

  async run(): Promise<void> {
    const scheduler = this.#machine?.scheduler;
    if (scheduler === undefined) throw new TypeError('not open');
    await this.#make();
    const sessions = this.#random.pick([1, 2, 2, 3, 5]);
    await Promise.all(Array.from({ length: sessions }, () => this.#session(this.#random.int(2, this.#sizes.actions))));
  }

  /** The schema in one transaction, until it is there. A disk that is full for good gets room: to try on would take long. */
  async #make(): Promise<void> {
    for (let tries = 1; !this.#made && this.#fatal === null; tries++) {
      if (tries > MAKE_TRIES) this.#machine?.faults.end();
      const client = this.#client();
      const views = Object.entries(VIEWS).map(([name, query]) => `CREATE MATERIALIZED VIEW ${name} AS ${query};`).join('\n');
      const accounts = Array.from({ length: ACCOUNTS }, (_, id) => `(${id}, 0)`).join(', ');
      this.#made = await this.#transaction(client, {
        kind: 0, what: 'schema', phase: MAKES, statements: [SCHEMA, views, `INSERT INTO account VALUES ${accounts}`],
        apply: (model) => { for (let id = 0; id < ACCOUNTS; id++) model.accounts.set(id, 0); },
      });
      await client.close();
      if (!this.#made) await this.#machine?.scheduler.sleep(50);
    }
  }

  async #session(actions: number): Promise<void> {
    const scheduler = this.#machine?.scheduler;
    if (scheduler === undefined) throw new TypeError('not open');
    let client = this.#client();
    for (let n = 0; n < actions && this.#fatal === null; n++) {
      const dice = this.#random.float();
      let done = true;
      if (dice < 0.06) done = await this.#command(client, 'CHECKPOINT');
      else if (dice < 0.12) await this.checkLive();
      else if (dice < 0.14) {
        await client.close();
        client = this.#client();
      } else done = await this.#transaction(client, this.#work());
      await (done ? scheduler.turn('client') : scheduler.sleep(this.#random.int(1, 100)));
    }
    await client.close();
  }

  async #command(client: Client, sql: string): Promise<boolean> {
    try {
      await client.query(sql);
      return true;
    } catch (error) {
      if (error instanceof DatabaseError && [...REFUSALS, ...OPEN].includes(error.code)) return false;
      throw new Violation(`${sql}: ${describe(error)}`);
    }
  }

  /** Statement by statement in a block, all in one string, or given up at the end. */
  async #transaction(client: Client, { kind, what, phase, statements, apply }: Work): Promise<boolean> {
    const number = this.#ledger.nextNumber();
    const sync = this.#random.bool(this.#sizes.syncShare);
    const log = `INSERT INTO log VALUES (${number}, ${kind})`;
    const all = kind !== 0 && this.#random.bool() ? [log, ...statements] : [...statements, log];
    const how = kind === 0 ? 'string' : this.#random.pick(['block', 'block', 'string', 'rollback', 'savepoint'] as const);
    let entry: SqlEntry<Model> | null = null;
    const sent = (): void => {
      entry = this.#ledger.sent({
        number, sync, what, phase,
        apply: (model) => {
          model.kinds.set(number, kind);
          apply(model);
        },
      });
    };
    try {
      await client.query(`SET synchronous_commit = ${sync ? 'on' : 'off'}`);
      if (how === 'string') {
        sent();
        await client.query(all.join(';\n'));
      } else {
        await client.query('BEGIN');
        for (const statement of all) {
          if (how === 'savepoint') await client.query('SAVEPOINT s; INSERT INTO item (batch, v) VALUES (-1, -1); ROLLBACK TO s');
          await client.query(statement);
          await this.#machine?.scheduler.turn('client');
        }
        if (how === 'rollback') {
          await client.query('ROLLBACK');
          return true;
        }
        sent();
        await client.query('COMMIT');
      }
      if (entry !== null) this.#ledger.answered(entry, 'acked');
      return true;
    } catch (error) {
      if (error instanceof Violation) throw error;
      const code = error instanceof DatabaseError ? error.code : '';
      if (!REFUSALS.includes(code) && !OPEN.includes(code) && !this.#readRefused(error) && this.#fatal === null) {
        if (this.#damaged && code === 'XX001') throw error;
        throw new Violation(`${what}: ${describe(error)}`);
      }
      if (entry !== null) this.#ledger.answered(entry, REFUSALS.includes(code) && this.#fatal === null ? 'refused' : 'open');
      await client.query('ROLLBACK').catch(() => undefined);
      return false;
    }
  }

  #work(): Work {
    const dice = this.#random.float();
    if (dice < 0.35) return this.#transfer();
    if (dice < 0.6) return this.#insert();
    if (dice < 0.7) return this.#raise();
    if (dice < 0.78) return this.#remove();
    return this.#dynamic();
  }

  #transfer(): Work {
    const from = this.#random.int(0, ACCOUNTS - 1);
    const to = (from + this.#random.int(1, ACCOUNTS - 1)) % ACCOUNTS;
    const amount = this.#random.int(1, 100);
    return {
      kind: 1, what: `transfer ${from} ${to} ${amount}`, phase: CHANGES,
      statements: [`UPDATE account SET balance = balance - ${amount} WHERE id = ${from}`, `UPDATE account SET balance = balance + ${amount} WHERE id = ${to}`],
      apply: ({ accounts }) => {
        accounts.set(from, (accounts.get(from) ?? 0) - amount);
        accounts.set(to, (accounts.get(to) ?? 0) + amount);
      },
    };
  }

  #insert(): Work {
    const batch = this.#ledger.nextNumber();
    const rows = this.#random.pick([1, 3, 20, Math.min(300, this.#sizes.load)]);
    const values = Array.from({ length: rows }, (_, i) => (batch * 31 + i * 17) % 100);
    const list = values.map((v, i) => `(${batch}, ${v}, 'note ${i * batch}')`).join(', ');
    return {
      kind: 2, what: `insert batch ${batch}`, phase: MAKES, statements: [`INSERT INTO item (batch, v, note) VALUES ${list}`],
      apply: ({ batches }) => void batches.set(batch, { rows, sum: values.reduce((a, b) => a + b, 0) }),
    };
  }

  /** A batch whose insertion was sent, be it there or not. */
  #batch(): number {
    return this.#random.int(1, this.#ledger.nextNumber());
  }

  /** By as much for whoever comes first: an update of a batch that is not there yet is one of nothing. */
  #raise(): Work {
    const known = [...this.#known().batches.keys()];
    const batch = known.length === 0 ? 0 : this.#random.pick(known);
    return {
      kind: 3, what: `raise ${batch}`, phase: CHANGES, statements: [`UPDATE item SET v = v + 100 WHERE batch = ${batch}`],
      apply: ({ batches, raised }) => { if (batches.has(batch)) raised.set(batch, (raised.get(batch) ?? 0) + 100); },
    };
  }

  #remove(): Work {
    const known = [...this.#known().batches.keys()];
    const batch = known.length === 0 ? this.#batch() : this.#random.pick(known);
    const there = known.includes(batch);
    return {
      kind: 4, what: `remove ${batch}`, phase: TAKES, statements: there ? [`DELETE FROM item WHERE batch = ${batch}`] : [],
      apply: ({ gone }) => { if (there) gone.add(batch); },
    };
  }

  /** What is acknowledged, and so there for who begins now. */
  #known(): Model {
    return this.#ledger.acknowledgedModel();
  }

  #dynamic(): Work {
    const tables = [...this.#known().tables.keys()];
    const n = tables.length === 0 ? 0 : this.#random.pick(tables);
    if (n === 0 || this.#random.bool(0.35)) {
      const fresh = ++this.#tables;
      return {
        kind: 5, what: `create d${fresh}`, phase: MAKES,
        statements: [`CREATE TABLE d${fresh} (v int)`, `INSERT INTO d${fresh} VALUES (1), (2)`,
          `CREATE MATERIALIZED VIEW dv${fresh} AS SELECT count(*), sum(v) FROM d${fresh}`, `CREATE INDEX ON d${fresh} (v)`],
        apply: ({ tables: all }) => void all.set(fresh, [1, 2]),
      };
    }
    if (this.#random.bool(0.3)) {
      return {
        kind: 6, what: `drop d${n}`, phase: TAKES, statements: [`DROP MATERIALIZED VIEW dv${n}`, `DROP TABLE d${n}`],
        apply: ({ tables: all }) => void all.delete(n),
      };
    }
    const v = this.#ledger.nextNumber();
    return {
      kind: 7, what: `write d${n}`, phase: CHANGES, statements: [`INSERT INTO d${n} VALUES (${v})`],
      apply: ({ tables: all }) => void all.get(n)?.push(v),
    };
  }

  async recover(): Promise<void> {
    const scheduler = this.#machine?.scheduler;
    for (let n = 0; n < 400 && scheduler !== undefined && this.#fatal === null; n++) {
      if (!this.#made) await this.#make();
      const client = this.#client();
      const done = this.#made && await this.#transaction(client, { kind: 8, what: 'after faults', phase: CHANGES, statements: [], apply: () => {} });
      await client.close();
      if (done) return;
      await scheduler.sleep(50);
    }
    if (this.#fatal === null) throw new Violation('commits are still refused long after the last fault');
  }

  async close(): Promise<void> {
    try {
      await this.#database?.close();
    } catch (error) {
      const allowed = this.#damaged ? [...REFUSALS, ...OPEN, 'XX001'] : [...REFUSALS, ...OPEN];
      if (!(error instanceof DatabaseError) || !allowed.includes(error.code)) throw new Violation(`close: ${describe(error)}`);
    }
  }
}

function describe(error: unknown): string {
  return error instanceof DatabaseError ? `${error.code} ${error.stack}` : error instanceof Error ? `${error.stack}` : String(error);
}

/** 42P01: the relation is not there. */
function isGone(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '42P01';
}
