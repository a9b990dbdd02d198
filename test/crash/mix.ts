// The mixed load of the crash tests: workers on connections, rows and relations of their own, and on some that they share.
import type { Random } from '../support/random.ts';
import { Ledger } from './ledger.ts';
import type { Change } from './ledger.ts';
import { Disconnected, Refused, SqlClient } from './server-process.ts';

export const ACCOUNTS = 20;
const COUNTERS = 5;
const COPY_ROWS = 300;
/** Of its rows, loads and relations a worker keeps about so many. */
const LOADS_KEPT = 20;
const RELATIONS_KEPT = 4;

/** Kept views and the queries that they must equal. */
export const VIEWS: readonly (readonly [string, string])[] = [
  ['singles_by_worker', 'SELECT worker, count(*) AS n, max(id) AS last, min(note) AS note FROM singles GROUP BY worker'],
  ['loads_by_load', 'SELECT load, count(*) AS n, sum(row) AS s FROM loads GROUP BY load'],
  ['moves', 'SELECT a.id, a.balance, count(e.id) AS entries, coalesce(sum(e.amount), 0) AS s FROM accounts a'
    + ' LEFT JOIN entries e ON e.account = a.id GROUP BY a.id, a.balance'],
  ['richest', 'SELECT id, balance FROM accounts ORDER BY balance DESC, id LIMIT 3'],
];

/** What a worker makes and drops: the view is filled from tables that others write meanwhile. */
export const PASSING_VIEWS: readonly string[] = [
  'SELECT load, count(*) AS n, max(row) AS last FROM loads GROUP BY load',
  'SELECT s.worker, count(*) AS n, sum(l.row) AS s FROM singles s'
    + ' JOIN loads l ON l.worker = s.worker AND l.row = s.id % 300 GROUP BY s.worker',
  'SELECT DISTINCT note FROM singles',
];

export const SCHEMA: readonly string[] = [
  'CREATE TABLE singles (id int8 PRIMARY KEY, worker int4, note text)',
  'CREATE TABLE loads (worker int4, load int8, row int8)',
  'CREATE TABLE accounts (id int4 PRIMARY KEY, balance int8 NOT NULL)',
  'CREATE TABLE entries (id int8, account int4, amount int8)',
  'CREATE TABLE counters (id int4 PRIMARY KEY, n int8 NOT NULL)',
  'CREATE INDEX singles_worker ON singles (worker)',
  `INSERT INTO accounts SELECT g, 0 FROM generate_series(1, ${ACCOUNTS}) g`,
  ...VIEWS.map(([name, query]) => `CREATE MATERIALIZED VIEW ${name} AS ${query}`),
];

/** Errors that concurrent work brings; the statement was not done. */
const CONCURRENCY = new Set(['40001', '40P01']);

export interface MixOptions {
  /** Sent by each worker first. */
  readonly setup?: string;
  /** Also errors of these codes are taken as answers: nothing was done, and the work goes on after a moment. */
  readonly expected?: ReadonlySet<string>;
  /** After errors of these codes what the disk has decides, as after a crash; the work ends. */
  readonly unknown?: ReadonlySet<string>;
}

export interface MixState {
  readonly ledger: Ledger;
  /** Additions to counters, acknowledged and not known. */
  added: number;
  adding: number;
  nextId: number;
  /** Statements and transactions refused with a code that was expected, by code. */
  readonly refused: Map<string, number>;
}

export function newMix(): MixState {
  return { ledger: new Ledger(), added: 0, adding: 0, nextId: 1, refused: new Map() };
}

type Operation = (worker: Worker) => Promise<void>;

/** Works on a connection until the server is gone or `until` says so. Other errors than expected ones are thrown. */
export async function work(state: MixState, port: number, worker: number, random: Random, {
  setup = '', expected = new Set(), unknown = new Set(), until = () => false,
}: MixOptions & { readonly until?: () => boolean } = {}): Promise<void> {
  let client: SqlClient | null = null;
  try {
    client = await SqlClient.open(port);
    if (setup !== '') await client.run(setup);
    const self = new Worker(state, client, worker, random);
    while (!until()) {
      try {
        await self.step((error) => error instanceof Refused && !unknown.has(error.code));
      } catch (error) {
        if (error instanceof Refused && unknown.has(error.code)) return;
        if (!(error instanceof Refused) || !(CONCURRENCY.has(error.code) || expected.has(error.code))) throw error;
        state.refused.set(error.code, (state.refused.get(error.code) ?? 0) + 1);
        await client.run('ROLLBACK');
        if (expected.has(error.code)) await new Promise((done) => { setTimeout(done, 20); });
      }
    }
  } catch (error) {
    if (!(error instanceof Disconnected)) throw error;
  } finally {
    client?.close();
  }
}

class Worker {
  readonly #state: MixState;
  readonly #client: SqlClient;
  readonly #worker: number;
  readonly #random: Random;
  #refused: (error: unknown) => boolean = () => false;

  constructor(state: MixState, client: SqlClient, worker: number, random: Random) {
    this.#state = state;
    this.#client = client;
    this.#worker = worker;
    this.#random = random;
  }

  /** `refused`: that error means that nothing was done. */
  step(refused: (error: unknown) => boolean): Promise<void> {
    this.#refused = refused;
    let roll = this.#random.int(0, TOTAL_SHARE - 1);
    for (const [share, operation] of OPERATIONS) {
      if (roll < share) return operation(this);
      roll -= share;
    }
    throw new Error('shares do not add up');
  }

  /** `tag`: how it must be answered, or null. */
  #attempt(change: Change, sql: string, tag: string | null = null): Promise<void> {
    return this.#state.ledger.attempt(change, async () => {
      const answers = await this.#client.run(sql);
      const done = answers.filter((a) => a.msg === 'CommandComplete').map((a) => String(a['tag']));
      if (tag !== null && !done.includes(tag)) throw new Error(`worker ${this.#worker}: ${done.join()}, not ${tag}: ${sql}`);
    }, this.#refused);
  }

  #single(id: number | string): string {
    return `s/${this.#worker}/${id}`;
  }

  /** One of its rows, or null. */
  #someSingle(): string | null {
    const keys = this.#state.ledger.keys(`s/${this.#worker}/`);
    return keys.length === 0 ? null : keys[this.#random.int(0, keys.length - 1)].split('/')[2];
  }

  insert(): Promise<void> {
    const id = this.#state.nextId++;
    return this.#attempt(new Map([[this.#single(id), `note ${id}`]]),
      `INSERT INTO singles VALUES (${id}, ${this.#worker}, 'note ${id}')`);
  }

  async update(): Promise<void> {
    const id = this.#someSingle();
    if (id === null) return;
    const note = `changed ${this.#state.nextId++}`;
    await this.#attempt(new Map([[this.#single(id), note]]), `UPDATE singles SET note = '${note}' WHERE id = ${id}`,
      'UPDATE 1');
  }

  async remove(): Promise<void> {
    const id = this.#someSingle();
    if (id === null) return;
    await this.#attempt(new Map([[this.#single(id), null]]), `DELETE FROM singles WHERE id = ${id}`, 'DELETE 1');
  }

  async upsert(): Promise<void> {
    const id = this.#random.bool(0.5) ? this.#someSingle() : null;
    const fresh = this.#state.nextId++;
    const note = `upsert ${fresh}`;
    await this.#attempt(new Map([[this.#single(id ?? fresh), note]]),
      `INSERT INTO singles VALUES (${id ?? fresh}, ${this.#worker}, '${note}')`
      + ' ON CONFLICT (id) DO UPDATE SET note = excluded.note');
  }

  /** A transaction with a part undone: rows come, change and go together. */
  async mixed(): Promise<void> {
    const id = this.#state.nextId++;
    const old = this.#someSingle();
    const change = new Map<string, string | null>([[this.#single(id), 'a'], [this.#single(`${id}00000`), 'b']]);
    if (old !== null) change.set(this.#single(old), null);
    const run = async (): Promise<void> => {
      await this.#client.run('BEGIN');
      await this.#client.run(`INSERT INTO singles VALUES (${id}, ${this.#worker}, 'a')`);
      await this.#client.run(`SAVEPOINT p; INSERT INTO singles VALUES (${id}11111, ${this.#worker}, 'undone');`
        + ` DELETE FROM loads WHERE worker = ${this.#worker}; ROLLBACK TO p`);
      if (old !== null) await this.#client.run(`DELETE FROM singles WHERE id = ${old}`);
      await this.#client.run(`INSERT INTO singles VALUES (${id}00000, ${this.#worker}, 'b')`);
      await this.#client.run('COMMIT');
    };
    await this.#state.ledger.attempt(change, run, this.#refused);
  }

  async rolledBack(): Promise<void> {
    const id = this.#state.nextId++;
    await this.#client.run(`BEGIN; INSERT INTO singles VALUES (${id}, ${this.#worker}, 'undone');`
      + ` DELETE FROM singles WHERE worker = ${this.#worker}; ROLLBACK`);
  }

  async load(): Promise<void> {
    const { ledger } = this.#state;
    const loads = ledger.keys(`l/${this.#worker}/`);
    if (loads.length >= LOADS_KEPT) {
      const key = loads[this.#random.int(0, loads.length - 1)];
      const sql = `DELETE FROM loads WHERE load = ${key.split('/')[2]}`;
      await this.#attempt(new Map([[key, null]]), sql, `DELETE ${COPY_ROWS}`);
      return;
    }
    const id = this.#state.nextId++;
    const data = Array.from({ length: COPY_ROWS }, (_, i) => `${this.#worker}\t${id}\t${i}\n`).join('');
    const change = new Map([[`l/${this.#worker}/${id}`, String(COPY_ROWS)]]);
    await ledger.attempt(change, () => this.#client.copy('COPY loads FROM STDIN', data), this.#refused);
  }

  /** Money moves between two accounts and is entered twice: half a transaction would show in the sums. */
  async move(): Promise<void> {
    const id = this.#state.nextId++;
    const from = this.#random.int(1, ACCOUNTS);
    const to = 1 + (from % ACCOUNTS);
    const amount = this.#random.int(1, 50);
    const run = async (): Promise<void> => {
      await this.#client.run('BEGIN');
      await this.#client.run(`UPDATE accounts SET balance = balance - ${amount} WHERE id = ${from}`);
      await this.#client.run(`UPDATE accounts SET balance = balance + ${amount} WHERE id = ${to}`);
      await this.#client.run(`INSERT INTO entries VALUES (${id}, ${from}, ${-amount}), (${id}, ${to}, ${amount})`);
      await this.#client.run('COMMIT');
    };
    await this.#state.ledger.attempt(new Map([[`e/${id}`, '2']]), run, this.#refused);
  }

  /** Rows that all workers add to. */
  async count(): Promise<void> {
    const id = this.#random.int(1, COUNTERS);
    this.#state.adding++;
    try {
      await this.#client.run(
        `INSERT INTO counters VALUES (${id}, 1) ON CONFLICT (id) DO UPDATE SET n = counters.n + 1`);
      this.#state.added++;
      this.#state.adding--;
    } catch (error) {
      if (this.#refused(error)) this.#state.adding--;
      throw error;
    }
  }

  async checkpoint(): Promise<void> {
    await this.#client.run('CHECKPOINT');
  }

  /** Relations come, filled from what is there, and go. A table goes with its view and index, in one transaction. */
  async define(): Promise<void> {
    const made = this.#state.ledger.keys(`d/${this.#worker}/`);
    if (made.length >= RELATIONS_KEPT) {
      await this.#drop(made[this.#random.int(0, made.length - 1)]);
      return;
    }
    const name = `own${this.#worker}_${this.#state.nextId++}`;
    const key = (relation: string): string => `d/${this.#worker}/${relation}`;
    switch (this.#random.int(0, 2)) {
      case 0:
        return this.#attempt(new Map([[key(`${name}_t`), 'r'], [key(`${name}_v`), 'm'], [key(`${name}_i`), 'i']]),
          `BEGIN; CREATE TABLE ${name}_t AS SELECT row, ${this.#worker} AS k FROM loads WHERE worker = ${this.#worker};`
          + ` CREATE MATERIALIZED VIEW ${name}_v AS SELECT k, count(*) AS n, sum(row) AS s FROM ${name}_t GROUP BY k;`
          + ` CREATE INDEX ${name}_i ON ${name}_t (k); COMMIT`);
      case 1:
        return this.#attempt(new Map([[key(`${name}_i`), 'i']]), `CREATE INDEX ${name}_i ON loads (load, row)`);
      default: {
        const query = PASSING_VIEWS[this.#random.int(0, PASSING_VIEWS.length - 1)];
        return this.#attempt(new Map([[key(`${name}_v`), 'm']]), `CREATE MATERIALIZED VIEW ${name}_v AS ${query}`);
      }
    }
  }

  #drop(key: string): Promise<void> {
    const { ledger } = this.#state;
    const relation = key.split('/')[2];
    const table = key.slice(0, -1) + 't';
    if (ledger.get(table) !== null) {
      const change = new Map(['t', 'v', 'i'].map((kind) => [key.slice(0, -1) + kind, null] as const));
      return this.#attempt(change, `DROP TABLE ${relation.slice(0, -1)}t CASCADE`);
    }
    return this.#attempt(new Map([[key, null]]), `DROP ${relation.endsWith('i') ? 'INDEX' : 'MATERIALIZED VIEW'} ${relation}`);
  }
}

const OPERATIONS: readonly (readonly [number, Operation])[] = [
  [28, (w) => w.insert()],
  [12, (w) => w.update()],
  [6, (w) => w.remove()],
  [8, (w) => w.upsert()],
  [8, (w) => w.mixed()],
  [2, (w) => w.rolledBack()],
  [9, (w) => w.load()],
  [12, (w) => w.move()],
  [8, (w) => w.count()],
  [2, (w) => w.checkpoint()],
  [5, (w) => w.define()],
];

const TOTAL_SHARE = OPERATIONS.reduce((sum, [share]) => sum + share, 0);
