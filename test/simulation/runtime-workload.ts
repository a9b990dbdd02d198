// The workload of the runtime without SQL: clients that commit, a source, checkpoints, DDL, readers; each transaction is in the ledger.
import { Random } from '../support/random.ts';
import { batchFromRows } from '../../engine/data/access.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { Delta } from '../../engine/data/delta.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { INT8 } from '../../engine/data/types.ts';
import { MillraceRuntime } from '../../engine/index.ts';
import type { Runtime, Snapshot, Transaction } from '../../engine/index.ts';
import { openStorage } from '../../storage/index.ts';
import { TestDatabase, TestHost } from '../support/runtime-database.ts';
import type { Entry as CatalogEntry } from '../support/runtime-database.ts';
import { fingerprintOf } from './fingerprint.ts';
import { Ledger } from './ledger.ts';
import type { Entry } from './ledger.ts';
import type { SimulatedMachine } from './machine.ts';
import {
  ACCOUNT, ACCOUNTS, FIRST_DYNAMIC, LOAD, LOG, SCHEMA, SERIES, SOURCE, cloneModel, emptyModel, expectedRows, valueOf,
} from './runtime-model.ts';
import type { RuntimeModel } from './runtime-model.ts';
import { Violation } from './violation.ts';
import type { Sizes, Workload } from './workload.ts';

/** Of failed commits and checkpoints. */
const REFUSALS = ['58030', '53100', '53000', '53200', '25006', '57P03', '40001'];

class SimulatedHost extends TestHost {
  readonly #machine: SimulatedMachine;

  constructor(runtime: Runtime, machine: SimulatedMachine) {
    super(runtime);
    this.#machine = machine;
  }

  override now(): bigint {
    return BigInt(Math.floor(this.#machine.scheduler.wallClock * 1000));
  }

  override alone(): boolean {
    return this.#machine.scheduler.random.bool();
  }

  override defer(task: () => void): void {
    this.#machine.scheduler.post('defer', task);
  }

  override log(message: string): void {
    this.#machine.log(message);
  }

  override later(milliseconds: number, task: () => void): void {
    this.#machine.scheduler.later(milliseconds, task);
  }
}

const RETENTION_SPREAD = 400_000;
const LOG_SCHEMA = { columns: [{ name: 'kind', type: INT8 }, { name: 'number', type: INT8 }] };

type Rows = readonly (readonly [number, ...Datum[]])[];

export class RuntimeWorkload implements Workload {
  readonly #ledger = new Ledger<RuntimeModel>(emptyModel(), cloneModel);
  readonly #sizes: Sizes;
  #db: TestDatabase | null = null;
  #machine: SimulatedMachine | null = null;
  #damaged = false;
  /** Who is at work. */
  #writer = 0;
  #nextTable = FIRST_DYNAMIC;
  #random = new Random(1);

  constructor(sizes: Sizes) {
    this.#sizes = sizes;
  }

  get acknowledged(): number {
    return this.#ledger.acknowledged;
  }

  async open(machine: SimulatedMachine): Promise<void> {
    this.#machine = machine;
    this.#random = machine.scheduler.random;
    const { segmentBytes, aheadBytes, checkpointBytes, memoryBytes, history } = this.#sizes;
    const storage = await openStorage('/data', { ...machine.machine, log: (line) => machine.log(line), segmentBytes, aheadBytes });
    let host: TestHost | null = null;
    const options = { checkpointBytes, memoryBytes, ...(history ? { history: 10_000_000n } : {}) };
    try {
      const runtime = await MillraceRuntime.open(storage, (r) => (host = new SimulatedHost(r, machine)), options);
      if (host === null) throw new TypeError('no host');
      this.#db = new TestDatabase(runtime, host, storage);
    } catch (error) {
      await Promise.allSettled([storage.journal.close(), storage.store.close()]);
      storage.pageFile?.close();
      throw error;
    }
  }

  get #database(): TestDatabase {
    if (this.#db === null) throw new TypeError('not open');
    return this.#db;
  }

  fatal(): Error | null {
    return this.#database.host.fatals[0] ?? null;
  }

  /** The numbers of the transactions that a snapshot shows. */
  #found(snapshot: Snapshot): ReadonlySet<number> {
    if (this.#database.host.entries.length === 0) return new Set();
    const out = new Set<number>();
    for (const { batch: { columns: [numbers] }, weights } of snapshot.scan(LOG, [1])) {
      if (numbers.layout !== 'int64') throw new TypeError('not an int8');
      for (let i = 0; i < weights.length; i++) if (weights[i] > 0) out.add(Number(numbers.values[i]));
    }
    return out;
  }

  /** Compares all tables and views with what the transactions found come to. */
  #compare(snapshot: Snapshot, found: ReadonlySet<number>, catalog: boolean): void {
    const db = this.#database;
    const wanted = expectedRows(this.#ledger.expected(found));
    if (catalog) {
      const ids = db.host.entries.map(({ id }) => id).toSorted((a, b) => a - b).join();
      const expected = [...wanted.keys()].toSorted((a, b) => a - b).join();
      if (ids !== expected) throw new Violation(`relations ${ids} where ${expected} should be`);
    }
    for (const [id, rows] of wanted) {
      if (!db.host.entries.some((entry) => entry.id === id)) continue;
      const error = snapshot.error(id);
      if (error !== null) {
        // A page of it could not be read in an epoch.
        if ((this.#machine?.faults.reads ?? 0) > 0) continue;
        if (this.#damaged) throw new DatabaseError('XX001', error.message);
        throw new Violation(`relation ${id}: ${error.message}`);
      }
      const columns = Array.from({ length: rows.width }, (_, c) => c);
      if (fingerprintOf(snapshot.scan(id, columns), rows.width) === rows.fingerprint) continue;
      const got = db.rows(id, rows.width, snapshot);
      throw new Violation(`relation ${id}: ${difference(got, [...rows.rows()].map(String).toSorted())}`);
    }
  }

  /** The published state, any time. */
  checkLive(): void {
    const snapshot = this.#database.runtime.snapshot();
    const found = this.#found(snapshot);
    const fault = this.#ledger.fault(found, null, false);
    if (fault !== null) throw new Violation(fault);
    this.#compare(snapshot, found, false);
    snapshot.release();
  }

  checkRecovered(ending: 'close' | 'kill' | 'power cut', damaged: boolean): void {
    const { runtime } = this.#database;
    this.#damaged = damaged;
    const snapshot = runtime.snapshot();
    const found = this.#found(snapshot);
    // The journal's last records are cut where they are damaged, and the log says so; never others.
    if (damaged && this.#ledger.loses(found) && !this.#ledger.losesTheEnd(found)) throw new Violation(`after ${ending}: a hole`);
    if (damaged && this.#ledger.loses(found)) throw new DatabaseError('XX001', 'the last records of an earlier life are cut');
    const fault = this.#ledger.fault(found, ending, damaged);
    if (fault !== null) throw new Violation(`after ${ending}: ${fault}`);
    this.#compare(snapshot, found, true);
    const least = this.#ledger.leastEpoch(found);
    if (runtime.epoch < least && !damaged) throw new Violation(`epoch ${runtime.epoch} after a restart, ${least} was told before`);
    const offset = this.#ledger.expected(found).offset;
    const told = offsetOf(runtime.offset(SOURCE));
    if (told !== offset) throw new Violation(`the source is at ${told}, its rows end at ${offset}`);
    snapshot.release();
    this.#ledger.settle(found, runtime.epoch);
  }

  async #commit(kind: number, parts: {
    readonly what: string; readonly sync?: boolean; readonly catalog?: readonly CatalogEntry[]; readonly offset?: number;
    rows: Readonly<Record<number, Rows>>; apply(model: RuntimeModel): void;
  }): Promise<boolean> {
    const db = this.#database;
    const ledger = this.#ledger;
    const { what, apply } = parts;
    const number = ledger.nextNumber();
    const sync = parts.sync ?? true;
    let entry: Entry<RuntimeModel> | null = null;
    let told: number | null = null;
    let fault: string | null = null;
    try {
      const transaction: Transaction = {
        changes: [
          { relation: LOG, delta: new Delta(batchFromRows(LOG_SCHEMA, [[BigInt(kind), BigInt(number)]]), Int32Array.of(1)) },
          ...Object.entries(parts.rows).map(([id, rows]) => ({ relation: Number(id), delta: db.delta(Number(id), rows) })),
        ],
        catalog: parts.catalog === undefined ? null : new TextEncoder().encode(JSON.stringify(parts.catalog)),
        offsets: parts.offset === undefined ? [] : [{ relation: SOURCE, offset: new TextEncoder().encode(String(parts.offset)) }],
        sync, writer: this.#writer,
        // The client has its answer from here on.
        durable: () => {
          told = db.runtime.epoch + 1;
          if (entry !== null) fault = ledger.acked(entry, told);
        },
      };
      const done = db.runtime.commit(transaction);
      entry = ledger.queued({
        number, sync, what,
        apply: (model) => {
          model.log.set(number, kind);
          apply(model);
        },
      });
      const epoch = await done;
      if (told !== epoch) throw new Violation(`transaction ${number} (${what}) is of epoch ${epoch}, its client was told ${told}`);
      if (fault !== null) throw new Violation(fault);
      return true;
    } catch (error) {
      if (error instanceof Violation) throw error;
      if (!(error instanceof DatabaseError) || !REFUSALS.includes(error.code)) {
        if (this.fatal() === null) throw new Violation(`${what}: ${String(error)} ${error instanceof Error ? error.stack : ''}`);
      }
      if (entry !== null && told === null) ledger.failed(entry, error instanceof DatabaseError && error.code === '40001' ? 'refused' : 'open');
      return false;
    }
  }

  /** The schema, then clients at work until each has done its actions. */
  async run(): Promise<void> {
    const scheduler = this.#machine?.scheduler;
    if (scheduler === undefined) throw new TypeError('not open');
    while (this.#database.host.entries.length === 0 && this.fatal() === null) {
      if (!await this.#make()) await scheduler.sleep(30);
    }
    while (this.#ledger.current.accounts.size === 0 && this.fatal() === null) {
      const rows = Array.from({ length: ACCOUNTS }, (_, id) => [1, BigInt(id), 0n] as const);
      const made = await this.#commit(0, {
        what: 'accounts', rows: { [ACCOUNT]: rows },
        apply: (model) => { for (let id = 0; id < ACCOUNTS; id++) model.accounts.set(id, 0); },
      });
      if (!made) await scheduler.sleep(30);
    }
    const clients = this.#random.pick([1, 1, 2, 3, 4]);
    const work = Array.from({ length: clients }, (_, i) => this.#client(this.#random.int(3, this.#sizes.actions), i + 1));
    await Promise.all([...work, this.#source(this.#random.int(0, 5))]);
  }

  #make(): Promise<boolean> {
    return this.#commit(0, { what: 'schema', catalog: SCHEMA, rows: {}, apply: (model) => { model.made = true; } });
  }

  async #client(actions: number, writer: number): Promise<void> {
    const scheduler = this.#machine?.scheduler;
    for (let n = 0; n < actions && scheduler !== undefined && this.fatal() === null; n++) {
      this.#writer = writer;
      const done = await this.#action();
      if (done) await scheduler.turn('client');
      else await scheduler.sleep(this.#random.int(1, 100));
    }
  }

  #action(): Promise<boolean> {
    const dice = this.#random.float();
    const sync = this.#random.bool(this.#sizes.syncShare);
    if (dice < 0.35) return this.#transfer(sync);
    if (dice < 0.5) return this.#load(sync);
    if (dice < 0.6) return this.#unload(sync);
    if (dice < 0.7) return this.#series(sync);
    if (dice < 0.82) return this.#dynamic(sync);
    if (dice < 0.9) return this.#checkpoint();
    return this.#read(dice < 0.95);
  }

  /** Readers are only refused while the state store is being opened anew after a fault. */
  async #read(held: boolean): Promise<boolean> {
    try {
      if (held) await this.#heldSnapshot();
      else this.checkLive();
      return true;
    } catch (error) {
      if (error instanceof DatabaseError && error.code === '58030' && (this.#machine?.faults.injected ?? 0) > 0) return false;
      throw error;
    }
  }

  #transfer(sync: boolean): Promise<boolean> {
    const { accounts } = this.#ledger.current;
    const from = this.#random.int(0, ACCOUNTS - 1);
    const to = (from + this.#random.int(1, ACCOUNTS - 1)) % ACCOUNTS;
    const amount = this.#random.int(1, 100);
    const a = accounts.get(from) ?? 0;
    const b = accounts.get(to) ?? 0;
    const row = (weight: number, id: number, balance: number): readonly [number, bigint, bigint] => [weight, BigInt(id), BigInt(balance)];
    return this.#commit(1, {
      what: `transfer ${from} ${to} ${amount}`, sync,
      rows: { [ACCOUNT]: [row(-1, from, a), row(1, from, a - amount), row(-1, to, b), row(1, to, b + amount)] },
      apply: (model) => {
        model.accounts.set(from, (model.accounts.get(from) ?? 0) - amount);
        model.accounts.set(to, (model.accounts.get(to) ?? 0) + amount);
      },
    });
  }

  #load(sync: boolean): Promise<boolean> {
    const k = this.#ledger.nextNumber();
    const length = this.#random.pick([1, 5, 40, this.#sizes.load]);
    return this.#commit(2, {
      what: `load ${k} of ${length}`, sync, rows: { [LOAD]: Array.from({ length }, (_, v) => [1, BigInt(k), BigInt(v)] as const) },
      apply: (model) => void model.loads.set(k, length),
    });
  }

  /** Takes a load away, and for one time in three brings another in the same transaction. */
  #unload(sync: boolean): Promise<boolean> {
    const loads = [...this.#ledger.current.loads];
    if (loads.length === 0) return Promise.resolve(true);
    const [k, length] = this.#random.pick(loads);
    const rows = Array.from({ length }, (_, v) => [-1, BigInt(k), BigInt(v)] as const);
    const other = this.#random.bool(0.33) ? this.#ledger.nextNumber() : null;
    const more = other === null ? [] : [[1, BigInt(other), 0n] as const];
    return this.#commit(3, {
      what: `unload ${k}`, sync, rows: { [LOAD]: [...rows, ...more] },
      apply: (model) => {
        model.loads.delete(k);
        if (other !== null) model.loads.set(other, 1);
      },
    });
  }

  #series(sync: boolean): Promise<boolean> {
    const { series } = this.#ledger.current;
    const first = series.length;
    const newest = series.reduce((a, b) => Math.max(a, b), 1_000_000_000);
    const times = Array.from({ length: this.#random.pick([1, 10, 300]) }, () => newest + this.#random.int(-RETENTION_SPREAD, RETENTION_SPREAD));
    return this.#commit(4, {
      what: `series from ${first}`, sync, rows: { [SERIES]: times.map((at, i) => [1, BigInt(at), BigInt(first + i)] as const) },
      apply: (model) => void model.series.push(...times),
    });
  }

  #dynamic(sync: boolean): Promise<boolean> {
    const { tables } = this.#ledger.current;
    const known = [...tables].filter(([id]) => this.#database.host.entries.some((entry) => entry.id === id));
    const ddl = known.length === 0 || this.#random.bool(0.4);
    if (!ddl) return this.#write(this.#random.pick(known)[0], sync);
    const choice = known.length === 0 ? 'create' : this.#random.pick(['create', 'view', 'drop', 'drop view', 'index'] as const);
    const [id, table] = known.length === 0 ? [0, null] : this.#random.pick(known);
    if (choice === 'create' || table === null) return this.#create();
    switch (choice) {
      case 'view':
        if (table.view) return Promise.resolve(true);
        return this.#ddl(`view of ${id}`, [{ op: 'view', id: id + 1, name: `v${id}`, query: 'total', over: [id] }], (model) => {
          const there = model.tables.get(id);
          if (there !== undefined) model.tables.set(id, { ...there, view: true });
        });
      case 'drop view':
        if (!table.view) return Promise.resolve(true);
        return this.#ddl(`drop view of ${id}`, [{ op: 'drop', id: id + 1 }], (model) => {
          const there = model.tables.get(id);
          if (there !== undefined) model.tables.set(id, { ...there, view: false });
        });
      case 'drop':
        return this.#ddl(`drop ${id}`, [...(table.view ? [{ op: 'drop', id: id + 1 } as const] : []), { op: 'drop', id }],
          (model) => void model.tables.delete(id));
      case 'index':
        return this.#ddl(`index of ${id}`, [{ op: 'alter', id, index: [1] }], () => {});
    }
  }

  #ddl(what: string, catalog: readonly CatalogEntry[], apply: (model: RuntimeModel) => void): Promise<boolean> {
    return this.#commit(5, { what, catalog, rows: {}, apply });
  }

  #create(): Promise<boolean> {
    const id = this.#nextTable;
    this.#nextTable += 2;
    const view = this.#random.bool();
    return this.#ddl(`create ${id}`, [
      { op: 'table', id, name: `t${id}`, columns: [['k', 'int8'], ['v', 'int8']], primary: [0] },
      ...(view ? [{ op: 'view', id: id + 1, name: `v${id}`, query: 'total', over: [id] } as const] : []),
    ], (model) => void model.tables.set(id, { rows: new Map(), view }));
  }

  /** Inserts, updates and deletes in a table that may be dropped meanwhile. */
  #write(id: number, sync: boolean): Promise<boolean> {
    const rows = this.#ledger.current.tables.get(id)?.rows ?? new Map<number, number>();
    const changes = new Map<number, number | null>();
    for (let n = this.#random.int(1, 12); n > 0; n--) {
      const k = this.#random.int(0, 200);
      changes.set(k, rows.has(k) && this.#random.bool(0.3) ? null : this.#random.int(0, 1000));
    }
    const delta = [...changes].flatMap(([k, v]) => {
      const before = rows.get(k);
      return [
        ...(before === undefined ? [] : [[-1, BigInt(k), BigInt(before)] as const]),
        ...(v === null ? [] : [[1, BigInt(k), BigInt(v)] as const]),
      ];
    });
    return this.#commit(6, {
      what: `write ${id}`, sync, rows: { [id]: delta },
      apply: (model) => {
        const there = model.tables.get(id)?.rows;
        for (const [k, v] of changes) {
          if (v === null) there?.delete(k);
          else there?.set(k, v);
        }
      },
    });
  }

  async #checkpoint(): Promise<boolean> {
    try {
      await this.#database.runtime.checkpoint();
      return true;
    } catch (error) {
      if (error instanceof DatabaseError && REFUSALS.includes(error.code)) return false;
      throw new Violation(`checkpoint: ${String(error)}`);
    }
  }

  /** A snapshot shows the same after others have written. */
  async #heldSnapshot(): Promise<void> {
    const snapshot = this.#database.runtime.snapshot();
    const found = this.#found(snapshot);
    for (let n = this.#random.int(1, 60); n > 0; n--) await this.#machine?.scheduler.turn('client');
    const again = this.#found(snapshot);
    if (again.size !== found.size) throw new Violation(`a snapshot shows ${again.size} transactions where ${found.size} were`);
    this.#compare(snapshot, found, false);
    snapshot.release();
  }

  /** Brings what comes after the offset committed last, and is told before it goes on. */
  async #source(batches: number): Promise<void> {
    const scheduler = this.#machine?.scheduler;
    for (let n = 0; n < batches && scheduler !== undefined && this.fatal() === null; n++) {
      const from = offsetOf(this.#database.runtime.offset(SOURCE));
      const to = from + this.#random.int(1, 20);
      const rows = Array.from({ length: to - from }, (_, i) => from + i + 1);
      const done = await this.#commit(7, {
        what: `source to ${to}`, offset: to,
        rows: { [SOURCE]: rows.map((k) => [1, BigInt(k % ACCOUNTS), BigInt(valueOf(k) + k * 1000)] as const) },
        apply: (model) => { model.offset = to; },
      });
      await (done ? scheduler.turn('client') : scheduler.sleep(50));
    }
  }

  /** Commits are taken again once nothing fails any more. */
  async recover(): Promise<void> {
    const scheduler = this.#machine?.scheduler;
    for (let n = 0; n < 400 && scheduler !== undefined && this.fatal() === null; n++) {
      const made = this.#database.host.entries.length > 0;
      if (await (made ? this.#commit(8, { what: 'after faults', rows: {}, apply: () => {} }) : this.#make())) return;
      await scheduler.sleep(50);
    }
    if (this.fatal() === null) throw new Violation('commits are still refused long after the last fault');
  }

  async close(): Promise<void> {
    try {
      await this.#database.runtime.close();
    } catch (error) {
      if (!(error instanceof DatabaseError) || !(this.#damaged ? [...REFUSALS, 'XX001'] : REFUSALS).includes(error.code)) {
        throw new Violation(`close: ${String(error)}`);
      }
    }
  }
}


function offsetOf(bytes: Uint8Array | null): number {
  return bytes === null ? 0 : Number(new TextDecoder().decode(bytes));
}

function difference(got: readonly string[], wanted: readonly string[]): string {
  const all = new Set(wanted);
  const there = new Set(got);
  const surplus = got.filter((row) => !all.has(row));
  const missing = wanted.filter((row) => !there.has(row));
  return `${got.length} rows where ${wanted.length} should be; surplus ${surplus.slice(0, 3).join(' ')}; missing ${missing.slice(0, 3).join(' ')}`;
}
