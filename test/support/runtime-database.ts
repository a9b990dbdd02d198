// A runtime over hand-built circuits: the catalog is a list of JSON entries. For tests of the runtime without SQL.
import { batchFromRows, batchToRows } from '../../engine/data/access.ts';
import type { Batch } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { Delta, concatDeltas } from '../../engine/data/delta.ts';
import { Interval } from '../../engine/data/interval.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import type { Watermark } from '../../engine/data/time.ts';
import { INT8, NUMERIC, TEXT, TIMESTAMP } from '../../engine/data/types.ts';
import type { LogicalType, Schema } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { AGGREGATES } from '../../engine/function/aggregate/index.ts';
import { ARITHMETIC } from '../../engine/function/scalar/arithmetic.ts';
import { CircuitBuilder } from '../../engine/circuit/builder.ts';
import type { Circuit, CircuitSource } from '../../engine/circuit/contract.ts';
import { MillraceRuntime } from '../../engine/index.ts';
import type { RelationDefinition, Runtime, RuntimeHost, RuntimeOptions, RuntimePorts, Snapshot } from '../../engine/index.ts';
import { AggregateOperator } from '../../engine/operator/aggregate.ts';
import { AssignWindowOperator, windowSpec } from '../../engine/operator/assign-window.ts';
import { EmitOnCloseOperator } from '../../engine/operator/emit-on-close.ts';
import { Join } from '../../engine/operator/join.ts';
import { Project } from '../../engine/operator/project.ts';
import { consolidate } from '../../engine/state/consolidate.ts';

const TYPES: Readonly<Record<string, LogicalType>> = { int8: INT8, text: TEXT, timestamp: TIMESTAMP };

export type Entry =
  | {
      readonly op: 'table'; readonly id: number; readonly name: string; readonly kind?: 'table' | 'source';
      readonly columns: readonly (readonly [string, string])[]; readonly primary?: readonly number[];
      readonly unique?: readonly number[]; readonly nulls?: 'group'; readonly index?: readonly number[]; readonly eventTime?: number;
      /** µs; the table is append-only then. */
      readonly retention?: number;
    }
  /** sum: count(*), sum(column 1) by column 0. divide: 100 / column 1. closing: 10 s windows of column 0 on close. */
  | {
      readonly op: 'view'; readonly id: number; readonly name: string;
      readonly query: 'count' | 'sum' | 'total' | 'divide' | 'closing' | 'join'; readonly over: readonly number[];
    }
  | { readonly op: 'alter'; readonly id: number; readonly index?: readonly number[]; readonly add?: string }
  | { readonly op: 'drop'; readonly id: number };

const call = (symbol: string, type: LogicalType, args: readonly Expression[]): Expression => {
  const fn = ARITHMETIC.find((f) => f.name === symbol && f.args.length === 2 && f.args.every((a) => a.kind === 'int8'));
  if (fn === undefined) throw new Error(`no operator ${symbol}`);
  return { kind: 'call', type, function: fn, args };
};
const column = (index: number, type: LogicalType): Expression => ({ kind: 'column', index, type });

function aggregate(name: string, args: readonly number[], returnType: LogicalType): object {
  const fn = AGGREGATES.find((f) => f.name === name && f.args.length === args.length
    && f.args.every((a) => a.kind === 'int8'));
  return { function: fn, args, distinct: false, filter: null, orderBy: [], returnType };
}

export function makeCircuit(query: string, over: readonly number[], schemas: readonly Schema[]): Circuit {
  const builder = new CircuitBuilder();
  const late = query === 'closing' ? 'drop' : 'keep';
  const sources = over.map((relation, i) => {
    const source: CircuitSource = {
      kind: 'relation', relation, columns: schemas[i].columns.map((_, c) => c), lookup: null, late, schema: schemas[i],
    };
    return builder.source(source, `scan ${relation}`);
  });
  const [input] = schemas;
  const calls = [aggregate('count', [], INT8), aggregate('sum', [1], NUMERIC)] as never;
  const results = [{ name: 'n', type: INT8 }, { name: 's', type: NUMERIC }];
  switch (query) {
    case 'sum': {
      const schema = { columns: [input.columns[0], ...results] };
      return builder.finish(builder.add(new AggregateOperator({ schema, input, keys: [0], calls }), sources));
    }
    case 'count': {
      const schema = { columns: [input.columns[0], results[0]] };
      const count = [aggregate('count', [], INT8)] as never;
      return builder.finish(builder.add(new AggregateOperator({ schema, input, keys: [0], calls: count }), sources));
    }
    case 'total':
      return builder.finish(builder.add(new AggregateOperator({ schema: { columns: results }, input, keys: [], calls }), sources));
    case 'divide': {
      const hundred: Expression = { kind: 'literal', type: INT8, value: 100n };
      const schema = { columns: [input.columns[0], { name: 'q', type: INT8 }] };
      const divided = call('/', INT8, [hundred, column(1, INT8)]);
      return builder.finish(builder.add(new Project(schema, [column(0, input.columns[0].type), divided]), sources));
    }
    case 'closing': {
      const ten = new Interval(0, 0, 10_000_000n);
      const windows = new AssignWindowOperator(input, 0, windowSpec(ten, ten, null));
      const assigned = builder.add(windows, sources);
      return builder.finish(builder.add(new EmitOnCloseOperator(windows.schema, windows.schema.columns.length - 1), [assigned]));
    }
    case 'join': {
      const [left, right] = schemas;
      const schema = { columns: [...left.columns, ...right.columns] };
      const key = { left: column(0, INT8), right: column(0, INT8), nullSafe: false };
      return builder.finish(builder.add(new Join({ kind: 'inner', left, right, keys: [key], condition: null, schema }), sources));
    }
    default: throw new Error(query);
  }
}

export class TestHost implements RuntimeHost {
  entries: Entry[] = [];
  readonly logs: string[] = [];
  readonly fatals: Error[] = [];
  clock = 1_000_000n;
  /** Its process was killed: timers do nothing any more. */
  killed = false;
  circuit = makeCircuit;
  readonly #runtime: Runtime;
  readonly #schemas = new Map<number, Schema>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  applyCatalog(bytes: Uint8Array): void {
    for (const entry of JSON.parse(new TextDecoder().decode(bytes)) as Entry[]) this.#apply(entry, false);
  }

  saveCatalog(): Uint8Array {
    return new TextEncoder().encode(JSON.stringify(this.entries));
  }

  restoreCatalog(bytes: Uint8Array): void {
    for (const entry of JSON.parse(new TextDecoder().decode(bytes)) as Entry[]) this.#apply(entry, true);
  }

  #apply(entry: Entry, restoring: boolean): void {
    switch (entry.op) {
      case 'table': {
        const definition = tableDefinition(entry);
        this.#schemas.set(entry.id, definition.schema);
        this.#runtime.define(definition);
        break;
      }
      case 'view': {
        const schemas = entry.over.map((id) => this.#schemas.get(id) ?? { columns: [] });
        const circuit = this.circuit(entry.query, entry.over, schemas);
        this.#schemas.set(entry.id, circuit.schema);
        this.#runtime.install({
          id: entry.id, name: entry.name, namespace: 'public', kind: 'view', schema: circuit.schema, keys: [], indexes: [],
          appendOnly: false, watermark: null, eventTime: null, circuit,
        });
        break;
      }
      case 'drop':
        this.#runtime.drop(entry.id);
        this.entries = this.entries.filter((e) => e.id !== entry.id);
        return;
      case 'alter': {
        const at = this.entries.findIndex((e) => e.id === entry.id);
        const table = this.entries[at];
        if (table.op !== 'table') throw new Error('alter of a view');
        const changed = {
          ...table, ...(entry.index === undefined ? {} : { index: entry.index }),
          columns: [...table.columns, ...(entry.add === undefined ? [] : [[entry.add, 'int8'] as const])],
        };
        const definition = tableDefinition(changed);
        this.#schemas.set(entry.id, definition.schema);
        if (entry.add === undefined) this.#runtime.redefine(definition);
        else {
          this.#runtime.redefine(definition, (rows) => {
            const sevens = batchFromRows({ columns: [{ name: 'x', type: INT8 }] }, Array.from({ length: rows.length }, () => [7n]));
            return { ...rows, columns: [...rows.columns, sevens.columns[0]], length: rows.length } as never as Batch;
          });
        }
        this.entries[at] = changed;
        return;
      }
    }
    void restoring;
    this.entries.push(entry);
  }

  now(): bigint {
    return (this.clock += 1000n);
  }

  evalContext(): ReturnType<RuntimeHost['evalContext']> {
    return {
      format: DEFAULT_FORMAT, transactionTime: null, statementTime: null, clock: () => 0n, random: () => 0,
      catalog: { nameOf: () => null, oidOf: () => 0 }, host: null,
    };
  }

  alone(): boolean {
    return true;
  }

  defer(task: () => void): void {
    setImmediate(task);
  }

  later(milliseconds: number, task: () => void): void {
    setTimeout(() => { if (!this.killed) task(); }, milliseconds).unref();
  }

  fatal(error: Error): void {
    this.fatals.push(error);
  }

  log(message: string): void {
    this.logs.push(message);
  }
}

function tableDefinition(entry: Entry & { readonly op: 'table' }): RelationDefinition {
  const schema = { columns: entry.columns.map(([name, type]) => ({ name, type: TYPES[type] })) };
  const key = (columns: readonly number[] | undefined, primary: boolean): RelationDefinition['keys'] =>
    columns === undefined ? []
      : [{ id: entry.id * 10 + (primary ? 1 : 2), name: `${entry.name}_${primary ? 'pkey' : 'key'}`, columns, primary }];
  const { eventTime, retention } = entry;
  return {
    id: entry.id, name: entry.name, namespace: 'public', kind: entry.kind ?? 'table', schema,
    keys: [...key(entry.primary, true), ...key(entry.unique, false).map((k) => ({ ...k, ...(entry.nulls === undefined ? {} : { nulls: entry.nulls }) }))],
    indexes: entry.index === undefined ? [] : [{ id: entry.id * 10 + 3, name: `${entry.name}_idx`, columns: entry.index }],
    appendOnly: retention !== undefined, ...(retention === undefined ? {} : { retention: BigInt(retention) }),
    watermark: eventTime === undefined ? null : (rows): Watermark => greatest(rows, eventTime),
    eventTime: eventTime ?? null,
  };
}

function greatest(rows: Batch, eventTime: number): Watermark {
  let out: bigint | null = null;
  for (const row of batchToRows(rows)) {
    const value = row[eventTime];
    if (typeof value === 'bigint' && (out === null || value > out)) out = value;
  }
  return out;
}

export class TestDatabase {
  readonly runtime: MillraceRuntime;
  readonly host: TestHost;
  readonly #ports: RuntimePorts;

  constructor(runtime: MillraceRuntime, host: TestHost, ports: RuntimePorts) {
    this.runtime = runtime;
    this.host = host;
    this.#ports = ports;
  }

  /** Closes the files without a checkpoint. */
  async abandon(): Promise<void> {
    await this.#ports.journal.close();
    await this.#ports.store.close();
  }

  static async open(ports: RuntimePorts, options: RuntimeOptions = {}, circuit = makeCircuit): Promise<TestDatabase> {
    let host: TestHost | null = null;
    const runtime = await MillraceRuntime.open(ports, (r) => {
      host = new TestHost(r);
      host.circuit = circuit;
      return host;
    }, options);
    if (host === null) throw new Error('no host');
    return new TestDatabase(runtime, host, ports);
  }

  ddl(...entries: readonly Entry[]): Promise<number> {
    const catalog = new TextEncoder().encode(JSON.stringify(entries));
    return this.runtime.commit({ changes: [], catalog, offsets: [], sync: true });
  }

  schema(id: number): Schema {
    const entry = this.host.entries.find((e) => e.id === id);
    if (entry?.op !== 'table') throw new Error(`no table ${id}`);
    return tableDefinition(entry).schema;
  }

  delta(id: number, rows: readonly (readonly [number, ...Datum[]])[]): Delta {
    const batch = batchFromRows(this.schema(id), rows.map(([, ...values]) => values));
    return new Delta(batch, Int32Array.from(rows, ([weight]) => weight));
  }

  /** Rows with their weight first, by table. */
  commit(changes: Readonly<Record<number, readonly (readonly [number, ...Datum[]])[]>>, sync = true): Promise<number> {
    return this.runtime.commit({
      changes: Object.entries(changes).map(([id, rows]) => ({ relation: Number(id), delta: this.delta(Number(id), rows) })),
      catalog: null, offsets: [], sync,
    });
  }

  rows(id: number, columns: number, snapshot: Snapshot | null = null): string[] {
    const read = snapshot ?? this.runtime.snapshot();
    const deltas = [...read.scan(id, Array.from({ length: columns }, (_, i) => i))];
    const out = deltas.length === 0 ? [] : rowsOf(concatDeltas(deltas));
    if (snapshot === null) read.release();
    return out;
  }
}

/** Rows as text, sorted; a weight other than 1 in front. */
export function rowsOf(delta: Delta): string[] {
  const net = consolidate(delta);
  return batchToRows(net.batch).map((row, i) => {
    const text = row.map((v) => (v === null ? 'null' : String(v))).join(',');
    return net.weights[i] === 1 ? text : `${net.weights[i]}x ${text}`;
  }).toSorted();
}
