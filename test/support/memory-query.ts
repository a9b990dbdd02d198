// Queries over tables in memory, without session and runtime: text → bind → compile → one step → rows as text.
import { VectorBuilder, datumAt } from '../../engine/data/access.ts';
import { Batch } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { Delta } from '../../engine/data/delta.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import { formatText, parseText } from '../../engine/data/text-format.ts';
import { toEpoch } from '../../engine/data/time.ts';
import { parseTypeName } from '../../engine/data/type-info.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { EvalContext } from '../../engine/expression/context.ts';
import { ENGINE_FUNCTIONS } from '../../engine/function/registry.ts';
import { RangeFilter } from '../../engine/runtime/range-lookup.ts';
import type { Snapshot } from '../../engine/runtime/contract.ts';
import { bindQuery } from '../../sql/binder/bind-query.ts';
import { ParameterTypes, Shared } from '../../sql/binder/environment.ts';
import type { Environment } from '../../sql/binder/environment.ts';
import type { BoundQuery } from '../../sql/binder/level.ts';
import { Catalog } from '../../sql/catalog/catalog.ts';
import { plainColumn } from '../../sql/catalog/entry.ts';
import type { CatalogEntry, TableEntry, ViewEntry } from '../../sql/catalog/entry.ts';
import { compileQuery, planQuery } from '../../sql/compiler/compile-query.ts';
import type { QueryOptions } from '../../sql/compiler/compile-query.ts';
import { loadParser, parse } from '../../sql/parser/parse.ts';
import type { Query } from '../../sql/parser/ast.ts';
import type { Random } from './random.ts';
import { printPlan } from '../../sql/plan/print.ts';
import { runQuery } from '../../sql/run-query.ts';

await loadParser();

/** `id int4, name text`: columns; rows in COPY's text format with `|` between the values and \N for NULL. */
export interface TableSpec {
  readonly name: string;
  readonly columns: string;
  readonly primaryKey?: readonly string[];
  readonly notNull?: readonly string[];
  readonly rows: readonly string[];
  readonly watermark?: string;
}

export interface Answer {
  readonly columns: readonly string[];
  readonly types: readonly LogicalType[];
  readonly rows: readonly string[];
}

interface Stored { readonly entry: TableEntry; readonly batch: Batch }

export class MemoryQueries {
  catalog = Catalog.initial();
  readonly #tables = new Map<number, Stored>();
  readonly evaluation: EvalContext = {
    format: DEFAULT_FORMAT, transactionTime: 1_700_000_000_000_000n, statementTime: 1_700_000_000_000_000n,
    clock: () => 1_700_000_000_000_000n, random: () => 0.5, host: null,
    catalog: {
      nameOf: () => null,
      oidOf: (_kind, name) => { throw new DatabaseError('42P01', `relation "${name}" does not exist`); },
    },
  };

  table(spec: TableSpec): void {
    const oid = this.catalog.nextOid;
    const columns = spec.columns.split(/,(?![^(]*\))/).map((text, i) => {
      const [, name, typeText] = /^\s*(\S+)\s+(.*?)\s*$/.exec(text) ?? [];
      const type = parseTypeName(typeText);
      if (type === null) throw new Error(`no type ${typeText}`);
      const notNull = (spec.notNull ?? []).includes(name) || (spec.primaryKey ?? []).includes(name);
      return { ...plainColumn(name, i + 1, type), notNull };
    });
    const keyColumns = (spec.primaryKey ?? []).map((k) => columns.findIndex((c) => c.name === k) + 1);
    const entry: TableEntry = {
      kind: 'table', oid, name: spec.name, schema: 'public', owner: 10, comment: null, acl: [], columns,
      constraints: keyColumns.length === 0 ? [] : [{
        kind: 'primary', oid: oid + 2, name: `${spec.name}_pkey`, columns: keyColumns, index: oid + 3, comment: null,
      }],
      watermark: spec.watermark === undefined ? null : {
        column: columns.findIndex((c) => c.name === spec.watermark) + 1, expression: spec.watermark,
      },
      appendOnly: false, options: {}, rowType: oid + 1,
    };
    const entries: CatalogEntry[] = [entry];
    if (keyColumns.length > 0) {
      entries.push({
        kind: 'index', oid: oid + 3, name: `${spec.name}_pkey`, schema: 'public', owner: 10, comment: null, acl: [],
        table: oid, columns: keyColumns, include: [], descending: keyColumns.map(() => false),
        nullsFirst: keyColumns.map(() => false), unique: true, primary: true, constraint: oid + 2,
      });
    }
    this.catalog = this.catalog.applyAll(entries.map((e) => ({ kind: 'put', entry: e })));
    const builders = columns.map((c) => new VectorBuilder(c.type, spec.rows.length));
    for (const row of spec.rows) {
      row.split('|').forEach((text, i) => builders[i].append(
        text === '\\N' ? null : parseText(columns[i].type, text, DEFAULT_FORMAT)));
    }
    this.#tables.set(oid, { entry, batch: new Batch(builders.map((b) => b.finish()), spec.rows.length) });
  }

  view(name: string, query: string): void {
    const oid = this.catalog.nextOid;
    const bound = this.bind(query);
    const entry: ViewEntry = {
      kind: 'view', oid, name, schema: 'public', owner: 10, comment: null, acl: [], query,
      columns: bound.columns.map((c, i) => plainColumn(c.name, i + 1, c.type)),
      settings: { format: DEFAULT_FORMAT, searchPath: ['public'] }, dependencies: [], options: {}, rowType: oid + 1,
    };
    this.catalog = this.catalog.apply({ kind: 'put', entry });
  }

  environment(more: Partial<Environment> = {}): Environment {
    return {
      catalog: this.catalog, searchPath: ['public'], functions: ENGINE_FUNCTIONS, parameters: new ParameterTypes([]),
      format: DEFAULT_FORMAT, system: null, now: null, parseQuery, continuous: false, used: new Set(),
      shared: new Shared(), effects: null, ...more,
    };
  }

  bind(sql: string, more: Partial<Environment> = {}): BoundQuery {
    return bindQuery(parseQuery(sql), { env: this.environment(more), parent: null, commonTables: null });
  }

  options(more: Partial<QueryOptions> = {}): QueryOptions {
    return { functions: ENGINE_FUNCTIONS, evaluation: this.evaluation, mode: 'once', ...more };
  }

  plan(sql: string, more: Partial<QueryOptions> = {}): string {
    return printPlan(planQuery(this.bind(sql), this.options(more)).plan).join('\n');
  }

  run(sql: string, parameters: readonly Datum[] = [], more: Partial<QueryOptions> = {}): Answer {
    const bound = this.bind(sql);
    const compiled = compileQuery(bound, this.options({ parameters, ...more }));
    const batch = runQuery(compiled, { snapshot: this.#snapshot(), context: this.evaluation, checkInterrupt: () => undefined });
    const rows = Array.from({ length: batch.length }, (_, r) => rowText(batch, r));
    return { columns: bound.columns.map((c) => c.name), types: bound.columns.map((c) => c.type), rows };
  }

  /** The view's rows after its sources came and went in random pieces that sum to the tables. Errors throw. */
  incremental(sql: string, random: Random, more: Partial<QueryOptions> = {}): readonly string[] {
    const bound = this.bind(sql);
    const { circuit } = compileQuery(bound, this.options({ mode: 'view', ...more }));
    const errors = new Map<string, { error: DatabaseError; weight: number }>();
    const pieces = new Map([...this.#tables].map(([oid, t]) => [oid, randomPieces(t.batch, random)]));
    const sums = new Map<string, number>();
    for (let i = 0; i < PIECES; i++) {
      const inputs = circuit.sources.map((s) => {
        if (s.kind === 'constant') return i === 0 ? Delta.insert(s.rows()) : Delta.empty(s.schema);
        const piece = pieces.get(s.relation)?.[i];
        return piece === undefined ? Delta.empty(s.schema) : new Delta(piece.batch.select(s.columns), piece.weights);
      });
      const out = circuit.step(inputs, {
        epoch: toEpoch(i + 1), eval: this.evaluation, portionRows: random.int(1, 8),
        error: (error, weight) => {
          const known = errors.get(error.message) ?? { error, weight: 0 };
          errors.set(error.message, { error, weight: known.weight + weight });
        },
      });
      for (let r = 0; r < out.length; r++) {
        const row = rowText(out.batch, r);
        sums.set(row, (sums.get(row) ?? 0) + out.weights[r]);
      }
    }
    for (const { error, weight } of errors.values()) if (weight > 0) throw error;
    return [...sums].flatMap(([row, weight]) => {
      if (weight < 0) throw new Error(`weight ${weight} of ${row}`);
      return Array.from({ length: weight }, () => row);
    });
  }

  /** Code, message, hint and position of what the query fails with. */
  error(sql: string): string {
    try {
      this.run(sql);
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      const { detail, hint, position } = error.fields;
      return [error.code, error.message, ...(detail === undefined ? [] : [`DETAIL: ${detail}`]),
        ...(hint === undefined ? [] : [`HINT: ${hint}`]), ...(position === undefined ? [] : [`@${position}`])].join(' | ');
    }
    return 'no error';
  }

  #snapshot(): Snapshot {
    const stored = (relation: number): Batch => {
      const found = this.#tables.get(relation);
      if (found === undefined) throw new Error(`no rows of ${relation}`);
      return found.batch;
    };
    return {
      epoch: toEpoch(1), error: () => null, rowCount: (r) => stored(r).length, watermark: () => null, release: () => undefined,
      scan: (relation, columns) => [Delta.insert(stored(relation).select(columns))],
      range: (relation, columns, lookup) => {
        const found = new RangeFilter(lookup).apply(Delta.insert(stored(relation)));
        return found.with(found.batch.select(columns));
      },
      lookup: (relation, columns, lookup) => {
        const all = stored(relation);
        const text = (batch: Batch, row: number, of: readonly number[]): string =>
          of.map((c) => JSON.stringify(datumAt(batch.columns[c], row), (_k, v) => (typeof v === 'bigint' ? String(v) : v))).join('|');
        const wanted = new Set(Array.from({ length: lookup.keys.length }, (_, r) =>
          text(lookup.keys, r, lookup.columns.map((_c, i) => i))));
        const rows = Array.from({ length: all.length }, (_, r) => r).filter((r) => wanted.has(text(all, r, lookup.columns)));
        return Delta.insert(all.take(Int32Array.from(rows)).select(columns));
      },
    };
  }
}

const PIECES = 6;

function rowText(batch: Batch, row: number): string {
  return batch.columns.map((v) => {
    const datum = datumAt(v, row);
    return datum === null ? '\\N' : formatText(v.type, datum, DEFAULT_FORMAT);
  }).join('|');
}

/** Deltas that sum to the batch: every row comes in some piece; some come and go once more before. */
function randomPieces(batch: Batch, random: Random): readonly Delta[] {
  const rows: { readonly row: number; readonly weight: number }[][] = Array.from({ length: PIECES }, () => []);
  for (let row = 0; row < batch.length; row++) {
    const at = random.int(0, PIECES - 1);
    rows[at].push({ row, weight: 1 });
    if (at + 2 < PIECES && random.int(0, 1) === 1) {
      rows[at + 1].push({ row, weight: -1 });
      rows[random.int(at + 2, PIECES - 1)].push({ row, weight: 1 });
    }
  }
  return rows.map((list) => new Delta(batch.take(Int32Array.from(list, (l) => l.row)), Int32Array.from(list, (l) => l.weight)));
}

export function parseQuery(text: string): Query {
  const [first] = parse(text);
  if (first?.statement.kind !== 'query') throw new Error(`no query: ${text}`);
  return first.statement;
}
