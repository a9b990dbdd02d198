// The 22 queries as views in this process: circuits over deltas of the tables, as the runtime steps and keeps them.
import { Buffer } from 'node:buffer';
import { Batch, concatBatches } from '../../engine/data/batch.ts';
import { Delta } from '../../engine/data/delta.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import { formatText } from '../../engine/data/text-format.ts';
import { datumAt } from '../../engine/data/access.ts';
import { toEpoch } from '../../engine/data/time.ts';
import { parseTypeName } from '../../engine/data/type-info.ts';
import type { LogicalType, Schema } from '../../engine/data/types.ts';
import type { StateSize, StepContext } from '../../engine/operator/operator.ts';
import { RelationChange } from '../../engine/runtime/relation-change.ts';
import { Relation } from '../../engine/runtime/relation.ts';
import { View } from '../../engine/runtime/view.ts';
import { cancel } from '../../engine/state/consolidate.ts';
import { compileQuery } from '../../sql/compiler/compile-query.ts';
import { MemoryQueries } from '../../test/support/memory-query.ts';
import { CopyDecoder } from '../../wire/copy-in.ts';
import type { CopyTarget } from '../../wire/copy-in.ts';
import { TPCH_SCHEMA, TPCH_TABLES } from './schema.ts';
import type { TpchTable } from './schema.ts';

const DECODE_ROWS = 4096;

function typesOf(table: TpchTable): readonly LogicalType[] {
  return TPCH_SCHEMA[table].columns.map(([, name]) => {
    const type = parseTypeName(name);
    if (type === null) throw new Error(`no type ${name}`);
    return type;
  });
}

/** Lines of COPY text as columns. */
export function* batchesOf(table: TpchTable, lines: Iterable<string>): Generator<Batch> {
  const types = typesOf(table);
  const target: CopyTarget = {
    table, columns: TPCH_SCHEMA[table].columns.map(([name], i) => ({ name, type: types[i], table: 0, attribute: i + 1 })),
    format: {
      format: 'text', delimiter: '\t', nullText: '\\N', header: false, quote: '"', escape: '"', forceNotNull: [],
      forceNull: [], forceQuote: [],
    },
  };
  const decoder = new CopyDecoder(target, () => DEFAULT_FORMAT);
  let held: string[] = [];
  for (const line of lines) {
    if (held.push(line) < DECODE_ROWS) continue;
    yield* decoder.push(Buffer.from(`${held.join('\n')}\n`));
    held = [];
  }
  if (held.length > 0) yield* decoder.push(Buffer.from(`${held.join('\n')}\n`));
  yield* decoder.finish();
}

/** All lines as one delta, each of weight `weight`. */
export function deltaOf(table: TpchTable, lines: readonly string[], weight: 1 | -1): Delta {
  const batch = concatBatches([...batchesOf(table, lines)]);
  return new Delta(batch, new Int32Array(batch.length).fill(weight));
}

export type TpchChanges = ReadonlyMap<TpchTable, Delta>;

export class TpchViews {
  readonly #queries = new MemoryQueries();
  readonly #oids = new Map<TpchTable, number>();
  readonly #views = new Map<number, View>();
  #epoch = 1;

  constructor(queries: Readonly<Record<number, string>>) {
    for (const table of TPCH_TABLES) {
      const { columns, key } = TPCH_SCHEMA[table];
      this.#oids.set(table, this.#queries.catalog.nextOid);
      this.#queries.table({
        name: table, columns: columns.map((c) => c.join(' ')).join(', '), primaryKey: key, notNull: columns.map(([name]) => name),
        rows: [],
      });
    }
    for (const [number, query] of Object.entries(queries)) this.#add(Number(number), query);
  }

  #add(number: number, query: string): void {
    const { circuit } = compileQuery(this.#queries.bind(query), this.#queries.options({ mode: 'view' }));
    const definition = {
      id: 100_000 + number, name: `q${number}`, namespace: 'public', kind: 'view', schema: circuit.schema, keys: [],
      indexes: [], appendOnly: false, watermark: null, eventTime: null, circuit,
    } as const;
    const view = new View(definition, new Relation(definition, () => undefined));
    for (const _ of view.fill(() => [], () => this.#context(view)));
    this.#views.set(number, view);
  }

  get numbers(): readonly number[] {
    return [...this.#views.keys()];
  }

  schema(number: number): Schema {
    return this.#view(number).relation.schema;
  }

  #view(number: number): View {
    const view = this.#views.get(number);
    if (view === undefined) throw new Error(`no query ${number}`);
    return view;
  }

  #context(view: View): StepContext {
    return {
      epoch: toEpoch(this.#epoch), eval: this.#queries.evaluation,
      error: (error, weight) => view.relation.errors.add(error, weight),
    };
  }

  /** One step of one view, its rows changed accordingly: what the runtime does for it in an epoch. */
  step(number: number, changes: TpchChanges): void {
    const view = this.#view(number);
    const byRelation = new Map<number, RelationChange>();
    for (const [table, delta] of changes) {
      const oid = this.#oids.get(table);
      if (oid !== undefined) byRelation.set(oid, new RelationChange([{ delta, onTime: delta }]));
    }
    const delta = view.step(byRelation, this.#context(view));
    if (delta !== null && delta.length > 0) view.relation.apply(cancel(delta));
  }

  nextEpoch(): void {
    this.#epoch++;
  }

  /** Of the operators and of the rows shown. */
  size(number: number): StateSize {
    const view = this.#view(number);
    const [operators, rows] = [view.circuit.stateSize(), view.relation.arrangement.size()];
    return { rows: operators.rows + rows.rows, bytes: operators.bytes + rows.bytes };
  }

  /** Its operators with the rows and bytes that they hold. */
  print(number: number): readonly string[] {
    return this.#view(number).circuit.print({ state: true });
  }

  /** Text of each row, sorted, as PostgreSQL sends it. */
  rows(number: number): readonly string[] {
    const { arrangement, schema } = this.#view(number).relation;
    const out: string[] = [];
    for (const { batch, weights } of arrangement.scan(schema.columns.map((_, c) => c))) {
      for (let row = 0; row < batch.length; row++) {
        const values = schema.columns.map(({ type }, c) => {
          const datum = datumAt(batch.columns[c], row);
          return datum === null ? null : formatText(type, datum, DEFAULT_FORMAT);
        });
        for (let n = weights[row]; n > 0; n--) out.push(JSON.stringify(values));
      }
    }
    return out.toSorted();
  }
}
